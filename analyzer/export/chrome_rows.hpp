// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the exporter of Chrome traces share: one process being written, and its rows.
//
// chrome_gpu.cpp writes what ran on GPUs, chrome_collectives.cpp collectives, chrome_host.cpp everything else, chrome_steps.cpp
// steps and ledger. Columns by index: trace/kinds.cpp. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "analyzer/export/chrome_events.hpp"
#include "analyzer/export/chrome_tracks.hpp"
#include "analyzer/export/exporter.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis::exporting {

// Categories of what an export derives. In a run that was imported from an export they are left out: they are derived anew.
inline constexpr std::string_view kStepCategory = "stepscope.step";
inline constexpr std::string_view kLedgerCategory = "stepscope.ledger";
inline constexpr std::string_view kBoundaryCategory = "stepscope.boundary";
[[nodiscard]] inline bool is_derived(std::string_view category) {
  return category == kStepCategory || category == kLedgerCategory || category == kBoundaryCategory;
}

// One row of a segment; a column that an older recording lacks is 0.
class Row {
 public:
  Row(const trace::SegmentView& view, size_t row) : view_(view), row_(row) {}
  [[nodiscard]] int64_t operator[](size_t column) const {
    return column < view_.columns.size() && !view_.columns[column].empty() ? view_.columns[column][row_] : 0;
  }
  [[nodiscard]] uint32_t lane() const { return view_.lane; }

 private:
  const trace::SegmentView& view_;
  size_t row_;
};

struct ChromeProcess {
  const ExportJob& job;
  ChromeEvents& events;
  ChromeTracks& tracks;
  uint32_t process = 0;

  [[nodiscard]] const Process& info() const { return job.run.processes()[process]; }
  [[nodiscard]] int64_t time(int64_t recorded_ns) const { return recorded_ns + info().clock_shift_ns; }
  [[nodiscard]] std::string_view name(int64_t local) const {
    return job.run.name(job.run.global_name(process, local));
  }
  [[nodiscard]] std::string_view lane_name(uint32_t trace_lane) const;
  [[nodiscard]] bool has(Kind kind) const { return job.run.kind_events(process, kind) > 0; }

  // Rows of a kind, segment by segment, so that what is the same for a lane is looked up once.
  [[nodiscard]] Status each_segment(Kind kind,
                                    const std::function<void(const trace::SegmentView&)>& visit) const;
};

// Kernels, copies, memsets, graphs, synchronisation, CUDA events, collectives.
[[nodiscard]] Status write_gpu(const ChromeProcess& process);
// Everything that happens on the host, counters, and whatever kinds there are besides.
[[nodiscard]] Status write_host(const ChromeProcess& process);
// Steps and the leaves of each.
[[nodiscard]] Status write_steps(const ChromeProcess& process, const Ledger& ledger);

}  // namespace stepscope::analysis::exporting
