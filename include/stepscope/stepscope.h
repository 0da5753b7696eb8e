/* SPDX-License-Identifier: Apache-2.0
 *
 * stepscope C API: mark steps, ranges and counters in your own program.
 *
 * Header-only. It finds the collector (libstepscope.so) with dlsym at the first call; in a process that is
 * not being recorded every function is a no-op that costs one branch. Nothing to link but libc (libdl before
 * glibc 2.34).
 *
 *   #include <stepscope/stepscope.h>
 *   for (int64_t i = 0; i < n; ++i) {
 *     stepscope_step(i);                       // a step lasts until the next call
 *     stepscope_range_push("forward");
 *     ...
 *     stepscope_range_pop();
 *   }
 *
 * Threads: every function may be called from any thread. Ranges nest per thread.
 * Errors: none are reported; what could not be recorded is counted in the recording (`loss`).
 * Times: nanoseconds of CLOCK_MONOTONIC_RAW. Strings: UTF-8, copied before the call returns.
 */
#ifndef STEPSCOPE_STEPSCOPE_H_
#define STEPSCOPE_STEPSCOPE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The collector's function table. Members are only ever appended; `size` says how many bytes are valid.
 * Call through the inline functions below unless you write a binding for another language. */
typedef struct stepscope_api {
  uint32_t size;    /* sizeof(stepscope_api) of the collector */
  uint32_t version; /* 1 */

  /* Opens the door `door` ("c-api", "python", ...): starts recording this process unless it is disabled.
   * Returns 1 when the process is being recorded. Idempotent. */
  int (*open)(const char* door);
  uint64_t (*now_ns)(void);
  /* The id of a string, by content; ids are small, stable for the process and never 0 for a string. */
  uint32_t (*intern)(const char* utf8, size_t length);
  void (*range_push)(uint32_t name, uint32_t domain);
  void (*range_pop)(void);
  void (*instant)(uint32_t name, uint32_t domain);
  void (*counter)(uint32_t name, double value);
  void (*step)(int64_t index, uint32_t name);
  /* A whole event of any kind of trace/kinds.hpp: `count` column values in the kind's order. lane 0 = the
   * calling thread; others come from lane(). */
  void (*emit)(uint32_t kind, uint32_t lane, const int64_t* values, uint32_t count);
  uint32_t (*lane)(const char* type, const char* name);
  /* A fact about the process, stored in table `meta`; a second call with the same key replaces the value. */
  void (*meta)(const char* key, const char* value);
  /* CPU time, run-queue wait (ns), bytes read through syscalls, major faults and cgroup throttled ns of the
   * calling thread (throttled: of its cgroup) since it started: out[0..4]. Unknown values are 0. */
  void (*thread_usage)(int64_t out[5]);
  /* Adds `n` to the named loss counter. */
  void (*loss)(const char* counter, uint64_t n);
  /* Samples what process `pid` (a data-loading worker) is blocked on, ~20 times a second, until on = 0. */
  void (*watch)(uint32_t pid, int on);
} stepscope_api;

/* Exported by libstepscope.so. */
typedef const stepscope_api* (*stepscope_get_api_fn)(void);
#define STEPSCOPE_GET_API_SYMBOL "stepscope_get_api"

/* The collector's table when this process is being recorded, else NULL. The first call opens door "c-api". */
static inline const stepscope_api* stepscope_api_get(void);

#ifdef __cplusplus
}
#endif

#include "stepscope_inline.h"

#endif /* STEPSCOPE_STEPSCOPE_H_ */
