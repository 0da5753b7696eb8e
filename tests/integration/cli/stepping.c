/* SPDX-License-Identifier: Apache-2.0
 *
 * A program with training steps, as small as one can be:
 *   stepping STEPS MILLISECONDS[,SAID] [exit CODE | signal NUMBER | hang | daemon FILE | wait FILE]
 * hang: sleeps after the last step until it is killed. daemon: leaves a child behind that goes on stepping until
 * FILE exists. wait: goes on stepping until FILE exists. A step says that it has one sample, and a token per microsecond; with SAID as
 * many as one of so many milliseconds.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stepscope/stepscope.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int64_t tokens;

static void step(int64_t index, useconds_t microseconds) {
  stepscope_step(index);
  stepscope_step_work(1, tokens);
  stepscope_range_push("work");
  usleep(microseconds);
  stepscope_range_pop();
}

static void step_until_exists(int64_t index, useconds_t microseconds, const char* path) {
  while (access(path, F_OK) != 0) {
    step(index++, microseconds);
  }
}

int main(int argc, char** argv) {
  int64_t steps = argc > 1 ? atoll(argv[1]) : 10;
  useconds_t microseconds = argc > 2 ? (useconds_t)(1000 * atoi(argv[2])) : 1000;
  const char* said = argc > 2 ? strchr(argv[2], ',') : NULL;
  tokens = said != NULL ? 1000 * atoll(said + 1) : (int64_t)microseconds;
  const char* then = argc > 3 ? argv[3] : "exit";
  const char* argument = argc > 4 ? argv[4] : "0";
  for (int64_t i = 0; i < steps; ++i) {
    step(i, microseconds);
  }
  printf("stepped %lld\n", (long long)steps);
  fflush(stdout);
  if (strcmp(then, "signal") == 0) {
    raise(atoi(argument));
  } else if (strcmp(then, "hang") == 0) {
    for (;;) {
      pause();
    }
  } else if (strcmp(then, "wait") == 0) {
    step_until_exists(steps, microseconds, argument);
  } else if (strcmp(then, "daemon") == 0) {
    if (fork() == 0) {
      setsid();
      freopen("/dev/null", "w", stdout);
      freopen("/dev/null", "w", stderr);
      stepscope_reopen();
      step_until_exists(0, microseconds, argument);
    }
    _exit(0);
  }
  return strcmp(then, "exit") == 0 ? atoi(argument) : 0;
}
