// SPDX-License-Identifier: Apache-2.0
//
// The reading half of Run: events of a lane, overviews, one event in full.
#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/kernel_name.hpp"
#include "analyzer/run.hpp"
#include "analyzer/run_state.hpp"

namespace stepscope::analysis {
namespace {

constexpr int kNoColumn = -1;

int first_string_column(const trace::KindInfo& kind) {
  for (int c = 0; c < kind.column_count; ++c) {
    if (kind.columns[c].type == trace::ColumnType::kString) {
      return c;
    }
  }
  return kNoColumn;
}

int column_named(const trace::KindInfo& kind, std::string_view name) {
  for (int c = 0; c < kind.column_count; ++c) {
    if (name == kind.columns[c].name) {
      return c;
    }
  }
  return kNoColumn;
}

// The column that tells events of a kind apart which carry no name of their own.
int variant_column(Kind kind, const trace::KindInfo& info) {
  return kind == Kind::kPhase    ? column_named(info, "op")
         : kind == Kind::kGc     ? column_named(info, "generation")
         : kind == Kind::kMemcpy ? column_named(info, "copy_kind")
         : kind == Kind::kSync   ? column_named(info, "sync_type")
                                 : -1;
}

constexpr int64_t kMaxVariants = 16;

int64_t made_key(Kind kind, int64_t variant) {
  return static_cast<int64_t>(kind) * kMaxVariants + (variant >= 0 && variant < kMaxVariants ? variant : 0);
}

constexpr const char* kPhaseWords[] = {"phase",        "import",           "startup",         "backward",
                                       "optimizer",    "save checkpoint",  "load checkpoint", "start loader",
                                       "reset loader", "shut down loader", "next()",          "eval phase",
                                       "forward"};
constexpr const char* kGcWords[] = {"gc generation 0", "gc generation 1", "gc generation 2"};
constexpr const char* kSourceWords[] = {"unknown",        "api",    "nvtx",       "python",
                                        "torch.profiler", "import", "nccl plugin"};
constexpr const char* kCopyWords[] = {"copy",
                                      "copy host to device",
                                      "copy device to host",
                                      "copy host to array",
                                      "copy array to host",
                                      "copy array to array",
                                      "copy array to device",
                                      "copy device to array",
                                      "copy device to device",
                                      "copy host to host",
                                      "copy peer to peer"};
constexpr const char* kSyncWords[] = {"sync", "wait for event", "stream waits for event", "wait for stream",
                                      "wait for device"};

template <size_t N>
const char* word(const char* const (&words)[N], int64_t index) {
  return index >= 0 && index < static_cast<int64_t>(N) ? words[index] : nullptr;
}

std::string made_name(const trace::KindInfo& info, int64_t variant) {
  const char* text = info.id == Kind::kPhase        ? word(kPhaseWords, variant)
                     : info.id == Kind::kGc         ? word(kGcWords, variant)
                     : info.id == Kind::kMemcpy     ? word(kCopyWords, variant)
                     : info.id == Kind::kSync       ? word(kSyncWords, variant)
                     : info.id == Kind::kBatch      ? "wait for batch"
                     : info.id == Kind::kBatchFetch ? "make batch"
                                                    : info.name;
  return text != nullptr ? text : info.name;
}

std::string duration_text(int64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1000) {
    return fmt::format("{} ns", ns);
  }
  if (ns < 1000 * 1000) {
    return fmt::format("{:.3f} us", value / 1e3);
  }
  if (ns < 1000 * 1000 * 1000) {
    return fmt::format("{:.3f} ms", value / 1e6);
  }
  return fmt::format("{:.3f} s", value / 1e9);
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  if (bytes < 1024 * 1024) {
    return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  }
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

// Turns decoded columns of one kind into EventBlocks.
class BlockMaker {
 public:
  BlockMaker(const Run::State& state, uint32_t process, const trace::KindInfo& info)
      : state_(state),
        data_(*state.data[process]),
        shift_(state.processes[process].clock_shift_ns),
        info_(info) {
    name_column_ = first_string_column(info);
    variant_column_ = variant_column(info.id, info);
    value_column_ = column_named(info, "value");
    by_name_ = info.id == Kind::kKernel || info.id == Kind::kCudaApi;
  }

  [[nodiscard]] uint32_t columns() const {
    uint32_t mask = 1U;
    mask |= info_.has_duration() ? 2U : 0U;
    for (const int c : {name_column_, variant_column_, value_column_}) {
      mask |= c == kNoColumn ? 0U : 1U << c;
    }
    return mask;
  }

  Status deliver(const trace::SegmentView& view, const EventVisitor& visit) {
    start_.resize(view.rows);
    dur_.resize(view.rows);
    name_.resize(view.rows);
    category_.resize(view.rows);
    const bool real = value_column_ != kNoColumn;
    value_.resize(real ? view.rows : 0);
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t variant = variant_column_ == kNoColumn ? 0 : at(view, variant_column_, row);
      start_[row] = at(view, 0, row) + shift_;
      dur_[row] = info_.has_duration() ? std::max<int64_t>(0, at(view, 1, row)) : 0;
      name_[row] = name_of(name_column_ == kNoColumn ? 0 : at(view, name_column_, row), variant);
      category_[row] = by_name_ ? category_by_name(name_[row]) : category_of_event(info_.id, variant);
      if (real) {
        value_[row] = std::bit_cast<double>(at(view, value_column_, row));
      }
    }
    return visit({info_.id, start_, dur_, name_, category_, value_});
  }

 private:
  static int64_t at(const trace::SegmentView& view, int column, size_t row) {
    return view.columns[static_cast<size_t>(column)][row];
  }

  // Communication kernels and calls that wait for the GPU have colours of their own; the name tells, looked at once.
  Category category_by_name(uint32_t name) {
    if (name >= category_by_name_.size()) {
      category_by_name_.resize(std::max<size_t>(name + 1, state_.names.size()), Category::kOther);
    }
    Category& category = category_by_name_[name];
    if (category == Category::kOther) {
      const std::string_view text = state_.names.text(name);
      category = info_.id == Kind::kKernel && is_communication_kernel(text) ? Category::kCommunication
                 : info_.id == Kind::kCudaApi && classify_call(text) == CallClass::kSync
                     ? Category::kSync
                     : category_of_event(info_.id, 0);
    }
    return category;
  }

  [[nodiscard]] uint32_t name_of(int64_t local, int64_t variant) const {
    if (local > 0 && local < static_cast<int64_t>(data_.names.size())) {
      return data_.names[static_cast<size_t>(local)];
    }
    const auto made = state_.made_names.find(made_key(info_.id, variant));
    return made == state_.made_names.end() ? 0 : made->second;
  }

  const Run::State& state_;
  const ProcessData& data_;
  int64_t shift_;
  const trace::KindInfo& info_;
  int name_column_ = kNoColumn;
  int variant_column_ = kNoColumn;
  int value_column_ = kNoColumn;
  std::vector<int64_t> start_;
  std::vector<int64_t> dur_;
  std::vector<uint32_t> name_;
  std::vector<Category> category_;
  bool by_name_ = false;
  std::vector<Category> category_by_name_;  // of run-global names; kOther: not looked at yet
  std::vector<double> value_;
};

std::string column_text(const Run& run, uint32_t process, const trace::KindInfo& info, size_t c,
                        int64_t value) {
  const trace::Column& column = info.columns[c];
  const std::string_view name = column.name;
  if (name == "source" || name == "dur_source" || (info.id == Kind::kPhase && name == "op")) {
    const char* text = name != "op" ? word(kSourceWords, value) : word(kPhaseWords, value);
    return text != nullptr ? text : std::to_string(value);
  }
  switch (column.type) {
    case trace::ColumnType::kTime:
      return value == 0 && c > 0
                 ? "not known"
                 : fmt::format("{:.9f} s",
                               static_cast<double>(value + run.processes()[process].clock_shift_ns -
                                                   run.time_range().begin_ns) /
                                   1e9);
    case trace::ColumnType::kDuration:
      return duration_text(value);
    case trace::ColumnType::kString:
      return std::string(run.name(run.global_name(process, value)));
    case trace::ColumnType::kBytes:
      return bytes_text(value);
    case trace::ColumnType::kReal:
      return fmt::format("{}", std::bit_cast<double>(value));
    case trace::ColumnType::kInt:
    case trace::ColumnType::kUint:
      break;
  }
  return std::to_string(value);
}

}  // namespace

void intern_made_names(Run::State& state) {
  for (const trace::KindInfo* info = trace::kinds_begin(); info != trace::kinds_end(); ++info) {
    const int64_t variants = info->id == Kind::kPhase    ? static_cast<int64_t>(std::size(kPhaseWords))
                             : info->id == Kind::kGc     ? static_cast<int64_t>(std::size(kGcWords))
                             : info->id == Kind::kMemcpy ? static_cast<int64_t>(std::size(kCopyWords))
                             : info->id == Kind::kSync   ? static_cast<int64_t>(std::size(kSyncWords))
                                                         : 1;
    for (int64_t variant = 0; variant < variants; ++variant) {
      state.made_names[made_key(info->id, variant)] = state.names.intern(made_name(*info, variant));
    }
  }
}

// Reads through a pooled handle; the handle goes back whatever comes of the reading.
template <typename Read>
Status Run::with_handle(uint32_t process, const Read& read) const {
  if (Status stop = stopped(); !stop.ok()) {
    return stop;
  }
  HandlePool& handles = state_->data[process]->handles;
  Result<trace::Recording> handle = handles.take();
  if (!handle.ok()) {
    return handle.status();
  }
  Status status = read(handle.value());
  handles.give_back(std::move(handle).value());
  return status;
}

Status Run::scan_lane(uint32_t lane, const LaneScan& scan, const EventVisitor& visit) const {
  if (lane >= state_->lanes.size()) {
    return {Code::kUsage, fmt::format("{}: there is no lane {}", state_->path, lane)};
  }
  const Lane& info = state_->lanes[lane];
  const ProcessData& data = *state_->data[info.process];
  const int64_t shift = state_->processes[info.process].clock_shift_ns;
  return with_handle(info.process, [&](const trace::Recording& recording) {
    for (const trace::KindSummary& summary : data.kinds) {
      const trace::KindInfo* kind = trace::find_kind(summary.id);
      const bool counter = kind != nullptr && (kind->id == Kind::kCounter || kind->id == Kind::kHealth);
      const bool wanted = scan.kind == Kind::kNone || (kind != nullptr && kind->id == scan.kind);
      if (kind == nullptr || !wanted || summary.events == 0 || (counter && !scan.counters)) {
        continue;
      }
      BlockMaker maker(*state_, info.process, *kind);
      trace::ScanFilter filter;
      filter.kind = kind->id;
      filter.lane = info.trace_id;
      constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
      constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
      filter.begin_ns = scan.begin_ns == kMin ? kMin : scan.begin_ns - shift;
      filter.end_ns = scan.end_ns == kMax ? kMax : scan.end_ns - shift;
      filter.first_from_ns = scan.first_from_ns == kMin ? kMin : scan.first_from_ns - shift;
      filter.columns = maker.columns();
      Status status = recording.scan(filter, [&](const trace::SegmentView& view) {
        Status stop = stopped();
        return stop.ok() ? maker.deliver(view, visit) : stop;
      });
      if (!status.ok()) {
        return status;
      }
    }
    return Status();
  });
}

Result<std::vector<LaneOverview>> Run::overview(uint32_t lane) const {
  if (lane >= state_->lanes.size()) {
    return Status(Code::kUsage, fmt::format("{}: there is no lane {}", state_->path, lane));
  }
  const Lane& info = state_->lanes[lane];
  std::vector<LaneOverview> out;
  Status status = with_handle(info.process, [&](const trace::Recording& recording) {
    Result<std::vector<trace::OverviewLevel>> levels = recording.overview(info.trace_id);
    if (!levels.ok()) {
      return levels.status();
    }
    for (trace::OverviewLevel& level : levels.value()) {
      for (uint32_t& name : level.leading) {
        name = global_name(info.process, name);
      }
      out.push_back({level.origin_ns + state_->processes[info.process].clock_shift_ns, level.bucket_ns,
                     std::move(level.busy), std::move(level.leading)});
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  std::sort(out.begin(), out.end(),
            [](const LaneOverview& a, const LaneOverview& b) { return a.bucket_ns > b.bucket_ns; });
  return out;
}

Result<Details> Run::details(uint32_t lane, Kind kind, int64_t start_ns, int64_t dur_ns) const {
  const trace::KindInfo* info = trace::find_kind(static_cast<uint16_t>(kind));
  if (lane >= state_->lanes.size() || info == nullptr) {
    return Status(Code::kUsage, fmt::format("{}: there is no lane {} with events of kind {}", state_->path,
                                            lane, static_cast<int>(kind)));
  }
  const uint32_t process = state_->lanes[lane].process;
  const int64_t raw_start = start_ns - state_->processes[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.lane = state_->lanes[lane].trace_id;
  filter.begin_ns = raw_start;
  filter.end_ns = raw_start + 1;
  Details details;
  Status status = scan(process, filter, [&](const trace::SegmentView& view) {
    const std::span<const int64_t> starts = view.columns[0];
    for (auto it = std::lower_bound(starts.begin(), starts.end(), raw_start);
         details.empty() && it != starts.end() && *it == raw_start; ++it) {
      const auto row = static_cast<size_t>(it - starts.begin());
      if (info->has_duration() && std::max<int64_t>(0, view.columns[1][row]) != dur_ns) {
        continue;
      }
      details.emplace_back("kind", info->name);
      for (size_t c = 0; c < info->column_count; ++c) {
        details.emplace_back(info->columns[c].name,
                             column_text(*this, process, *info, c, view.columns[c][row]));
      }
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return details;
}

Status Run::scan(uint32_t process, const trace::ScanFilter& filter,
                 const std::function<Status(const trace::SegmentView&)>& visit) const {
  return with_handle(process, [&](const trace::Recording& recording) {
    return recording.scan(filter, [&](const trace::SegmentView& view) {
      Status stop = stopped();
      return stop.ok() ? visit(view) : stop;
    });
  });
}

uint32_t Run::global_name(uint32_t process, int64_t local_id) const {
  const std::vector<uint32_t>& names = state_->data[process]->names;
  return local_id > 0 && local_id < static_cast<int64_t>(names.size()) ? names[static_cast<size_t>(local_id)]
                                                                       : 0;
}

uint32_t Run::global_lane(uint32_t process, uint32_t trace_lane) const {
  const auto& lanes = state_->data[process]->lane_by_trace_id;
  const auto found = lanes.find(trace_lane);
  return found == lanes.end() ? kNoLane : found->second;
}

uint64_t Run::kind_events(uint32_t process, Kind kind) const {
  const ProcessData& data = *state_->data[process];
  if (const auto id = static_cast<size_t>(kind); id < data.events.size()) {
    return data.events.at(id);
  }
  for (const trace::KindSummary& summary : data.kinds) {
    if (summary.id == static_cast<uint16_t>(kind)) {
      return summary.events;
    }
  }
  return 0;
}

Result<std::vector<NameTotal>> Run::name_totals(uint32_t process) const {
  std::vector<NameTotal> out;
  Status status = with_handle(process, [&](const trace::Recording& recording) {
    Result<std::vector<trace::NameTotal>> totals = recording.name_totals();
    if (!totals.ok()) {
      return totals.status();
    }
    for (const trace::NameTotal& total : totals.value()) {
      out.push_back({total.kind, global_name(process, total.name), total.count, total.total_ns});
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return out;
}

Result<std::optional<trace::Rollup>> Run::load_rollup(uint32_t process) const {
  std::optional<trace::Rollup> rollup;
  Status status = with_handle(process, [&](const trace::Recording& recording) {
    Result<std::optional<trace::Rollup>> loaded = recording.load_rollup();
    if (!loaded.ok()) {
      return loaded.status();
    }
    rollup = std::move(loaded).value();
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return rollup;
}

Status Run::store_rollup(uint32_t process, const trace::Rollup& rollup) const {
  return with_handle(process,
                     [&](const trace::Recording& recording) { return recording.store_rollup(rollup); });
}

Result<std::optional<trace::JobRollup>> Run::load_job_rollup(uint32_t process) const {
  std::optional<trace::JobRollup> rollup;
  Status status = with_handle(process, [&](const trace::Recording& recording) {
    Result<std::optional<trace::JobRollup>> loaded = recording.load_job_rollup();
    if (!loaded.ok()) {
      return loaded.status();
    }
    rollup = std::move(loaded).value();
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return rollup;
}

Status Run::store_job_rollup(uint32_t process, const trace::JobRollup& rollup) const {
  return with_handle(process,
                     [&](const trace::Recording& recording) { return recording.store_job_rollup(rollup); });
}

Status Run::verify(uint32_t process) const {
  return with_handle(process, [&](const trace::Recording& recording) { return recording.verify(); });
}

}  // namespace stepscope::analysis
