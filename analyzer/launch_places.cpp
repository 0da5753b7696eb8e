// SPDX-License-Identifier: Apache-2.0
#include "analyzer/launch_places.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "analyzer/steps.hpp"
#include "trace/kinds.hpp"

namespace stepscope::analysis {
namespace {

using trace::PhaseOp;

constexpr std::string_view kModuleFrame = "nn.Module: ";

struct LaunchCall {
  uint32_t lane = 0;  // the recording's own
  int64_t at_ns = 0;
  uint32_t correlation = 0;
};

enum class RangeRole : uint8_t { kIgnored, kOperator, kModule, kOther };

// What a name of a range says, the same for all ranges that have it.
struct RangeName {
  RangeRole role = RangeRole::kIgnored;
  uint32_t text = 0;
  uint32_t shapes = 0;  // from the name
};

struct OpenRange {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  RangeRole role = RangeRole::kIgnored;
  uint32_t text = 0;
  uint32_t shapes = 0;
  uint32_t call = 0;
};

// The value of ", key = value" in a name of emit_nvtx; a value in brackets ends with its bracket.
std::string_view attribute(std::string_view name, std::string_view key) {
  const size_t at = name.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = name.substr(at + key.size());
  int depth = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    depth += rest[i] == '[' ? 1 : rest[i] == ']' ? -1 : 0;
    if (depth == 0) {
      return rest.substr(0, rest[i] == ']' ? i + 1 : 0);
    }
  }
  return {};
}

std::string without_blanks(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), ' '), out.end());
  return out;
}

class PlaceReader {
 public:
  PlaceReader(const Run& run, uint32_t process, const TimeRange& span, TextPool* pool)
      : run_(run),
        process_(process),
        shift_(run.processes()[process].clock_shift_ns),
        span_(span),
        pool_(*pool),
        operator_(run.find_name("cpu_op")),
        frame_(run.find_name("python_function")) {}

  Status read_calls(std::span<const uint32_t> correlations) {
    constexpr size_t kCorrelation = 3;
    return scan(Kind::kCudaApi, 1U | 1U << kCorrelation, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        const auto correlation = static_cast<uint32_t>(view.columns[kCorrelation][row]);
        if (correlation != 0 && std::binary_search(correlations.begin(), correlations.end(), correlation)) {
          calls_.push_back({view.lane, view.columns[0][row] + shift_, correlation});
        }
      }
    });
  }

  Status read_ranges() {
    std::set<uint32_t> lanes;
    for (const LaunchCall& call : calls_) {
      lanes.insert(call.lane);
    }
    constexpr size_t kPayloadType = 7;
    constexpr uint32_t kColumns = 0b111U | 1U << 4U | 1U << 5U | 1U << kPayloadType | 1U << 8U;
    return scan(Kind::kRange, kColumns, [&](const trace::SegmentView& view) {
      if (!lanes.contains(view.lane)) {
        return;
      }
      for (size_t row = 0; row < view.rows; ++row) {
        const RangeName& name = describe(view, row);
        if (name.role == RangeRole::kIgnored) {
          continue;
        }
        const int64_t begin = view.columns[0][row] + shift_;
        const bool shaped = value(view, kPayloadType, row) == trace::kPayloadShapes;
        const uint32_t shapes = shaped ? text_of(value(view, kPayloadType + 1, row)) : name.shapes;
        ranges_[view.lane].push_back(
            {begin, begin + view.columns[1][row], name.role, name.text, shapes, ++range_calls_});
      }
    });
  }

  Status read_phases() {
    constexpr size_t kOp = 3;
    return scan(Kind::kPhase, 0b11U | 1U << kOp, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        const auto op = static_cast<PhaseOp>(view.columns[kOp][row]);
        if (op == PhaseOp::kBackward || op == PhaseOp::kOptimizer) {
          const int64_t begin = view.columns[0][row] + shift_;
          phases_.push_back({begin, begin + view.columns[1][row], RangeRole::kOther,
                             pool_.id(op == PhaseOp::kBackward ? "backward" : "optimizer"), 0, 0});
        }
      }
    });
  }

  std::unordered_map<uint32_t, LaunchPlace> places() {
    std::sort(calls_.begin(), calls_.end(), [](const LaunchCall& a, const LaunchCall& b) {
      return std::tie(a.lane, a.at_ns, a.correlation) < std::tie(b.lane, b.at_ns, b.correlation);
    });
    std::unordered_map<uint32_t, LaunchPlace> out;
    for (size_t first = 0; first < calls_.size();) {
      size_t last = first;
      while (last < calls_.size() && calls_[last].lane == calls_[first].lane) {
        ++last;
      }
      place(std::span<const LaunchCall>(calls_).subspan(first, last - first), &out);
      first = last;
    }
    return out;
  }

 private:
  template <typename Visit>
  Status scan(Kind kind, uint32_t columns, const Visit& visit) const {
    trace::ScanFilter filter;
    filter.kind = kind;
    filter.begin_ns = span_.begin_ns - shift_;
    filter.end_ns = span_.end_ns - shift_;
    filter.columns = columns;
    return run_.scan(process_, filter, [&](const trace::SegmentView& view) {
      visit(view);
      return Status();
    });
  }

  static int64_t value(const trace::SegmentView& view, size_t column, size_t row) {
    return column < view.columns.size() && !view.columns[column].empty() ? view.columns[column][row] : 0;
  }

  uint32_t text_of(int64_t local) const { return pool_.id(run_.name(run_.global_name(process_, local))); }

  const RangeName& describe(const trace::SegmentView& view, size_t row) {
    constexpr size_t kCategory = 4;
    constexpr size_t kSource = 5;
    const bool imported = value(view, kSource, row) == static_cast<int64_t>(trace::Source::kImport);
    const int64_t category = imported ? value(view, kCategory, row) : -1;
    const auto [at, fresh] = names_.try_emplace({view.columns[2][row], category});
    if (fresh) {
      const std::string_view name = run_.name(run_.global_name(process_, view.columns[2][row]));
      at->second =
          imported ? describe_imported(name, run_.global_name(process_, category)) : describe_ours(name);
    }
    return at->second;
  }

  RangeName describe_imported(std::string_view name, uint32_t category) const {
    if (category == operator_ && operator_ != 0) {
      return {RangeRole::kOperator, pool_.id(name), 0};
    }
    if (category == frame_ && frame_ != 0) {
      return name.starts_with(kModuleFrame)
                 ? RangeName{RangeRole::kModule, pool_.id(name.substr(kModuleFrame.size())), 0}
                 : RangeName();
    }
    return {RangeRole::kOther, pool_.id(name), 0};
  }

  RangeName describe_ours(std::string_view name) const {
    int64_t number = 0;
    if (name.empty() || is_step_name(name, &number)) {
      return {};
    }
    const bool operates = name.starts_with("aten::") || name.find(", op_id = ") != std::string_view::npos;
    if (!operates) {
      return {RangeRole::kOther, pool_.id(name), 0};
    }
    return {RangeRole::kOperator, pool_.id(name.substr(0, name.find(", "))),
            pool_.id(without_blanks(attribute(name, ", sizes = ")))};
  }

  [[nodiscard]] uint32_t phase_at(int64_t at_ns) const {
    for (const OpenRange& phase : phases_) {
      if (phase.begin_ns <= at_ns && at_ns < phase.end_ns) {
        return phase.text;
      }
    }
    return phases_.empty() ? 0 : pool_.id("forward");
  }

  // The launches of one thread, ascending; ranges of a thread lie in each other.
  void place(std::span<const LaunchCall> calls, std::unordered_map<uint32_t, LaunchPlace>* out) {
    std::vector<OpenRange>& ranges = ranges_[calls.front().lane];
    std::sort(ranges.begin(), ranges.end(), [](const OpenRange& a, const OpenRange& b) {
      return std::tie(a.begin_ns, b.end_ns, a.call) < std::tie(b.begin_ns, a.end_ns, b.call);
    });
    std::vector<const OpenRange*> open;
    size_t next = 0;
    for (const LaunchCall& call : calls) {
      for (; next < ranges.size() && ranges[next].begin_ns <= call.at_ns; ++next) {
        open.push_back(&ranges[next]);
      }
      std::erase_if(open, [&call](const OpenRange* range) { return range->end_ns <= call.at_ns; });
      out->try_emplace(call.correlation, place_of(open, phase_at(call.at_ns)));
    }
  }

  static LaunchPlace place_of(const std::vector<const OpenRange*>& open, uint32_t phase) {
    LaunchPlace place;
    place.phase = phase;
    uint32_t other = 0;
    for (const OpenRange* range : open) {  // the outermost first
      if (range->role == RangeRole::kOperator) {
        if (place.outer_op == 0) {
          place.outer_op = range->text;
          place.outer_op_shapes = range->shapes;
          place.outer_op_call = range->call;
        }
        place.op = range->text;
        place.op_shapes = range->shapes;
        place.op_call = range->call;
      } else if (range->role == RangeRole::kModule) {
        place.module = range->text;
      } else {
        other = range->text;
      }
    }
    place.module = place.module == 0 ? other : place.module;
    return place;
  }

  const Run& run_;
  uint32_t process_;
  int64_t shift_;
  TimeRange span_;
  TextPool& pool_;
  uint32_t operator_;
  uint32_t frame_;
  std::vector<LaunchCall> calls_;
  std::map<uint32_t, std::vector<OpenRange>> ranges_;  // by lane
  std::vector<OpenRange> phases_;
  std::map<std::pair<int64_t, int64_t>, RangeName> names_;  // by the recording's name and category
  uint32_t range_calls_ = 0;
};

}  // namespace

uint32_t TextPool::id(std::string_view text) {
  const auto [at, fresh] = ids_.try_emplace(std::string(text), static_cast<uint32_t>(texts_.size()));
  if (fresh) {
    texts_.emplace_back(text);
  }
  return at->second;
}

Result<LaunchPlaces> LaunchPlaces::read(const Run& run, uint32_t process, const TimeRange& span,
                                        std::span<const uint32_t> correlations, TextPool* pool) {
  PlaceReader reader(run, process, span, pool);
  if (Status status = reader.read_calls(correlations); !status.ok()) {
    return status;
  }
  if (Status status = reader.read_ranges(); !status.ok()) {
    return status;
  }
  if (Status status = reader.read_phases(); !status.ok()) {
    return status;
  }
  LaunchPlaces out;
  out.places_ = reader.places();
  return out;
}

const LaunchPlace* LaunchPlaces::of(uint32_t correlation) const {
  const auto found = places_.find(correlation);
  return found == places_.end() ? nullptr : &found->second;
}

}  // namespace stepscope::analysis
