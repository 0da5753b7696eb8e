// SPDX-License-Identifier: Apache-2.0
//
// The open files of a run: which stay open between two reads.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>

#include "analyzer/run_state.hpp"

namespace stepscope::analysis {
namespace {

// Files that may stay open between two reads, of all runs of this process: at most half of what the system lets it open. SQLite looks
// through the files that are open, one by one, whenever it opens another: of thousands, more at rest cost more than they save.
class RestingFiles {
 public:
  static bool take() {
    if (count().fetch_add(1) < most()) {
      return true;
    }
    give_back();
    return false;
  }
  static void give_back() { count().fetch_sub(1); }

 private:
  static int64_t most() {
    constexpr rlim_t kMost = 512;
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0
               ? static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur / 2, kMost))
               : int64_t{0};
  }
  static std::atomic<int64_t>& count() {
    static std::atomic<int64_t> resting{0};
    return resting;
  }
};

}  // namespace

HandlePool::~HandlePool() {
  for (size_t i = 0; i < free_.size(); ++i) {
    RestingFiles::give_back();
  }
}

Result<trace::Recording> HandlePool::take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      trace::Recording handle = std::move(free_.back());
      free_.pop_back();
      RestingFiles::give_back();
      return handle;
    }
  }
  return closed_.another();
}

void HandlePool::give_back(trace::Recording handle) {
  if (RestingFiles::take()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(handle));
  }
}

ProcessData::ProcessData(const trace::Recording& recording)
    : handles(recording),
      kinds(recording.kinds().begin(), recording.kinds().end()),
      anchors(recording.anchors().begin(), recording.anchors().end()) {
  for (const trace::KindSummary& kind : kinds) {
    if (kind.id < events.size()) {
      events.at(kind.id) = kind.events;
    }
  }
  std::sort(anchors.begin(), anchors.end(), [](const trace::ClockAnchor& a, const trace::ClockAnchor& b) {
    return a.monotonic_raw_ns < b.monotonic_raw_ns;
  });
}

}  // namespace stepscope::analysis
