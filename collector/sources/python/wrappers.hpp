// SPDX-License-Identifier: Apache-2.0
//
// Functions that stand in the way of a batch: each calls the Python function it replaces, with the arguments it was given, and notes
// what is worth recording before or after. They have no Python frame: in a job the code around a batch is cold, and a frame costs
// microseconds there. Shape: METH_VARARGS | METH_KEYWORDS; `self` is a tuple whose first item is what to call.
//
// Nothing of ours fails for the program: what cannot be read is not recorded, and an exception that passes is the original's.
// Called with the GIL held; the calls in between may release it. No lock, no allocation of ours; system calls only where
// FetchMeter makes them (host/fetch_meter.hpp).
#pragma once

namespace stepscope::collector::python {

// The training thread's side.
// self: (__next__, wake, (), "_stepscope_at", "_rcvd_idx", StopIteration). Writes `batch`, and `batch_fetch` when next() made it itself.
void* loader_next(void* self, void* arguments, void* keywords) noexcept;
// self: (_next_index, "_stepscope_at", "_send_idx"). What it returns is put to a worker's queue, or fetched, at once.
void* loader_next_index(void* self, void* arguments, void* keywords) noexcept;
// self: (_get_data, "_stepscope_at", "_rcvd_idx", "_task_info", is_batch). What came from the workers: (task, data).
// is_batch(task, data) -> bool is asked about what arrived before its turn.
void* loader_get_data(void* self, void* arguments, void* keywords) noexcept;

// The pinning thread's side: its queues' get and put.
// self: (get,)
void* pin_get(void* self, void* arguments, void* keywords) noexcept;
// self: (put, address of the LoaderState)
void* pin_put(void* self, void* arguments, void* keywords) noexcept;

// The side of whoever makes batches, a worker or next() itself.
// self: (get, other). The worker's queue of tasks: (task, indices); other(item) is called with anything else.
void* worker_get(void* self, void* arguments, void* keywords) noexcept;
// self: (fetch,). Writes `batch_fetch` in a worker.
void* fetch(void* self, void* arguments, void* keywords) noexcept;
// self: (collate_fn,)
void* collate(void* self, void* arguments, void* keywords) noexcept;

}  // namespace stepscope::collector::python
