/* SPDX-License-Identifier: Apache-2.0
 *
 * Training steps that are all the same work, however long they take:
 *   equal_steps STEPS MICROSECONDS
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <stepscope/stepscope.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  const int64_t steps = atoll(argv[1]);
  const useconds_t microseconds = (useconds_t)atoi(argv[2]);
  for (int64_t i = 0; i < steps; ++i) {
    stepscope_step(i);
    stepscope_range_push("forward");
    usleep(microseconds);
    stepscope_range_pop();
  }
  return 0;
}
