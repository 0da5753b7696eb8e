// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/python_stacks.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace stepscope::analysis::exporting {

Result<std::vector<ProcessStacks>> collect_stacks(const ExportJob& job) {
  constexpr size_t kStack = 2;  // columns of python_sample: start_ns, dur_ns, stack
  std::vector<ProcessStacks> out;
  for (const uint32_t process : job.processes) {
    std::map<std::string_view, StackCount> stacks;
    ProcessStacks one;
    one.process = process;
    trace::ScanFilter filter;
    filter.kind = Kind::kPythonSample;
    Status status = job.run.scan(process, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        const std::string_view text = job.run.name(job.run.global_name(process, view.columns[kStack][row]));
        StackCount& count = stacks[text];
        ++count.samples;
        count.ns += std::max<int64_t>(0, view.columns[1][row]);
      }
      one.samples += view.rows;
      job.progress(view.rows);
      return Status();
    });
    if (!status.ok()) {
      return status;
    }
    for (auto& [text, count] : stacks) {
      count.stack = text;
      one.stacks.push_back(count);
    }
    if (one.samples > 0) {
      out.push_back(std::move(one));
    }
  }
  return out;
}

std::vector<std::string_view> frames_of(std::string_view stack) {
  std::vector<std::string_view> frames;
  while (!stack.empty()) {
    const size_t end = std::min(stack.find(';'), stack.size());
    if (end > 0) {
      frames.push_back(stack.substr(0, end));
    }
    stack.remove_prefix(std::min(stack.size(), end + 1));
  }
  if (frames.empty()) {
    frames.emplace_back("[no stack]");
  }
  return frames;
}

}  // namespace stepscope::analysis::exporting
