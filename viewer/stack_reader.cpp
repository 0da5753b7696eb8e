// SPDX-License-Identifier: Apache-2.0
#include "viewer/stack_reader.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "analyzer/export/python_stacks.hpp"

namespace stepscope::viewer {

bool has_stacks(const analysis::Run& run) {
  for (uint32_t process = 0; process < run.processes().size(); ++process) {
    if (run.kind_events(process, analysis::Kind::kPythonSample) > 0) {
      return true;
    }
  }
  return false;
}

std::string add_stacks(CallTree& tree, const analysis::Run& run, Side side, int64_t begin_ns, int64_t end_ns,
                       const std::atomic<bool>& cancelled) {
  constexpr size_t kStack = 2;  // columns of python_sample: start_ns, dur_ns, stack
  std::string error;
  for (uint32_t process = 0; process < run.processes().size(); ++process) {
    if (run.kind_events(process, analysis::Kind::kPythonSample) == 0) {
      continue;
    }
    const analysis::Process& info = run.processes()[process];
    std::unordered_map<int64_t, int64_t> ns_of;  // by the recording's id of the stack
    trace::ScanFilter filter;
    filter.kind = analysis::Kind::kPythonSample;
    const analysis::Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
      if (cancelled.load(std::memory_order_relaxed)) {
        return analysis::Status(analysis::Code::kUsage, "cancelled");
      }
      for (size_t row = 0; row < view.rows; ++row) {
        const int64_t at = view.columns[0][row] + info.clock_shift_ns;
        if (at >= begin_ns && at < end_ns) {
          ns_of[view.columns[kStack][row]] += std::max<int64_t>(0, view.columns[1][row]);
        }
      }
      return analysis::Status();
    });
    if (!status.ok()) {
      error = status.message();
    }
    const uint32_t top =
        tree.child(CallTree::kRoot, info.role.empty() ? "process" : info.role, Category::kSample);
    for (const auto& [stack, ns] : ns_of) {
      const auto frames = analysis::exporting::frames_of(run.name(run.global_name(process, stack)));
      tree.add_stack(side, top, frames, ns);
    }
  }
  return error;
}

}  // namespace stepscope::viewer
