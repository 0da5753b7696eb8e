// SPDX-License-Identifier: Apache-2.0
//
// Recording: read access to one finalized recording (*.stepscope).
//
//   auto recording = Recording::open("run/train-r0.stepscope");
//   recording.value().scan({.kind = Kind::kRange}, [](const SegmentView& s) { ...; return Status(); });
//
// Times are ns of CLOCK_MONOTONIC_RAW of the recording host; anchors() convert to wall-clock time.
// Threads: a Recording is used by one thread at a time; another() opens it for one more. Strings and infos stay valid
// as long as the Recording. Only this room knows SQLite: nothing of it shows here.
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
#include <vector>

#include "trace/kinds.hpp"
#include "trace/spool_reader.hpp"
#include "trace/status.hpp"

namespace stepscope::trace {

// A lane of a recording with what it holds.
struct LaneInfo : LaneDecl {
  uint64_t events = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
};

// One named counter of lost or refused data. severity: "info", "error" or "data_loss".
struct Loss {
  std::string counter;
  uint64_t count = 0;
  std::string severity;
  std::string sentence;
};

struct ColumnInfo {
  std::string name;
  ColumnType type = ColumnType::kInt;
};

// A kind as the file declares it; a newer minor version may have appended columns to a kind that this build knows.
struct KindSummary {
  uint16_t id = 0;
  std::string name;
  bool known = false;  // false: a newer build's kind; listed, not decoded
  uint64_t events = 0;
  std::vector<ColumnInfo> columns;
};

// One decoded segment. Rows are ascending by start_ns within a segment; segments of a lane may overlap in time.
struct SegmentView {
  Kind kind = Kind::kNone;
  uint32_t lane = 0;
  size_t rows = 0;
  // One per column of the kind, those this build knows and those the file has; a column not asked for is empty.
  std::span<const std::span<const int64_t>> columns;
};

struct ScanFilter {
  Kind kind = Kind::kNone;
  std::optional<uint32_t> lane = std::nullopt;
  int64_t begin_ns = std::numeric_limits<int64_t>::min();  // segments wholly outside [begin, end) are pruned;
  int64_t end_ns = std::numeric_limits<int64_t>::max();    // rows inside a segment are not filtered
  // Segments whose first event is before this are left out: for scans window by window, each segment once.
  int64_t first_from_ns = std::numeric_limits<int64_t>::min();
  uint32_t columns = ~0U;  // bit c set: decode column c
};

// Per name and kind totals, made at finalize.
struct NameTotal {
  Kind kind = Kind::kNone;
  uint32_t name = 0;
  uint64_t count = 0;
  int64_t total_ns = 0;
  int64_t max_ns = 0;
};

// Overview of a lane: busy fraction and leading name per time bucket, made at finalize (several zoom levels).
struct OverviewLevel {
  uint32_t lane = 0;
  int64_t origin_ns = 0;
  int64_t bucket_ns = 0;
  std::vector<uint16_t> busy;  // 0..65535 = 0..1 of the bucket, union of intervals
  std::vector<uint32_t>
      leading;  // name with most exclusive time in the bucket, 0 = none; see trace/overview.hpp
};

// A step and its ledger, computed by the analyzer and kept beside the events.
struct StepRow {
  int64_t index = 0;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  std::string step_class;  // "train", "warmup", "checkpoint", ...
};
struct LedgerRow {
  int64_t step = 0;   // StepRow::index
  uint32_t leaf = 0;  // index into Rollup::leaves
  int64_t exclusive_ns = 0;
};
struct Rollup {
  int32_t version = 0;  // of the analyzer's ledger; another version is recomputed
  std::string method;   // how steps were found
  std::vector<StepRow> steps;
  std::vector<std::string> leaves;  // each once, in any order
  std::vector<LedgerRow> ledger;
};

// What an analyzer computed from the recordings of all ranks of a job, kept in one of them.
struct JobRollup {
  int32_t version = 0;        // of the analyzer; it alone knows what `data` holds
  std::string inputs;         // fingerprint of all that it was computed from
  std::vector<uint8_t> data;  // not empty
};

class Recording {
 public:
  // Errors: kUnreadable, message naming file, cause and remedy (missing, not a recording, damaged, written by a
  // newer major version).
  [[nodiscard]] static Result<Recording> open(const std::string& path);
  // A second handle to the same recording, for another thread: shares what was read and checked at opening.
  // Where another file has the path now, that one is opened.
  [[nodiscard]] Result<Recording> another() const;
  // The same without its file: a run has thousands of recordings, and a process may hold only so many files. It has what was read
  // at opening, and another(); it cannot scan, load or store.
  [[nodiscard]] Recording closed() const;
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;
  ~Recording();

  [[nodiscard]] const std::string& path() const;
  [[nodiscard]] const std::map<std::string, std::string>& meta() const;
  [[nodiscard]] std::span<const LaneInfo> lanes() const;
  [[nodiscard]] std::span<const KindSummary> kinds() const;
  [[nodiscard]] std::span<const Loss> losses() const;
  [[nodiscard]] std::span<const ClockAnchor> anchors() const;
  [[nodiscard]] const std::vector<std::pair<int64_t, std::string>>& log() const;
  // Text of a string id; "" for 0, "?" for an id the table does not have.
  [[nodiscard]] std::string_view string(int64_t id) const;
  [[nodiscard]] size_t string_count() const;  // ids are 1 .. string_count()

  // Calls visit for each segment that passes the filter, ordered by lane, then by first event. Ends early with the visitor's
  // error. An unknown kind is an empty scan unless the file declares it. SegmentCursor is the same as a pull interface.
  [[nodiscard]] Status scan(const ScanFilter& filter,
                            const std::function<Status(const SegmentView&)>& visit) const;
  [[nodiscard]] Result<std::vector<NameTotal>> name_totals() const;
  [[nodiscard]] Result<std::vector<OverviewLevel>> overview(uint32_t lane) const;

  // Roll-up cached by an analyzer, if there is an undamaged one; storing replaces it in one transaction, also while others
  // read. Error of storing: kUnavailable (read-only file or directory, disk full), the recording is unchanged then.
  [[nodiscard]] Result<std::optional<Rollup>> load_rollup() const;
  [[nodiscard]] Status store_rollup(const Rollup& rollup) const;
  // The same for what was computed from several recordings; each is stored and replaced without the other.
  [[nodiscard]] Result<std::optional<JobRollup>> load_job_rollup() const;
  [[nodiscard]] Status store_job_rollup(const JobRollup& rollup) const;

  // PRAGMA integrity_check, all checksums, and decoding every segment; the first problem found.
  [[nodiscard]] Status verify() const;

  struct State;  // of this room

 private:
  friend class SegmentCursor;
  explicit Recording(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::trace
