// SPDX-License-Identifier: Apache-2.0
//
// The exporter of folded stacks: "outer;...;inner count" lines, one per stack, the count in samples. With several processes
// the outermost frame is the process.
#include "analyzer/export/exporter.hpp"
#include "analyzer/export/python_stacks.hpp"
#include "analyzer/export/text.hpp"

namespace stepscope::analysis::exporting {
namespace {

// A line break inside a frame would be two stacks.
void append_frame(std::string& out, std::string_view frame) {
  const size_t begin = out.size();
  append_utf8(out, frame);
  for (size_t i = begin; i < out.size(); ++i) {
    out[i] = out[i] == '\n' || out[i] == '\r' || out[i] == ';' ? ' ' : out[i];
  }
}

}  // namespace

Result<uint64_t> write_folded(const ExportJob& job, ByteSink& out) {
  const Result<std::vector<ProcessStacks>> collected = collect_stacks(job);
  if (!collected.ok()) {
    return collected.status();
  }
  uint64_t samples = 0;
  for (const ProcessStacks& process : collected.value()) {
    for (const StackCount& one : process.stacks) {
      std::string& text = out.buffer();
      if (collected.value().size() > 1) {
        append_frame(text, job.run.processes()[process.process].base);
        text += ';';
      }
      const std::vector<std::string_view> frames = frames_of(one.stack);
      for (size_t i = 0; i < frames.size(); ++i) {
        text += i == 0 ? "" : ";";
        append_frame(text, frames[i]);
      }
      text += ' ';
      append_unsigned(text, one.samples);
      text += '\n';
      out.spill();
    }
    samples += process.samples;
  }
  return samples;
}

}  // namespace stepscope::analysis::exporting
