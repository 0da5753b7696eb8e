// SPDX-License-Identifier: Apache-2.0
#include "analyzer/run.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <thread>

#include "analyzer/parallel_for.hpp"
#include "analyzer/run_state.hpp"
#include "trace/finalize.hpp"
#include "trace/loss_table.hpp"

namespace stepscope::analysis {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".stepscope";

template <typename Number>
Number meta_number(const std::map<std::string, std::string>& meta, const char* key, Number fallback) {
  const auto found = meta.find(key);
  Number value = fallback;
  if (found != meta.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return fallback;
    }
  }
  return value;
}

std::string meta_text(const std::map<std::string, std::string>& meta, const char* key) {
  const auto found = meta.find(key);
  return found == meta.end() ? std::string() : found->second;
}

struct Found {
  std::vector<std::string> recordings;  // sorted
  std::vector<std::string> still_running;
  std::vector<std::string> problems;
};

Status list_recordings(const fs::path& directory, std::vector<std::string>* out) {
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kExtension && it->is_regular_file(error)) {
      out->push_back(it->path().string());
    }
  }
  if (error) {
    return {Code::kUnreadable, directory.string() + ": cannot be listed (" + error.message() +
                                   "); check the path and its permissions"};
  }
  std::sort(out->begin(), out->end());
  return {};
}

Result<Found> find_recordings(const std::string& path, const OpenOptions& options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    return Status(Code::kUnreadable, path + ": does not exist; give a run directory or a *.stepscope file");
  }
  Found found;
  const bool directory = fs::is_directory(status);
  const std::string extension = fs::path(path).extension().string();
  const bool spool = !directory && (extension == ".spool" || extension == ".ring");
  if (options.finalize && (spool || (directory && trace::needs_finalize(path)))) {
    trace::FinalizeOptions how;
    how.allow_running = options.allow_running;
    how.progress = options.progress;
    how.cancelled = options.cancelled;
    Result<trace::FinalizeResult> finalized = trace::finalize(path, how);
    if (!finalized.ok()) {
      return finalized.status();
    }
    found.still_running = finalized.value().still_running;
    std::sort(found.still_running.begin(), found.still_running.end());
    for (const Status& problem : finalized.value().problems) {
      found.problems.push_back(problem.message());
    }
    if (spool) {
      found.recordings = finalized.value().recordings;
    }
  }
  if (directory) {
    if (Status listed = list_recordings(path, &found.recordings); !listed.ok()) {
      return listed;
    }
  } else if (!spool) {
    found.recordings.push_back(path);
  }
  if (found.recordings.empty() && !found.problems.empty()) {
    return Status(Code::kUnreadable, found.problems.front());
  }
  if (found.recordings.empty()) {
    return Status(
        Code::kUnreadable,
        path + (found.still_running.empty()
                    ? ": no recording in here; record a run with 'stepscope record -o DIR -- COMMAND'"
                    : ": the recorded processes are still running; try again when the job has ended"));
  }
  return found;
}

Process describe(const std::string& path, const trace::Recording& recording) {
  Process process;
  process.file = path;
  process.base = fs::path(path).stem().string();
  process.meta = recording.meta();
  process.role = meta_text(process.meta, "process.role");
  process.rank = meta_number<int32_t>(process.meta, "process.rank", 0);
  process.local_rank = meta_number<int32_t>(process.meta, "process.local_rank", 0);
  process.world_size = meta_number<int32_t>(process.meta, "process.world_size", 1);
  process.host = meta_text(process.meta, "process.host");
  process.pid = meta_number<uint32_t>(process.meta, "process.pid", 0);
  process.parent_pid = meta_number<uint32_t>(process.meta, "process.ppid", 0);
  process.cmdline = meta_text(process.meta, "process.cmdline");
  if (process.role.empty()) {
    process.role = "main";
  }
  return process;
}

// One clock for the whole run: another boot of another machine is shifted by its wall clock.
int64_t clock_shift(const Process& first, const ProcessData& first_data, const Process& other,
                    const ProcessData& data) {
  const std::string boot = meta_text(first.meta, "process.boot_id");
  const std::string other_boot = meta_text(other.meta, "process.boot_id");
  const bool same = !boot.empty() && !other_boot.empty() ? boot == other_boot : first.host == other.host;
  if (same || first_data.anchors.empty() || data.anchors.empty()) {
    return 0;
  }
  const trace::ClockAnchor& a = first_data.anchors.front();
  const trace::ClockAnchor& b = data.anchors.front();
  return (b.realtime_ns - b.monotonic_raw_ns) - (a.realtime_ns - a.monotonic_raw_ns);
}

bool process_before(const Process& a, const Process& b) {
  const bool a_main = a.role == "main";
  const bool b_main = b.role == "main";
  return std::tuple(!a_main, a.rank, std::string_view(a.role), std::string_view(a.file)) <
         std::tuple(!b_main, b.rank, std::string_view(b.role), std::string_view(b.file));
}

// The first of the processes with this key that is not `child` itself.
template <typename Index, typename Key>
int32_t first_other(const Index& index, const Key& key, int32_t child) {
  const auto found = index.find(key);
  if (found == index.end()) {
    return kNoProcess;
  }
  const auto other = std::find_if(found->second.begin(), found->second.end(),
                                  [child](int32_t candidate) { return candidate != child; });
  return other == found->second.end() ? kNoProcess : *other;
}

void link_parents(std::vector<Process>& processes) {
  std::map<std::string_view, std::vector<int32_t>> by_base;
  std::map<std::pair<std::string_view, uint32_t>, std::vector<int32_t>> by_pid;
  for (size_t i = 0; i < processes.size(); ++i) {
    by_base[processes[i].base].push_back(static_cast<int32_t>(i));
    by_pid[{processes[i].host, processes[i].pid}].push_back(static_cast<int32_t>(i));
  }
  for (size_t i = 0; i < processes.size(); ++i) {
    Process& child = processes[i];
    const auto self = static_cast<int32_t>(i);
    const std::string parent_base = meta_text(child.meta, "process.parent_base");
    if (!parent_base.empty()) {
      child.parent = first_other(by_base, std::string_view(parent_base), self);
    } else if (child.parent_pid != 0) {
      child.parent = first_other(by_pid, std::pair(std::string_view(child.host), child.parent_pid), self);
    }
  }
}

}  // namespace

uint32_t NameTable::intern(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) {
    return found->second;
  }
  const auto id = static_cast<uint32_t>(texts_.size());
  ids_.emplace(texts_.emplace_back(text), id);
  return id;
}

uint32_t NameTable::find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? 0 : found->second;
}

std::string_view NameTable::text(uint32_t id) const {
  return id < texts_.size() ? std::string_view(texts_[id]) : std::string_view("?");
}

namespace {

// Adds what one recording says about itself; lanes, clocks and names.
void add_process(Run::State& state, uint32_t index) {
  Process& process = state.processes[index];
  ProcessData& data = *state.data[index];
  const trace::Recording& recording = data.handles.facts();
  data.names.assign(recording.string_count() + 1, 0);
  for (size_t id = 1; id < data.names.size(); ++id) {
    data.names[id] = state.names.intern(recording.string(static_cast<int64_t>(id)));
  }
  process.clock_shift_ns = clock_shift(state.processes[0], *state.data[0], process, data);
  bool any = false;
  for (const trace::LaneInfo& info : recording.lanes()) {
    Lane lane{index, info.id, info.type, info.name, info.tid, info.events, 0, -1};
    if (info.events > 0) {
      lane.first_ns = info.first_ns + process.clock_shift_ns;
      lane.last_ns = info.last_ns + process.clock_shift_ns;
      process.first_ns = any ? std::min(process.first_ns, lane.first_ns) : lane.first_ns;
      process.last_ns = any ? std::max(process.last_ns, lane.last_ns) : lane.last_ns;
      any = true;
    }
    const auto global = static_cast<uint32_t>(state.lanes.size());
    data.lane_by_trace_id.emplace(info.id, global);
    if (process.main_lane == kNoLane && info.tid != 0 && info.tid == process.pid) {
      process.main_lane = global;
    }
    process.events += info.events;
    state.lanes.push_back(std::move(lane));
  }
  for (const trace::Loss& loss : recording.losses()) {
    state.losses.push_back({index, loss.counter, loss.count, loss.severity, loss.sentence,
                            std::string(trace::loss_meaning(loss.counter).remedy)});
  }
  for (const auto& [key, value] : process.meta) {
    if (key.starts_with("door.")) {
      state.doors.push_back({index, key.substr(5), value, false});
    } else if (key.starts_with("displaced.")) {
      state.doors.push_back({index, key.substr(10), value, true});
    }
  }
}

void sum_up(Run::State& state) {
  bool any = false;
  for (const Process& process : state.processes) {
    state.events += process.events;
    if (process.first_ns <= process.last_ns) {
      state.range.begin_ns = any ? std::min(state.range.begin_ns, process.first_ns) : process.first_ns;
      state.range.end_ns = any ? std::max(state.range.end_ns, process.last_ns) : process.last_ns;
      any = true;
    }
  }
}

struct OpenedProcess {
  Process process;
  std::unique_ptr<ProcessData> data;
  Status status;
};

// Opens the files on several threads. The first that fails, in their order, is the answer; or a problem, where damaged files are skipped and
// not all of them are.
Result<std::vector<OpenedProcess>> open_files(const std::string& path, Found& found,
                                              const OpenOptions& options) {
  const std::vector<std::string>& files = found.recordings;
  const std::thread::id caller = std::this_thread::get_id();
  std::vector<OpenedProcess> opened(files.size());
  std::atomic<size_t> done{0};
  std::atomic<bool> cancelled{false};
  std::atomic<size_t> failed{files.size()};  // the lowest
  parallel_for(files.size(), [&](size_t i) {
    const bool here = std::this_thread::get_id() == caller;  // who calls back
    if (here && options.cancelled && options.cancelled()) {
      cancelled = true;
    }
    if (cancelled || i > failed) {
      return;
    }
    Result<trace::Recording> recording = trace::Recording::open(files[i]);
    if (!recording.ok()) {
      opened[i].status = recording.status();
      size_t lowest = options.skip_damaged ? 0 : failed.load();
      while (i < lowest && !failed.compare_exchange_weak(lowest, i)) {
      }
      return;
    }
    opened[i].process = describe(files[i], recording.value());
    opened[i].data = std::make_unique<ProcessData>(recording.value());
    opened[i].data->handles.give_back(std::move(recording).value());
    const size_t count = ++done;
    if (here && options.progress && count < files.size()) {
      options.progress(count, files.size());
    }
  });
  if (cancelled) {
    return Status(Code::kUsage, path + ": opening was cancelled");
  }
  if (failed < files.size()) {
    return opened[failed].status;
  }
  std::erase_if(opened, [&found](const OpenedProcess& one) {
    if (!one.status.ok()) {
      found.problems.push_back(one.status.message());
    }
    return !one.status.ok();
  });
  if (opened.empty() && !files.empty()) {
    return Status(Code::kUnreadable, found.problems.back());
  }
  if (options.progress) {
    options.progress(files.size(), files.size());
  }
  return opened;
}

}  // namespace

Result<Run> Run::open(const std::string& path, const OpenOptions& options) {
  Result<Found> found = find_recordings(path, options);
  if (!found.ok()) {
    return found.status();
  }
  Result<std::vector<OpenedProcess>> opened = open_files(path, found.value(), options);
  if (!opened.ok()) {
    return opened.status();
  }
  std::stable_sort(
      opened.value().begin(), opened.value().end(),
      [](const OpenedProcess& a, const OpenedProcess& b) { return process_before(a.process, b.process); });
  auto state = std::make_shared<State>();
  state->path = path;
  state->still_running = std::move(found.value().still_running);
  state->problems = std::move(found.value().problems);
  for (OpenedProcess& one : opened.value()) {
    state->processes.push_back(std::move(one.process));
    state->data.push_back(std::move(one.data));
  }
  for (size_t i = 0; i < state->processes.size(); ++i) {
    if (options.cancelled && options.cancelled()) {
      return Status(Code::kUsage, path + ": opening was cancelled");
    }
    add_process(*state, static_cast<uint32_t>(i));
  }
  link_parents(state->processes);
  sum_up(*state);
  intern_made_names(*state);
  return Run(std::move(state));
}

Run::Run(std::shared_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;
Run::~Run() = default;

Run Run::until(std::function<bool()> stop) const {
  Run same(state_);
  if (!stop) {
    same.stop_ = stop_;
    return same;
  }
  same.stop_ =
      !stop_ ? std::move(stop) : [first = stop_, second = std::move(stop)] { return first() || second(); };
  return same;
}

Status Run::stopped() const {
  return stop_ && stop_() ? Status(Code::kUsage, state_->path + ": reading was cancelled") : Status();
}

const std::string& Run::path() const {
  return state_->path;
}

std::string_view Run::label() const {
  std::string_view text = state_->path;
  while (text.size() > 1 && text.back() == '/') {
    text.remove_suffix(1);
  }
  const size_t slash = text.rfind('/');
  return slash == std::string_view::npos || text.size() == 1 ? text : text.substr(slash + 1);
}

std::span<const Process> Run::processes() const {
  return state_->processes;
}
std::span<const Lane> Run::lanes() const {
  return state_->lanes;
}
std::span<const RunLoss> Run::losses() const {
  return state_->losses;
}
std::span<const Door> Run::doors() const {
  return state_->doors;
}
const std::vector<std::string>& Run::still_running() const {
  return state_->still_running;
}
const std::vector<std::string>& Run::problems() const {
  return state_->problems;
}
std::vector<std::string> Run::snapshots() const {
  std::vector<std::string> spools;
  for (const RunLoss& loss : state_->losses) {
    if (loss.counter == "spool.snapshot" && loss.count > 0) {
      spools.push_back(fs::path(state_->processes[loss.process].file).replace_extension(".spool").string());
    }
  }
  return spools;
}

bool is_being_recorded(const std::string& spool) {
  return trace::is_being_recorded(fs::path(spool).replace_extension().string());
}

TimeRange Run::time_range() const {
  return state_->range;
}
uint64_t Run::event_count() const {
  return state_->events;
}
std::string_view Run::name(uint32_t id) const {
  return state_->names.text(id);
}
uint32_t Run::name_count() const {
  return state_->names.size();
}
uint32_t Run::find_name(std::string_view text) const {
  return state_->names.find(text);
}

int64_t Run::wall_ns(uint32_t process, int64_t ns) const {
  const std::vector<trace::ClockAnchor>& anchors = state_->data[process]->anchors;
  if (anchors.empty()) {
    return 0;
  }
  const int64_t raw = ns - state_->processes[process].clock_shift_ns;
  const auto after = std::upper_bound(
      anchors.begin(), anchors.end(), raw,
      [](int64_t value, const trace::ClockAnchor& anchor) { return value < anchor.monotonic_raw_ns; });
  if (after == anchors.begin()) {
    return anchors.front().realtime_ns + (raw - anchors.front().monotonic_raw_ns);
  }
  const trace::ClockAnchor& before = *(after - 1);
  if (after == anchors.end() || after->monotonic_raw_ns == before.monotonic_raw_ns) {
    return before.realtime_ns + (raw - before.monotonic_raw_ns);
  }
  const double part = static_cast<double>(raw - before.monotonic_raw_ns) /
                      static_cast<double>(after->monotonic_raw_ns - before.monotonic_raw_ns);
  return before.realtime_ns +
         static_cast<int64_t>(part * static_cast<double>(after->realtime_ns - before.realtime_ns));
}

}  // namespace stepscope::analysis
