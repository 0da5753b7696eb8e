// SPDX-License-Identifier: Apache-2.0
#include "analyzer/live_steps.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <vector>

#include "trace/spool_reader.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kSources = 5;  // column `source` of kind step: 1 api ... 4 torch.profiler, in order of trust
constexpr size_t kRecent = 20;
constexpr size_t kStartColumn = 0;
constexpr size_t kSourceColumn = 2;

class StepCollector : public trace::SpoolVisitor {
 public:
  void on_string(uint32_t, std::string_view) override {}
  void on_lane(const trace::LaneDecl&) override {}
  void on_meta(std::string_view, std::string_view) override {}
  void on_anchor(const trace::ClockAnchor&) override {}
  void on_loss(std::string_view, uint64_t) override {}
  void on_log(int64_t, std::string_view) override {}
  Status on_events(const trace::EventBlock& block) override {
    if (block.kind != Kind::kStep || block.columns.size() <= kSourceColumn) {
      return Status();
    }
    for (size_t row = 0; row < block.rows; ++row) {
      const auto source = static_cast<size_t>(block.columns[kSourceColumn][row]);
      if (source < kSources) {
        boundaries_.at(source).push_back(block.columns[kStartColumn][row]);
      }
    }
    return Status();
  }

  [[nodiscard]] LiveSteps summary() {
    for (std::vector<int64_t>& ends : boundaries_) {
      if (ends.size() < 2) {
        continue;
      }
      std::sort(ends.begin(), ends.end());
      std::vector<int64_t> durations;
      for (size_t i = ends.size() - 1; i > 0 && durations.size() < kRecent; --i) {
        durations.push_back(ends[i] - ends[i - 1]);
      }
      const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
      std::nth_element(durations.begin(), middle, durations.end());
      return {ends.size() - 1, *middle};
    }
    return {};
  }

 private:
  std::array<std::vector<int64_t>, kSources> boundaries_;
};

}  // namespace

LiveSteps look_at_live_steps(const std::string& directory) {
  LiveSteps furthest;
  std::error_code error;
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(directory, error)) {
    // Workers mark no steps.
    if (entry.path().extension() != ".spool" || entry.path().filename().string().starts_with("worker-")) {
      continue;
    }
    StepCollector collector;
    const Result<trace::SpoolSummary> read =
        trace::read_spool((entry.path().parent_path() / entry.path().stem()).string(), collector);
    const LiveSteps steps = read.ok() ? collector.summary() : LiveSteps{};
    furthest = steps.steps > furthest.steps ? steps : furthest;
  }
  return furthest;
}

}  // namespace stepscope::analysis
