// SPDX-License-Identifier: Apache-2.0
//
// NsysProcess: one process of an Nsight Systems export (SQLite) as a recording.
//
// Tables exist only when they have rows, and older exports lack columns: what is missing is left out, not an error. Times
// are ns since the capture began and stay so. One thread. Internal to analyzer/import.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/import/annotations.hpp"
#include "analyzer/import/gpu_words.hpp"
#include "analyzer/import/import_losses.hpp"
#include "analyzer/import/trace_lanes.hpp"
#include "trace/foreign_database.hpp"
#include "trace/kinds.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::analysis::importing {

// Texts of an export by their id; shared by its processes.
using NsysStrings = std::unordered_map<int64_t, std::string>;

// globalPid and globalTid carry the process in their upper bits, the thread in the lower 24.
inline constexpr int64_t kNsysThreads = int64_t{1} << 24U;

class NsysProcess {
 public:
  // `key`: globalPid / kNsysThreads. All references must outlive this object.
  NsysProcess(const trace::ForeignDatabase& database, const NsysStrings& strings, int64_t key,
              trace::RecordingBuilder& builder)
      : database_(database), strings_(strings), key_(key), builder_(builder), annotations_(builder) {}

  // Rows, lanes, losses, and the process's number. Errors: the file's, the builder's.
  [[nodiscard]] trace::Status run();
  [[nodiscard]] uint64_t rows() const { return rows_ + annotations_.rows(); }
  [[nodiscard]] uint32_t pid() const { return static_cast<uint32_t>(key_ % kNsysThreads); }

 private:
  using Row = trace::ForeignRow;
  struct Span {
    int64_t start_ns = 0;
    int64_t dur_ns = 0;
  };

  template <typename Visit>
  [[nodiscard]] trace::Status each(std::string_view table, std::string_view owner,
                                   std::initializer_list<std::string_view> columns, const Visit& visit);
  template <size_t N>
  [[nodiscard]] trace::Status add(trace::Kind kind, uint32_t lane, const std::array<int64_t, N>& row);
  [[nodiscard]] bool read_span(const Row& row, Span* out);
  [[nodiscard]] int64_t text(const Row& row, int column);
  [[nodiscard]] uint32_t thread(const Row& row, int column);
  [[nodiscard]] int64_t signature(const Row& row, int first);

  [[nodiscard]] trace::Status kernels();
  [[nodiscard]] trace::Status copies();
  [[nodiscard]] trace::Status sets();
  [[nodiscard]] trace::Status graphs();
  [[nodiscard]] trace::Status calls();
  [[nodiscard]] trace::Status syncs();
  [[nodiscard]] trace::Status cuda_events();
  [[nodiscard]] trace::Status overheads();
  [[nodiscard]] trace::Status nvtx_domains();
  [[nodiscard]] trace::Status nvtx();
  [[nodiscard]] trace::Status nvtx_row(const Row& row);
  [[nodiscard]] trace::Status thread_names();

  const trace::ForeignDatabase& database_;
  const NsysStrings& strings_;
  int64_t key_;
  trace::RecordingBuilder& builder_;
  TraceLanes lanes_;
  Annotations annotations_;
  ImportLosses losses_;
  uint64_t rows_ = 0;
  int64_t last_end_ns_ = 0;
  std::unordered_map<int64_t, int64_t> texts_;  // id in the export -> in the recording
  std::map<LaunchShape, int64_t> signatures_;
  std::map<int64_t, int64_t> domains_;  // NVTX domain -> text
};

}  // namespace stepscope::analysis::importing
