// SPDX-License-Identifier: Apache-2.0
//
// Run: everything that was recorded of one run of a job, as one object. The way into the analysis library.
//
//   auto opened = Run::open("runs/healthy", {});
//   if (!opened.ok()) { show(opened.status().message()); return exit_code(opened.status().code()); }
//   const Run& run = opened.value();
//   Steps steps = find_steps(run, {}).value();
//
// A run is a directory of *.stepscope files (one per process), or one such file. Opening finalizes what the
// job left as spools, reads headers, lanes and strings, and decodes no event.
//
// Times are ns on the run's timeline: CLOCK_MONOTONIC_RAW of the host of processes()[0]. Processes of another
// host (another boot id) are shifted onto it by their wall-clock anchors. wall_ns() converts to UTC. Names
// are run-global ids: the same text has the same id in every process; 0 is "". Threads: all const members may
// be called from several threads at once; each concurrent scan reads through its own handle. A Run is
// movable, not copyable. Everything it returns by reference lives as long as it. Errors: Status with a code
// (kUnreadable: missing, damaged, foreign, too new -> exit 5; kUsage: cancelled or an index that does not
// exist -> exit 2) and one sentence naming file, cause and remedy. Deliberately not here: steps, ledger, diff
// (their own headers), any printing.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/category.hpp"
#include "trace/kinds.hpp"
#include "trace/recording.hpp"
#include "trace/status.hpp"

namespace stepscope::analysis {

using trace::Code;
using trace::Kind;
using trace::Result;
using trace::Status;

struct OpenOptions {
  bool finalize = true;  // turn leftover spools into recordings first
  bool allow_running =
      false;  // with finalize: snapshot processes that still run, instead of leaving them out
  // A recording that cannot be read is one of problems(), as long as another one can. For looking, not for judging: without
  // it the open fails.
  bool skip_damaged = false;
  std::function<void(size_t done, size_t total)> progress;  // called from the opening thread
  std::function<bool()> cancelled;                          // true: open() returns kUsage "cancelled"
};

inline constexpr uint32_t kNoLane = std::numeric_limits<uint32_t>::max();
inline constexpr int32_t kNoProcess = -1;

// One recorded process. Fields that the recording does not know are empty, 0 or -1.
struct Process {
  std::string file;  // path of the recording
  std::string base;  // file name without ".stepscope"
  std::string role;  // "main", "worker", ...
  int32_t rank = 0;
  int32_t local_rank = 0;
  int32_t world_size = 1;
  std::string host;
  uint32_t pid = 0;
  uint32_t parent_pid = 0;
  int32_t parent = kNoProcess;  // index into processes() when the parent was recorded too
  std::string cmdline;
  std::map<std::string, std::string> meta;
  uint32_t main_lane =
      kNoLane;  // global lane of the main thread (tid == pid), kNoLane when it recorded nothing
  uint64_t events = 0;
  int64_t first_ns = 0;  // of its events; first > last when there are none
  int64_t last_ns = -1;
  int64_t clock_shift_ns = 0;  // added to recorded times to get the run's timeline
};

// One lane of one process. Its index in Run::lanes() is the global lane number used everywhere.
struct Lane {
  uint32_t process = 0;   // index into processes()
  uint32_t trace_id = 0;  // id inside that recording
  std::string type;       // "thread", "stream", "worker", "counter", ...
  std::string name;       // for people
  uint32_t tid = 0;
  uint64_t events = 0;
  int64_t first_ns = 0;
  int64_t last_ns = -1;
};

struct RunLoss {
  uint32_t process = 0;
  std::string counter;
  uint64_t count = 0;
  std::string severity;  // "info", "error", "data_loss"
  std::string sentence;
  std::string remedy;  // what to do about it; empty when there is nothing to mend
};

// A door of the collector, or a thing it displaced: meta "door.*" and "displaced.*".
struct Door {
  uint32_t process = 0;
  std::string name;   // "preload", "nvtx", ... or the displaced variable
  std::string state;  // "opened", "present", a reason, or the previous value
  bool displaced = false;
};

struct TimeRange {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

// Consecutive events of one lane and kind, structure of arrays; all spans have the same length, except
// `value`, which is empty unless kind is counter or health. Ascending by start inside one block; blocks of a
// lane may overlap in time. dur is 0 for moments and never negative. Valid during the visit only.
struct EventBlock {
  Kind kind = Kind::kNone;
  std::span<const int64_t> start_ns;
  std::span<const int64_t> dur_ns;
  std::span<const uint32_t> name;  // run-global string id
  std::span<const Category> category;
  std::span<const double> value;
};

using EventVisitor = std::function<Status(const EventBlock&)>;  // an error stops the scan and is returned

struct LaneScan {
  int64_t begin_ns = std::numeric_limits<int64_t>::min();  // blocks wholly outside [begin, end) are skipped
  int64_t end_ns = std::numeric_limits<int64_t>::max();
  // Blocks whose first event is before this are skipped: for scans window by window, each block with the window it begins in.
  int64_t first_from_ns = std::numeric_limits<int64_t>::min();
  bool counters = false;    // also deliver kinds counter and health
  Kind kind = Kind::kNone;  // only this one; kNone: all
};

// Busy fraction and leading name per bucket, as stored at finalize; coarse to fine as the recording has them.
struct LaneOverview {
  int64_t origin_ns = 0;  // run timeline
  int64_t bucket_ns = 0;
  std::vector<uint16_t> busy;     // 0..65535 = 0..1
  std::vector<uint32_t> leading;  // run-global name, 0 = none
};

// How often a kind has a name in a recording, and how long it took, all in all; made at finalize.
struct NameTotal {
  Kind kind = Kind::kNone;
  uint32_t name = 0;  // run-global; 0 for kinds without one
  uint64_t count = 0;
  int64_t total_ns = 0;
};

using Details = std::vector<std::pair<std::string, std::string>>;  // key, value; ready to show

class Run {
 public:
  struct State;  // opaque; run_state.hpp

  [[nodiscard]] static Result<Run> open(const std::string& path, const OpenOptions& options);
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  ~Run();

  // The same run once more, without opening anything, for work that somebody may wait to end: as soon as `stop` returns true, reads
  // under way (within a segment) and all later ones end with kUsage "cancelled", stores too, so that nothing that is
  // half done is kept. `stop` is called from the threads that read, and stays true once it was. What *this was given counts as well.
  // Everything returned by reference lives as long as any of them.
  [[nodiscard]] Run until(std::function<bool()> stop) const;

  [[nodiscard]] const std::string& path() const;
  [[nodiscard]] std::string_view label() const;  // last component of path, for headings
  // main processes first, by rank; then the others by rank, role, file.
  [[nodiscard]] std::span<const Process> processes() const;
  [[nodiscard]] std::span<const Lane> lanes() const;
  [[nodiscard]] std::span<const RunLoss> losses() const;
  [[nodiscard]] std::span<const Door> doors() const;
  [[nodiscard]] const std::vector<std::string>& still_running() const;  // spools left alone by open()
  // One sentence (file, cause, remedy) per spool (with skip_damaged: or recording) that open() could not read and left
  // where it is: the run is incomplete. A run of which nothing can be read does not open at all.
  [[nodiscard]] const std::vector<std::string>& problems() const;
  // The spools of processes that were still running when their recording was made (allow_running): there is more of them by now.
  [[nodiscard]] std::vector<std::string> snapshots() const;
  [[nodiscard]] TimeRange time_range() const;  // of all events; {0, 0} when empty
  [[nodiscard]] uint64_t event_count() const;

  [[nodiscard]] std::string_view name(uint32_t id) const;
  [[nodiscard]] uint32_t name_count() const;  // ids are 0 .. name_count() - 1
  // The id of a text, 0 when no process has it.
  [[nodiscard]] uint32_t find_name(std::string_view text) const;

  // Wall-clock time (ns since 1970, UTC) of a moment on the run's timeline; 0 when the process has no anchor.
  [[nodiscard]] int64_t wall_ns(uint32_t process, int64_t ns) const;

  // Normalised events of one lane, in bulk.
  [[nodiscard]] Status scan_lane(uint32_t lane, const LaneScan& scan, const EventVisitor& visit) const;
  [[nodiscard]] Result<std::vector<LaneOverview>> overview(uint32_t lane) const;
  // Every column of the event of `kind` on `lane` that starts at start_ns and lasts dur_ns, as text; empty
  // when there is none. For a details panel: decodes one segment or two.
  [[nodiscard]] Result<Details> details(uint32_t lane, Kind kind, int64_t start_ns, int64_t dur_ns) const;

  // Raw columns of one process for analyses: times as recorded (add clock_shift_ns), names as run-global ids
  // must be translated with global_name(). filter.lane is the recording's own lane id.
  [[nodiscard]] Status scan(uint32_t process, const trace::ScanFilter& filter,
                            const std::function<Status(const trace::SegmentView&)>& visit) const;
  [[nodiscard]] uint32_t global_name(uint32_t process, int64_t local_id) const;
  [[nodiscard]] uint32_t global_lane(uint32_t process, uint32_t trace_lane) const;  // kNoLane when unknown
  [[nodiscard]] uint64_t kind_events(uint32_t process, Kind kind) const;
  // Without decoding an event; ascending by kind, then by the recording's order of names.
  [[nodiscard]] Result<std::vector<NameTotal>> name_totals(uint32_t process) const;

  // Analyzer roll-ups kept inside the recordings (ledger.hpp uses them), and the deep file check of
  // selfcheck.
  [[nodiscard]] Result<std::optional<trace::Rollup>> load_rollup(uint32_t process) const;
  [[nodiscard]] Status store_rollup(uint32_t process, const trace::Rollup& rollup) const;
  // Of the whole job, in the recording of one process (rank_ledger.hpp).
  [[nodiscard]] Result<std::optional<trace::JobRollup>> load_job_rollup(uint32_t process) const;
  [[nodiscard]] Status store_job_rollup(uint32_t process, const trace::JobRollup& rollup) const;
  [[nodiscard]] Status verify(uint32_t process) const;

 private:
  explicit Run(std::shared_ptr<State> state);
  template <typename Read>
  [[nodiscard]] Status with_handle(uint32_t process, const Read& read) const;
  [[nodiscard]] Status stopped() const;  // not ok once `stop` of until() says so

  std::shared_ptr<State> state_;
  std::function<bool()> stop_;
};

// True while the process lives that writes this spool (path of a *.spool).
[[nodiscard]] bool is_being_recorded(const std::string& spool);

}  // namespace stepscope::analysis
