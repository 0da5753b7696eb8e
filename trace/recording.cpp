// SPDX-License-Identifier: Apache-2.0
#include "trace/recording.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "trace/digest.hpp"
#include "trace/packed_segment.hpp"
#include "trace/recording_state.hpp"
#include "trace/schema.hpp"
#include "trace/segment_cursor.hpp"

namespace stepscope::trace {
namespace {

constexpr int64_t kMaxOverviewBuckets = 65536;

Status verify_segments(const Recording& recording, const KindSummary& kind) {
  return recording.scan({.kind = static_cast<Kind>(kind.id)}, [&](const SegmentView& view) {
    const bool sorted =
        view.columns.empty() || std::is_sorted(view.columns[0].begin(), view.columns[0].end());
    return sorted ? Status() : damaged(recording.path(), "events of kind " + kind.name + " are out of order");
  });
}

// A program killed while it stored a roll-up leaves a journal, and SQLite rolls it back only for someone who may write.
// Whether the journal really is a leftover is SQLite's decision (it looks at locks). Without permission, opening says why.
void roll_back_leftover(const std::string& path) {
  if (access((path + "-journal").c_str(), F_OK) != 0) {
    return;
  }
  Result<Database> database = Database::open(path, OpenMode::kReadWrite);
  if (database.ok()) {
    (void)database.value().exec("SELECT count(*) FROM sqlite_schema");
  }
}

Result<Database> open_for_reading(const std::string& path) {
  Result<Database> database = Database::open(path, OpenMode::kReadOnly);
  if (!database.ok()) {
    return unreadable(path, database.status().message(), "check the path and your permissions");
  }
  // Segments are read once, in order: SQLite's usual cache would only hold memory, of each recording of a run.
  (void)database.value().exec("PRAGMA cache_size=-64");
  return database;
}

FileIdentity identity_of(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 ? FileIdentity{info.st_dev, info.st_ino} : FileIdentity();
}

}  // namespace

Result<Recording> Recording::open(const std::string& path) {
  roll_back_leftover(path);
  if (Status status = check_header(path); !status.ok()) {
    return status;
  }
  Result<Database> database = open_for_reading(path);
  if (!database.ok()) {
    return database.status();
  }
  auto state = std::make_unique<State>(path, std::move(database).value());
  state->file = identity_of(path);
  std::string problem;
  state->contents = load_contents(state->database, &problem);
  if (state->contents == nullptr) {
    return damaged(path, problem);
  }
  return Recording(std::move(state));
}

Result<Recording> Recording::another() const {
  if (!state_->file.same_as(identity_of(path()))) {
    return open(path());  // another file has taken its place
  }
  roll_back_leftover(path());
  Result<Database> database = open_for_reading(path());
  if (!database.ok()) {
    return database.status();
  }
  auto state = std::make_unique<State>(path(), std::move(database).value());
  state->file = state_->file;
  state->contents = state_->contents;
  return Recording(std::move(state));
}

Recording Recording::closed() const {
  auto state = std::make_unique<State>(path(), Database());
  state->file = state_->file;
  state->contents = state_->contents;
  return Recording(std::move(state));
}

Recording::Recording(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recording::Recording(Recording&&) noexcept = default;
Recording& Recording::operator=(Recording&&) noexcept = default;
Recording::~Recording() = default;

const std::string& Recording::path() const {
  return state_->path;
}
const std::map<std::string, std::string>& Recording::meta() const {
  return state_->contents->meta;
}
std::span<const LaneInfo> Recording::lanes() const {
  return state_->contents->lanes;
}
std::span<const KindSummary> Recording::kinds() const {
  return state_->contents->kinds;
}
std::span<const Loss> Recording::losses() const {
  return state_->contents->losses;
}
std::span<const ClockAnchor> Recording::anchors() const {
  return state_->contents->anchors;
}
const std::vector<std::pair<int64_t, std::string>>& Recording::log() const {
  return state_->contents->log;
}
size_t Recording::string_count() const {
  return state_->contents->strings.size();
}

std::string_view Recording::string(int64_t id) const {
  if (id == 0) {
    return "";
  }
  return id > 0 && static_cast<uint64_t>(id) <= state_->contents->strings.size()
             ? state_->contents->strings[static_cast<size_t>(id - 1)]
             : std::string_view("?");
}

Status Recording::scan(const ScanFilter& filter,
                       const std::function<Status(const SegmentView&)>& visit) const {
  SegmentCursor cursor(*this, filter);
  for (;;) {
    const Result<const SegmentView*> view = cursor.next();
    if (!view.ok() || view.value() == nullptr) {
      return view.status();
    }
    if (const Status status = visit(*view.value()); !status.ok()) {
      return status;
    }
  }
}

Result<std::vector<NameTotal>> Recording::name_totals() const {
  std::vector<NameTotal> totals;
  Statement rows(state_->database,
                 "SELECT kind, name, count, total_ns, max_ns FROM name_total ORDER BY kind, name");
  while (rows.next()) {
    totals.push_back({static_cast<Kind>(rows.integer(0)), static_cast<uint32_t>(rows.integer(1)),
                      static_cast<uint64_t>(rows.integer(2)), rows.integer(3), rows.integer(4)});
  }
  if (!rows.ok() || !digest_matches(state_->database, "name_total")) {
    return damaged(path(), "table name_total does not match its checksum");
  }
  return totals;
}

Result<std::vector<OverviewLevel>> Recording::overview(uint32_t lane) const {
  std::vector<OverviewLevel> levels;
  SegmentUnpacker unpacker;
  std::vector<int64_t> busy;
  std::vector<int64_t> leading;
  Statement rows(state_->database,
                 "SELECT origin_ns, bucket_ns, buckets, data FROM overview WHERE lane = ? ORDER BY level");
  rows.bind(1, int64_t{lane});
  while (rows.next()) {
    OverviewLevel& level = levels.emplace_back();
    level.lane = lane;
    level.origin_ns = rows.integer(0);
    level.bucket_ns = rows.integer(1);
    const int64_t buckets = rows.integer(2);
    const bool sane = level.bucket_ns > 0 && buckets > 0 && buckets <= kMaxOverviewBuckets;
    busy.resize(sane ? static_cast<size_t>(buckets) : 0);
    leading.resize(busy.size());
    const std::array<int64_t*, 2> out = {busy.data(), leading.data()};
    if (!sane || !unpacker.unpack(rows.blob(3), busy.size(), out.size(), out.data())) {
      return damaged(path(), "the overview of lane " + std::to_string(lane) + " cannot be decoded");
    }
    for (size_t i = 0; i < busy.size(); ++i) {
      level.busy.push_back(static_cast<uint16_t>(busy[i]));
      level.leading.push_back(static_cast<uint32_t>(leading[i]));
    }
  }
  if (!rows.ok()) {
    return damaged(path(), state_->database.error());
  }
  return levels;
}

Status Recording::verify() const {
  Statement check(state_->database, "PRAGMA integrity_check(1)");
  if (!check.next() || check.text(0) != "ok") {
    return damaged(path(), check.ok() ? std::string(check.text(0)) : state_->database.error());
  }
  check.reset();
  for (const std::span<const DigestPart> parts : {eager_digest_parts(), lazy_digest_parts()}) {
    for (const DigestPart& part : parts) {
      if (!digest_matches(state_->database, part.table)) {
        return damaged(path(), "table " + std::string(part.table) + " does not match its checksum");
      }
    }
  }
  for (const KindSummary& kind : kinds()) {
    if (const Status status = verify_segments(*this, kind); !status.ok()) {
      return status;
    }
  }
  for (const LaneInfo& lane : lanes()) {
    if (const Status status = overview(lane.id).status(); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace stepscope::trace
