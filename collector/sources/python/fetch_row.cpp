// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/fetch_row.hpp"

#include "collector/thread_state.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::python {

void write_fetch(const FetchTask& of, const FetchUsage& used) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    const int64_t row[] = {used.start_ns,     used.end_ns - used.start_ns,
                           of.loader,         of.epoch,
                           of.task,           of.worker,
                           used.collate_ns,   of.received_ns,
                           used.end_ns,       used.cpu_ns,
                           used.runq_ns,      used.read_bytes,
                           used.major_faults, used.items,
                           used.throttled_ns, used.tokens};
    scope.push(trace::Kind::kBatchFetch, 0, row, sizeof(row) / sizeof(row[0]));
  }
}

}  // namespace stepscope::collector::python
