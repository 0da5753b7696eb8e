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
 * Times: nanoseconds of CLOCK_MONOTONIC_RAW. Strings: UTF-8, copied before the call returns; NULL is "".
 * Fork: a forked child is not recorded until it calls stepscope_reopen() or uses NVTX. A program started by exec is a new
 * process with its own recording.
 */
#ifndef STEPSCOPE_STEPSCOPE_H_
#define STEPSCOPE_STEPSCOPE_H_

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the collector needs of CPython when the interpreter calls it, since it does not link to it. All of it is exported
 * by every CPython from 3.9 on; the comments give the names. */
typedef struct stepscope_python {
  size_t size;                                                  /* sizeof(stepscope_python) */
  long long (*as_long_long)(void* object);                      /* PyLong_AsLongLong */
  void* (*from_long_long)(long long value);                     /* PyLong_FromLongLong */
  void* (*error_occurred)(void);                                /* PyErr_Occurred */
  void (*error_clear)(void);                                    /* PyErr_Clear */
  void (*error_fetch)(void** type, void** value, void** trace); /* PyErr_Fetch */
  void (*error_restore)(void* type, void* value, void* trace);  /* PyErr_Restore */
  int (*error_matches)(void* exception);                        /* PyErr_ExceptionMatches */
  void* (*get_attribute)(void* object, void* name);             /* PyObject_GetAttr */
  void* (*get_item)(void* object, void* key);                   /* PyObject_GetItem */
  void* (*type_of)(void* object);                               /* PyObject_Type */
  int (*compare)(void* left, void* right, int operation);       /* PyObject_RichCompareBool */
  intptr_t (*list_size)(void* list);                            /* PyList_Size */
  void* (*tuple_item)(void* tuple, intptr_t index);             /* PyTuple_GetItem */
  void* (*tuple_pack)(intptr_t count, ...);                     /* PyTuple_Pack */
  void (*dec_ref)(void* object);                                /* Py_DecRef */
  void* (*dict_new)(void);                                      /* PyDict_New */
  int (*dict_set)(void* dict, void* key, void* value);          /* PyDict_SetItem */
  void* list_type;                                              /* PyList_Type */
  /* PyObject_VectorcallDict */
  void* (*vectorcall_dict)(void* callable, void* const* arguments, size_t count, void* keywords);
  /* PyObject_Vectorcall; null where the interpreter does not export it, before CPython 3.11 */
  void* (*vectorcall)(void* callable, void* const* arguments, size_t count, void* names);
  void* (*method_new)(void* function, void* instance); /* PyMethod_New */
  void (*inc_ref)(void* object);                       /* Py_IncRef */
  size_t object_bytes;                                 /* of an object without fields: object.__basicsize__ */
  size_t tuple_bytes; /* of a tuple without items: tuple.__basicsize__; 0: as it comes */
  void* tuple_type;   /* PyTuple_Type */
  int (*set_attribute)(void* object, void* name, void* value); /* PyObject_SetAttr */
} stepscope_python;

/* The collector's function table. Members are only ever appended; `size` says how many bytes are valid.
 * Call through the inline functions below unless you write a binding for another language. */
typedef struct stepscope_api {
  uint32_t size;    /* sizeof(stepscope_api) of the collector */
  uint32_t version; /* 1 */

  /* Opens the door `door` ("c-api", "python", ...): starts recording this process unless it is disabled.
   * Returns 1 when the process is being recorded. Idempotent. "-worker" behind the
   * name ("python-worker") says that this process loads data for another; that names the recording, so only the
   * first call of a process can say it. In a forked child this call starts the child's own recording. */
  int (*open)(const char* door);
  uint64_t (*now_ns)(void);
  /* The id of a string, by content; ids are small, stable for the process and never 0 for a string. An id
   * from before a fork is not valid in the child's recording: intern again after open(). */
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
  /* 1 while this process is being recorded: 0 in a forked child that did not start its own recording. */
  int (*recording)(void);
  /* Another tool in this process (`who`: "torch.profiler") is about to want what `source` ("cupti") holds. Gives it up when
   * the policy of the recording allows (STEPSCOPE_CUPTI=yield) and returns 1 when it is free then, else 0. */
  int (*release)(const char* source, const char* who);
  /* For hooks in CPython: a function to make a builtin of (PyMethodDef::ml_meth), and in `flags` how it is called (ml_flags); NULL when
   * there is none of that name. `python` is copied. The first group takes ints, missing ones are 0, and returns one; they cost a
   * tenth of a call through ctypes. A fetch is what a data-loading thread does to make one batch; see kind batch_fetch.
   *   emit(kind, lane, value...)   as emit() above
   *   fetch_worker(loader, epoch, worker, queue, persistent)   the calling thread makes batches for a consumer elsewhere (worker -1: no longer). `queue`:
   *     address of the object whose `get` is worker_get, where its tasks come in turn and need not all be looked at; 0: look at all.
   *     persistent: after the first epoch, where each later one is told of by fetch_epoch()
   *   fetch_epoch()   that thread has begun another epoch, if it is not within a fetch
   *   loading()   DataLoader next() calls of this thread so far, times 8; + 1 inside one, + 2 inside a fetch, + 4 where fetches are measured
   *   loader_bytes(in_flight)   bytes of the memory that loader_begin() wants
   *   loader_begin(address, in_flight, loader, epoch, workers, flags, in_order)   an iterator's first epoch begins, or its next
   *   loader_key(address, loader)   the iterator has another key from now on
   * The second group takes the place of a function of the data loader, and calls it: collector/sources/python/wrappers.hpp.
   *   loader_next, loader_get_data, pin_get, pin_put, worker_get, fetch, collate
   * The third are slots of the type of a method, collector/sources/python/method_object.hpp:
   *   method_call (tp_vectorcall), method_get (tp_descr_get) */
  void* (*python_method)(const char* name, const stepscope_python* python, int* flags);
} stepscope_api;

/* Exported by libstepscope.so; never returns NULL. Table functions are safe before open(): they do nothing.
 */
typedef const stepscope_api* (*stepscope_get_api_fn)(void);
#define STEPSCOPE_GET_API_SYMBOL "stepscope_get_api"

/* What the first call found, one copy per translation unit: 0 = not looked yet, the empty table of
 * stepscope_detail_none() = no collector, else the collector's table. */
static inline const stepscope_api** stepscope_detail_slot(void) {
  static const stepscope_api* slot;
  return &slot;
}

static inline const stepscope_api* stepscope_detail_none(void) {
  static stepscope_api none; /* all zero, never written */
  return &none;
}

/* Two threads that come here at once find the same answer and both store it. */
static inline const stepscope_api* stepscope_detail_resolve(void) {
  const stepscope_api* api = stepscope_detail_none();
  void* symbol = dlsym(NULL /* RTLD_DEFAULT */, STEPSCOPE_GET_API_SYMBOL);
  if (symbol) {
    stepscope_get_api_fn get_api;
    const stepscope_api* found;
    memcpy(&get_api, &symbol, sizeof(get_api)); /* ISO C has no cast from object to function pointer */
    found = get_api();
    if (found && found->version == 1 && found->open("c-api")) {
      api = found;
    }
  }
  __atomic_store_n(stepscope_detail_slot(), api, __ATOMIC_RELEASE);
  return api;
}

/* The collector's table when this process, or the one it was forked from, is or was being recorded, else NULL. The first
 * call opens door "c-api". */
static inline const stepscope_api* stepscope_api_get(void) {
  const stepscope_api* api = __atomic_load_n(stepscope_detail_slot(), __ATOMIC_ACQUIRE);
  if (__builtin_expect(!api, 0)) {
    api = stepscope_detail_resolve();
  }
  return api->size ? api : NULL;
}

static inline uint32_t stepscope_detail_intern(const stepscope_api* api, const char* text) {
  return text ? api->intern(text, strlen(text)) : 0;
}

/* 1 when this process is being recorded; 0 in a forked child that has not called stepscope_reopen(). */
static inline int stepscope_active(void) {
  const stepscope_api* api = stepscope_api_get();
  if (!api || api->size < offsetof(stepscope_api, recording) + sizeof(api->recording)) {
    return api ? 1 : 0; /* a collector that cannot say */
  }
  return api->recording();
}

/* Starts the recording of a forked child (see "Fork" above); 1 when it is being recorded. */
static inline int stepscope_reopen(void) {
  const stepscope_api* api = stepscope_detail_resolve();
  return api->size ? 1 : 0;
}

/* Now, in the clock of the recording; 0 when the process is not recorded. */
static inline uint64_t stepscope_now_ns(void) {
  const stepscope_api* api = stepscope_api_get();
  return api ? api->now_ns() : 0;
}

/* Step `index` begins now; it lasts until the next call. Call it from one thread. */
static inline void stepscope_step(int64_t index) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->step(index, 0);
  }
}

/* The same with a name for the kind of step ("train", "eval"). */
static inline void stepscope_step_named(int64_t index, const char* name) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->step(index, stepscope_detail_intern(api, name));
  }
}

/* Kind `step_work` of the recording format (docs/FORMAT.md): start_ns, samples, tokens. */
#define STEPSCOPE_KIND_STEP_WORK 27u

/* The step under way does this much work: so many samples, so many tokens; 0 = not known, less is taken as 0. What is said within a
 * step adds up (micro-batches), so say each batch once, between stepscope_step(i) and stepscope_step(i + 1), on this rank and
 * for this rank. `diff` then tells a larger step from a slower one. What is said here counts, not what a data loader was
 * seen to deliver. */
static inline void stepscope_step_work(int64_t samples, int64_t tokens) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    int64_t values[3];
    values[0] = (int64_t)api->now_ns();
    values[1] = samples > 0 ? samples : 0;
    values[2] = tokens > 0 ? tokens : 0;
    api->emit(STEPSCOPE_KIND_STEP_WORK, 0, values, 3);
  }
}

/* A span of time of the calling thread, until the matching pop. */
static inline void stepscope_range_push(const char* name) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->range_push(stepscope_detail_intern(api, name), 0);
  }
}

/* The same in a domain: a library's own group of names. Domains share the thread's one stack. */
static inline void stepscope_range_push_domain(const char* name, const char* domain) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->range_push(stepscope_detail_intern(api, name), stepscope_detail_intern(api, domain));
  }
}

/* Closes the calling thread's innermost range. */
static inline void stepscope_range_pop(void) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->range_pop();
  }
}

/* A named moment. */
static inline void stepscope_mark(const char* name) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->instant(stepscope_detail_intern(api, name), 0);
  }
}

/* The value of a counter from now on. */
static inline void stepscope_counter(const char* name, double value) {
  const stepscope_api* api = stepscope_api_get();
  if (api) {
    api->counter(stepscope_detail_intern(api, name), value);
  }
}

/* A fact about this process ("model" = "resnet18"); it shows in `stepscope info` and is compared by `diff`.
 */
static inline void stepscope_meta(const char* key, const char* value) {
  const stepscope_api* api = stepscope_api_get();
  if (api && key && value) {
    api->meta(key, value);
  }
}

#ifdef __cplusplus
}
#endif

#endif /* STEPSCOPE_STEPSCOPE_H_ */
