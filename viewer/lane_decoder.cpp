// SPDX-License-Identifier: Apache-2.0
#include "viewer/lane_decoder.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "analyzer/kernel_name.hpp"

namespace stepscope::viewer {
namespace {

using analysis::Run;
using analysis::Status;
using trace::Kind;

// Kinds that have a place of their own on screen (step band) or none (counters, facts about steps).
bool drawn(Kind kind) {
  return kind != Kind::kStep && kind != Kind::kCounter && kind != Kind::kHealth && kind != Kind::kFlow &&
         kind != Kind::kExit && kind != Kind::kStepWork;
}

struct Stretch {
  int64_t begin = 0;
  int64_t end = 0;
};

bool earlier(const Stretch& a, const Stretch& b) {
  return a.begin < b.begin;
}

// What the lane's own events say about the training loop, for the derived forward.
struct Loop {
  std::vector<Stretch> waits;
  std::vector<Stretch> backwards;
  bool has_forward = false;
};

// A lane in windows of time: what is in memory beside its rows are the events of one window and what the segments that begin
// in it hold of later ones.
constexpr uint64_t kEventsPerWindow = uint64_t{1} << 18U;
constexpr int64_t kEarliest = std::numeric_limits<int64_t>::min();
constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();

class Decoder {
 public:
  Decoder(const Run& run, LaneModel& lane, NameTable& names, const LaneControl& control)
      : run_(run), lane_(lane), names_(names), control_(control) {}

  Status decode() {
    lane_.events = 0;
    Status status = add_derived();
    const analysis::Lane& info = run_.lanes()[lane_.source_lane];
    const int64_t span = info.last_ns - info.first_ns;
    const auto wanted = static_cast<int64_t>(info.events / kEventsPerWindow) + 1;
    const int64_t windows = span >= wanted ? wanted : 1;
    for (int64_t w = 0; status.ok() && w < windows; ++w) {
      const int64_t from = w == 0 ? kEarliest : info.first_ns + w * (span / windows);
      const int64_t until = w + 1 == windows ? kLatest : info.first_ns + (w + 1) * (span / windows);
      status = read_window(from, until);
    }
    if (!status.ok()) {
      return status;
    }
    pending_ = {};
    NestedRows nested = nester_.finish(names_.categories(), control_.cancelled);
    lane_.rows = std::move(nested.rows);
    lane_.too_deep = nested.too_deep;
    return cancelled();
  }

 private:
  struct Cached {
    uint32_t id = 0;
    Kind kind = Kind::kNone;
    Category category = Category::kOther;
    bool known = false;
  };

  [[nodiscard]] Status cancelled() const {
    return control_.cancelled != nullptr && control_.cancelled->load(std::memory_order_relaxed)
               ? Status(analysis::Code::kUsage, "cancelled")
               : Status();
  }

  Status read_window(int64_t from, int64_t until) {
    analysis::LaneScan window;
    window.first_from_ns = from;
    window.end_ns = until;
    Status status = run_.scan_lane(lane_.source_lane, window, [&](const analysis::EventBlock& block) {
      add_block(block);
      if (control_.read) {
        control_.read(block.start_ns.size());
      }
      return cancelled();
    });
    const auto later = std::stable_partition(pending_.begin(), pending_.end(),
                                             [&](const RawEvent& event) { return event.start_ns < until; });
    const std::span<RawEvent> ready(pending_.begin(), later);
    nester_.add(ready);
    lane_.events += ready.size();
    pending_.erase(pending_.begin(), later);
    return status;
  }

  void add_block(const analysis::EventBlock& block) {
    if (!drawn(block.kind)) {
      return;
    }
    for (size_t i = 0; i < block.start_ns.size(); ++i) {
      pending_.push_back({drawn_from(block.kind, block.start_ns[i], block.dur_ns[i]), block.dur_ns[i],
                          id_of(block.name[i], block.kind, block.category[i])});
    }
  }

  // What nothing recorded, but other events say: few, and known before the first window.
  Status add_derived() {
    Status status = add_collate();
    for (const Kind kind : {Kind::kBatch, Kind::kPhase}) {
      if (status.ok() && run_.kind_events(run_.lanes()[lane_.source_lane].process, kind) > 0) {
        analysis::LaneScan of_kind;
        of_kind.kind = kind;
        status = run_.scan_lane(lane_.source_lane, of_kind, [&](const analysis::EventBlock& block) {
          for (size_t i = 0; i < block.start_ns.size(); ++i) {
            note_loop(block, i);
          }
          return cancelled();
        });
      }
    }
    add_forward();
    return status;
  }

  // The table is asked once per name and kind in a row; blocks are of one kind, so this nearly always hits.
  uint32_t id_of(uint32_t name, Kind kind, Category category) {
    if (name >= cache_.size()) {
      cache_.resize(std::max<size_t>(name + 1, run_.name_count()));
    }
    Cached& cached = cache_[name];
    if (!cached.known || cached.kind != kind || cached.category != category) {
      cached = {names_.id(name, kind, category), kind, category, true};
    }
    return cached.id;
  }

  void note_loop(const analysis::EventBlock& block, size_t i) {
    const Stretch stretch{block.start_ns[i], block.start_ns[i] + block.dur_ns[i]};
    if (block.category[i] == Category::kDataWait) {
      loop_.waits.push_back(stretch);
    } else if (block.category[i] == Category::kBackward) {
      loop_.backwards.push_back(stretch);
    } else if (block.category[i] == Category::kCompute && block.kind == Kind::kPhase) {
      loop_.has_forward = true;
    }
  }

  Status add_collate() {
    const analysis::Lane& info = run_.lanes()[lane_.source_lane];
    const analysis::Process& process = run_.processes()[info.process];
    if (run_.kind_events(info.process, Kind::kBatchFetch) == 0) {
      return Status();
    }
    constexpr size_t kCollate = 6;  // column of batch_fetch: trace/kinds.cpp
    trace::ScanFilter filter;
    filter.kind = Kind::kBatchFetch;
    filter.lane = info.trace_id;
    filter.columns = 1U | 2U | (1U << kCollate);
    const uint32_t name = names_.id("collate", Kind::kNone, Category::kDataWork);
    return run_.scan(info.process, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        const int64_t collate = view.columns[kCollate][row];
        const int64_t end = view.columns[0][row] + view.columns[1][row] + process.clock_shift_ns;
        if (collate > 0 && collate <= view.columns[1][row]) {
          pending_.push_back({end - collate, collate, name});
        }
      }
      return Status();
    });
  }

  // Waits and backwards alternate; a forward is what lies between the last wait before a backward and it.
  void add_forward() {
    if (loop_.has_forward || loop_.backwards.empty() || loop_.waits.empty()) {
      return;
    }
    std::sort(loop_.waits.begin(), loop_.waits.end(), earlier);
    std::sort(loop_.backwards.begin(), loop_.backwards.end(), earlier);
    const uint32_t name = names_.id("forward", Kind::kNone, Category::kCompute);
    size_t wait = 0;
    for (size_t b = 0; b < loop_.backwards.size(); ++b) {
      const int64_t begin_backward = loop_.backwards[b].begin;
      while (wait < loop_.waits.size() && loop_.waits[wait].end <= begin_backward) {
        ++wait;
      }
      const int64_t from = wait > 0 ? loop_.waits[wait - 1].end : begin_backward;
      const bool fresh = b == 0 || loop_.backwards[b - 1].end <= from;
      if (fresh && from < begin_backward) {
        pending_.push_back({from, begin_backward - from, name});
      }
    }
  }

  const Run& run_;
  LaneModel& lane_;
  NameTable& names_;
  const LaneControl& control_;
  std::vector<RawEvent> pending_;  // read, and of a window to come
  Nester nester_;
  std::vector<Cached> cache_;
  Loop loop_;
};

}  // namespace

uint32_t NameTable::id(std::string_view text, Kind kind, Category category) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [at, fresh] =
      ids_.try_emplace({std::string(text), kind, category}, static_cast<uint32_t>(entries_.size()));
  if (fresh) {
    entries_.push_back({std::string(text), kind, category});
  }
  return at->second;
}

uint32_t NameTable::id(uint32_t run_name, Kind kind, Category category) {
  const std::string_view text = run_.name(run_name);
  return kind == Kind::kKernel ? id(std::string_view(analysis::demangle(text)), kind, category)
                               : id(text.empty() ? std::string_view("(no name)") : text, kind, category);
}

uint32_t NameTable::on_stream(uint32_t run_name) {
  const std::string_view text = run_.name(run_name);
  if (text.empty()) {
    return id(std::string_view("copy"), Kind::kNone, Category::kCopy);
  }
  return id(std::string_view(analysis::demangle(text)), Kind::kNone,
            analysis::is_communication_kernel(text) ? Category::kCommunication : Category::kCompute);
}

uint32_t NameTable::by_text(uint32_t run_name) {
  const std::string_view text = run_.name(run_name);
  const auto contains = [&](const char* part) { return text.find(part) != std::string_view::npos; };
  const Category category = contains("backward")                       ? Category::kBackward
                            : contains("ptimizer") || contains("Adam") ? Category::kOptimizer
                            : contains("batch_fetch")                  ? Category::kDataWork
                            : contains("batch") || contains("data")    ? Category::kDataWait
                            : contains("gc")                           ? Category::kGc
                            : contains("import") || contains("start")  ? Category::kStartup
                                                                       : Category::kHost;
  return id(text, Kind::kNone, category);
}

std::vector<Category> NameTable::categories() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Category> categories;
  categories.reserve(entries_.size());
  for (const NameEntry& entry : entries_) {
    categories.push_back(entry.category);
  }
  return categories;
}

void NameTable::store(RunModel& model) const {
  model.category_of = categories();
  const std::lock_guard<std::mutex> lock(mutex_);
  model.names = entries_;
}

Status decode_lane(const Run& run, LaneModel& lane, NameTable& names, const LaneControl& control) {
  return Decoder(run, lane, names, control).decode();
}

}  // namespace stepscope::viewer
