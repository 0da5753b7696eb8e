// SPDX-License-Identifier: Apache-2.0
#include "analyzer/live_steps.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "trace/spool_tail.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kStepSources =
    5;  // column `source` of kind step: 1 api ... 4 torch.profiler, in order of trust
constexpr size_t kRecent = 20;
constexpr size_t kStartColumn = 0;
constexpr size_t kSourceColumn = 2;

// The boundaries that one source marked: all counted, the latest kept.
class Boundaries {
 public:
  void add(int64_t ns) {
    ++count_;
    latest_.push_back(ns);
  }
  [[nodiscard]] LiveSteps summary() {
    std::sort(latest_.begin(), latest_.end());
    if (latest_.size() > kRecent + 1) {
      latest_.erase(latest_.begin(), latest_.end() - static_cast<std::ptrdiff_t>(kRecent + 1));
    }
    if (latest_.size() < 2) {
      return {};
    }
    std::vector<int64_t> durations;
    for (size_t i = 1; i < latest_.size(); ++i) {
      durations.push_back(latest_[i] - latest_[i - 1]);
    }
    const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
    std::nth_element(durations.begin(), middle, durations.end());
    return {count_ - 1, *middle};
  }

 private:
  uint64_t count_ = 0;
  std::vector<int64_t> latest_;
};

}  // namespace

// One spool.
class LiveStepsWatch::Follower {
 public:
  explicit Follower(std::string base) : tail_(std::move(base)) {}

  [[nodiscard]] LiveSteps look() {
    const Status ignored = tail_.read_new(Kind::kStep, [this](const trace::EventBlock& block) {
      for (size_t row = 0; row < block.rows; ++row) {
        const auto source = static_cast<size_t>(block.columns[kSourceColumn][row]);
        if (source < kStepSources) {
          boundaries_.at(source).add(block.columns[kStartColumn][row]);
        }
      }
    });
    static_cast<void>(ignored);  // it may be complete the next time
    for (Boundaries& source : boundaries_) {
      if (const LiveSteps steps = source.summary(); steps.steps > 0) {
        return steps;
      }
    }
    return {};
  }

 private:
  trace::SpoolTail tail_;
  std::array<Boundaries, kStepSources> boundaries_;
};

LiveStepsWatch::LiveStepsWatch(std::string directory) : directory_(std::move(directory)) {}
LiveStepsWatch::~LiveStepsWatch() = default;

LiveSteps LiveStepsWatch::look() {
  LiveSteps furthest;
  std::error_code error;
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(directory_, error)) {
    // Workers mark no steps.
    if (entry.path().extension() != ".spool" || entry.path().filename().string().starts_with("worker-")) {
      continue;
    }
    const std::string base = (entry.path().parent_path() / entry.path().stem()).string();
    std::unique_ptr<Follower>& follower = followers_[base];
    if (follower == nullptr) {
      follower = std::make_unique<Follower>(base);
    }
    const LiveSteps steps = follower->look();
    furthest = steps.steps > furthest.steps ? steps : furthest;
  }
  return furthest;
}

}  // namespace stepscope::analysis
