/* SPDX-License-Identifier: Apache-2.0
 *
 * A stand-in for libstepscope.so: the function table of include/stepscope/stepscope.h, writing what it is
 * told as lines of text to the file named by FAKE_COLLECTOR_LOG (nothing without it), one write() per line
 * so that processes share the file:
 *   open PID DOOR ROLE | intern PID ID TEXT | emit PID TID KIND LANE V0 V1 ... | meta PID KEY VALUE
 *   loss PID NAME N | watch PID TARGET ON | release PID SOURCE WHO | lane PID ID TYPE NAME
 * FAKE_COLLECTOR_OPEN=0 makes open() answer that the process is not recorded.
 * The functions for CPython are the collector's own: fake_threads.cpp gives them what they stand on.
 */
#define _GNU_SOURCE
#include "fake_collector.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void say(const char* format, ...) {
  const char* path = getenv("FAKE_COLLECTOR_LOG");
  if (path == NULL) {
    return;
  }
  char line[16384];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return;
  }
  if (length > (int)sizeof line - 2) {
    length = (int)sizeof line - 2;
  }
  for (int i = 0; i < length; ++i) {
    if (line[i] == '\n') {
      line[i] = ' ';
    }
  }
  line[length] = '\n';
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0) {
    if (write(file, line, (size_t)length + 1) < 0) {
      abort();
    }
    close(file);
  }
}

static int self(void) {
  return (int)getpid();
}

static int fake_open(const char* door) {
  const char* answer = getenv("FAKE_COLLECTOR_OPEN");
  const char* role = getenv("STEPSCOPE_ROLE");
  say("open %d %s %s", self(), door, role != NULL ? role : "main");
  if (answer != NULL && strcmp(answer, "0") == 0) {
    return 0;
  }
  fake_begin_recording();
  return 1;
}

static uint64_t fake_now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC_RAW, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

/* By content: FNV-1a, so that the processes of a test agree without talking to each other. */
static uint32_t fake_intern(const char* text, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; ++i) {
    hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  }
  hash |= 1u;
  say("intern %d %u %.*s", self(), hash, (int)length, text);
  return hash;
}

static void fake_range_push(uint32_t name, uint32_t domain) {
  say("push %d %u %u", self(), name, domain);
}
static void fake_range_pop(void) {
  say("pop %d", self());
}
static void fake_instant(uint32_t name, uint32_t domain) {
  say("instant %d %u %u", self(), name, domain);
}
static void fake_counter(uint32_t name, double value) {
  say("counter %d %u %f", self(), name, value);
}
static void fake_step(int64_t index, uint32_t name) {
  say("step %d %lld %u", self(), (long long)index, name);
}

void fake_emit(uint32_t kind, uint32_t lane, const int64_t* values, uint32_t count) {
  if (getenv("FAKE_COLLECTOR_LOG") == NULL) {
    return;
  }
  char text[1024];
  int used = 0;
  for (uint32_t i = 0; i < count && used < (int)sizeof text - 24; ++i) {
    used += snprintf(text + used, sizeof text - (size_t)used, " %lld", (long long)values[i]);
  }
  say("emit %d %ld %u %u%s", self(), (long)syscall(SYS_gettid), kind, lane, text);
}

static uint32_t fake_lane(const char* type, const char* name) {
  say("lane %d 7 %s %s", self(), type, name);
  return 7;
}

static void fake_meta(const char* key, const char* value) {
  say("meta %d %s %s", self(), key, value);
}

static void fake_thread_usage(int64_t out[5]) {
  struct timespec at;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  out[0] = (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
  for (int i = 1; i < 5; ++i) {
    out[i] += i;
  }
}

static void fake_loss(const char* counter, uint64_t n) {
  say("loss %d %s %llu", self(), counter, (unsigned long long)n);
}

static int fake_release(const char* source, const char* who) {
  say("release %d %s %s", self(), source, who);
  return 1;
}

static void fake_watch(uint32_t pid, int on) {
  say("watch %d %u %d", self(), pid, on);
}

static int fake_recording(void) {
  return fake_is_recording();
}

static const stepscope_api kTable = {
    .size = sizeof(stepscope_api),
    .version = 1,
    .open = fake_open,
    .now_ns = fake_now,
    .intern = fake_intern,
    .range_push = fake_range_push,
    .range_pop = fake_range_pop,
    .instant = fake_instant,
    .counter = fake_counter,
    .step = fake_step,
    .emit = fake_emit,
    .lane = fake_lane,
    .meta = fake_meta,
    .thread_usage = fake_thread_usage,
    .loss = fake_loss,
    .watch = fake_watch,
    .recording = fake_recording,
    .release = fake_release,
    .python_method = fake_python_method,
};

__attribute__((visibility("default"))) const stepscope_api* stepscope_get_api(void);
const stepscope_api* stepscope_get_api(void) {
  return &kTable;
}
