// SPDX-License-Identifier: Apache-2.0
//
// The exporter of speedscope's own format (https://www.speedscope.app/file-format-schema.json): one sampled profile per
// process, weights in ns. Samples are in the order of time, so that speedscope's time order shows when.
#include <algorithm>
#include <map>
#include <utility>

#include "analyzer/export/exporter.hpp"
#include "analyzer/export/python_stacks.hpp"
#include "analyzer/export/text.hpp"

namespace stepscope::analysis::exporting {
namespace {

// Frames of all processes, each once. "train.py:step" is a function `step` in a file `train.py`.
class FrameTable {
 public:
  [[nodiscard]] const std::vector<size_t>& indexes_of(std::string_view stack) {
    const auto [found, fresh] = stacks_.try_emplace(stack);
    if (fresh) {
      for (const std::string_view frame : frames_of(stack)) {
        const auto [known, added] = ids_.try_emplace(frame, frames_.size());
        if (added) {
          frames_.push_back(frame);
        }
        found->second.push_back(known->second);
      }
    }
    return found->second;
  }

  void append(std::string& out) const {
    out += "[";
    for (size_t i = 0; i < frames_.size(); ++i) {
      const size_t colon = frames_[i].rfind(':');
      const bool in_file = colon != std::string_view::npos && colon > 0;
      out += i == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ";
      append_json(out, in_file ? frames_[i].substr(colon + 1) : frames_[i]);
      if (in_file) {
        out += ", \"file\": ";
        append_json(out, frames_[i].substr(0, colon));
      }
      out += '}';
    }
    out += "\n  ]";
  }

 private:
  std::map<std::string_view, std::vector<size_t>> stacks_;
  std::map<std::string_view, size_t> ids_;
  std::vector<std::string_view> frames_;
};

// A whole profile needs its samples in one list and its weights in another: two passes, nothing kept.
Result<uint64_t> write_profile(const ExportJob& job, const ProcessStacks& process, FrameTable& frames,
                               ByteSink& out) {
  std::string& text = out.buffer();
  int64_t total_ns = 0;
  for (const StackCount& one : process.stacks) {
    total_ns += one.ns;
  }
  text += "\n    {\"type\": \"sampled\", \"name\": ";
  append_json(text, job.run.processes()[process.process].base);
  text += ", \"unit\": \"nanoseconds\", \"startValue\": 0, \"endValue\": ";
  append_integer(text, total_ns);
  trace::ScanFilter filter;
  filter.kind = Kind::kPythonSample;
  const auto list = [&](const char* key, const auto& append_one) {
    text += ", \"";
    text += key;
    text += "\": [";
    bool first = true;
    Status status = job.run.scan(process.process, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        text += first ? "" : ",";
        first = false;
        append_one(view, row);
        out.spill();
      }
      return out.status();
    });
    text += "]";
    return status;
  };
  Status status = list("samples", [&](const trace::SegmentView& view, size_t row) {
    const uint32_t name = job.run.global_name(process.process, view.columns[2][row]);
    const std::vector<size_t>& stack = frames.indexes_of(job.run.name(name));
    for (size_t i = 0; i < stack.size(); ++i) {
      text += i == 0 ? '[' : ',';
      append_unsigned(text, stack[i]);
    }
    text += ']';
  });
  if (status.ok()) {
    status = list("weights", [&](const trace::SegmentView& view, size_t row) {
      append_integer(text, std::max<int64_t>(0, view.columns[1][row]));
    });
  }
  text += '}';
  if (!status.ok()) {
    return status;
  }
  return process.samples;
}

}  // namespace

Result<uint64_t> write_speedscope(const ExportJob& job, ByteSink& out) {
  const Result<std::vector<ProcessStacks>> collected = collect_stacks(job);
  if (!collected.ok()) {
    return collected.status();
  }
  FrameTable frames;
  for (const ProcessStacks& process : collected.value()) {
    for (const StackCount& one : process.stacks) {
      static_cast<void>(frames.indexes_of(one.stack));
    }
  }
  std::string& text = out.buffer();
  text += "{\n  \"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n  \"name\": ";
  append_json(text, job.run.label());
  text += ",\n  \"exporter\": \"stepscope\",\n  \"activeProfileIndex\": 0,\n  \"shared\": {\"frames\": ";
  frames.append(text);
  text += "},\n  \"profiles\": [";
  uint64_t samples = 0;
  for (const ProcessStacks& process : collected.value()) {
    text += samples == 0 ? "" : ",";
    const Result<uint64_t> written = write_profile(job, process, frames, out);
    if (!written.ok()) {
      return written.status();
    }
    samples += written.value();
  }
  text += "\n  ]\n}\n";
  return samples;
}

}  // namespace stepscope::analysis::exporting
