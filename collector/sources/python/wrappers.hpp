// SPDX-License-Identifier: Apache-2.0
//
// Functions that stand in the way of a batch: each calls the Python function it replaces, with the arguments it was given, and notes
// what is worth recording before or after. They have no Python frame: in a job the code around a batch is cold, and a frame costs
// microseconds there. Shape: METH_FASTCALL | METH_KEYWORDS, the arguments being those of `Arguments` (interpreter.hpp);
// `self` is a tuple whose first item is what to call.
//
// What cannot be read is not recorded, and is no exception for the program; an exception that passes is the original's. Nothing here runs
// code of the program's but the original, and what an iterator runs when it is asked for an attribute: where a type matters it is
// compared, not asked.
//
// When an interpreter ends, CPython up to 3.13 ends other threads where they next take the GIL, by pthread_exit, which unwinds their
// stacks: through these functions too. That stops at our frames only because they have no unwind tables (freestanding flags); with
// tables, `noexcept` would make it an abort.
//
// Called with the GIL held; the calls in between may release it. No lock, no allocation of ours; system calls only where
// FetchMeter makes them (host/fetch_meter.hpp).
#pragma once

#include <stdint.h>

namespace stepscope::collector::python {

// The training thread's side. STATE stands for "_stepscope", LoaderState: the name of the iterator's attribute that has its state, and the
// attribute's type.
// self: (__next__, STATE, "_rcvd_idx", "_send_idx", wake, StopIteration). Writes `batch`, and `batch_fetch` when next() made it itself.
[[gnu::hot]] void* loader_next(void* self, void* const* items, intptr_t count, void* names) noexcept;
// self: (_get_data, STATE, "_rcvd_idx", "_send_idx", "_task_info", "__name__", "_IterableDatasetStopIteration"). What came from the
// workers: (task, data). Data whose type has that last name says that a worker has no more.
[[gnu::hot]] void* loader_get_data(void* self, void* const* items, intptr_t count, void* names) noexcept;

// The pinning thread's side: its queues' get and put.
// self: (get,)
[[gnu::hot]] void* pin_get(void* self, void* const* items, intptr_t count, void* names) noexcept;
// self: (put, LoaderState)
[[gnu::hot]] void* pin_put(void* self, void* const* items, intptr_t count, void* names) noexcept;

// The side of whoever makes batches, a worker or next() itself.
// self: (get, "__name__", "_ResumeIteration", "get", WATCHED). The worker's queue of tasks: (task, indices), or something whose type has
// that name when an epoch begins. Where tasks may be counted (task_count.hpp) it sets the attribute "get" of the queue to the original,
// and `fetch` sets it back, now and then, to the queue's attribute WATCHED, which is this function.
[[gnu::hot]] void* worker_get(void* self, void* const* items, intptr_t count, void* names) noexcept;
// self: (fetch,). Writes `batch_fetch` in a worker.
[[gnu::hot]] void* fetch(void* self, void* const* items, intptr_t count, void* names) noexcept;
// self: (collate_fn, ...), the rest as in batch_tokens.hpp, or missing.
[[gnu::hot]] void* collate(void* self, void* const* items, intptr_t count, void* names) noexcept;

}  // namespace stepscope::collector::python
