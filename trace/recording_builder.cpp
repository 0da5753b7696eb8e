// SPDX-License-Identifier: Apache-2.0
#include "trace/recording_builder.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trace/digest.hpp"
#include "trace/lane_merge.hpp"
#include "trace/output_file.hpp"
#include "trace/overview.hpp"
#include "trace/packed_segment.hpp"
#include "trace/recording_tables.hpp"
#include "trace/schema.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {
namespace {

// Rows waiting in memory, over all kinds and lanes, before the largest buffer is written out early (256 MiB).
constexpr size_t kMaxPendingValues = size_t{32} << 20;

constexpr uint32_t kMaxStringId = 1U << 24;

// Names with a smaller id have their totals in an array, the others in a map: ids are dense, but may come from anywhere.
constexpr size_t kDenseNames = size_t{1} << 17;

// Every setting that reaches the bytes of the file is fixed here; no journal, since an unfinished file is discarded.
constexpr char kSettings[] =
    "PRAGMA page_size=4096; PRAGMA encoding='UTF-8'; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=OFF;"
    "PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384;";

// Rows of one kind and lane that are not in a segment yet.
struct Buffer {
  const KindInfo* kind = nullptr;
  uint32_t lane = 0;
  std::array<std::vector<int64_t>, kMaxColumns> columns;

  [[nodiscard]] size_t rows() const { return columns[0].size(); }
};

// Totals of one kind by name.
struct Totals {
  std::vector<NameTotal> dense;
  std::map<uint32_t, NameTotal> sparse;

  NameTotal& of(uint32_t name) {
    if (name >= kDenseNames) {
      return sparse[name];
    }
    if (name >= dense.size()) {
      dense.resize(size_t{name} + 1);
    }
    return dense[name];
  }
};

constexpr Column kOverviewColumns[] = {{"busy", ColumnType::kUint, Encoding::kVarint},
                                       {"leading", ColumnType::kString, Encoding::kDict}};

}  // namespace

struct RecordingBuilder::State {
  State(OutputFile file, Database db)
      : output(std::move(file)),
        database(std::move(db)),
        segment_row(std::in_place, database,
                    "INSERT INTO segment (id, kind, lane, first_ns, last_end_ns, rows, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)") {}

  [[nodiscard]] Buffer& buffer(const KindInfo& kind, uint32_t lane);
  [[nodiscard]] Status make_room(size_t new_values);
  [[nodiscard]] Status flush(Buffer& buffer);
  void sort_rows(Buffer& buffer);
  void count_names(const Buffer& buffer);
  [[nodiscard]] bool write_overviews();
  [[nodiscard]] bool write_overview(uint32_t lane, const std::vector<SegmentEntry>& segments);
  [[nodiscard]] bool write_strings();
  void collect_totals();
  [[nodiscard]] uint32_t label(const KindInfo& kind);
  [[nodiscard]] uint32_t intern(std::string_view text);
  [[nodiscard]] Status failure() const {
    return unwritable(output.path(), database.error(), "check free space of the directory");
  }

  OutputFile output;
  Database database;
  std::optional<Statement> segment_row;
  SegmentPacker packer;
  SegmentUnpacker unpacker;
  RecordingTables tables;
  std::map<std::pair<uint16_t, uint32_t>, Buffer> buffers;
  Buffer* last_buffer = nullptr;
  size_t pending_values = 0;
  std::vector<SegmentEntry> segments;
  std::deque<std::string> strings;  // stable addresses: string_ids points into it
  std::unordered_map<std::string_view, uint32_t> string_ids;
  std::map<uint16_t, Totals> totals;  // by kind
  std::vector<uint32_t> order;        // of sort_rows
  std::vector<int64_t> sorted;        // of sort_rows
};

Result<RecordingBuilder> RecordingBuilder::create(const std::string& path) {
  Result<OutputFile> output = OutputFile::create(path);
  if (!output.ok()) {
    return output.status();
  }
  Result<Database> database = Database::open(output.value().temporary_path(), OpenMode::kReadWrite);
  if (!database.ok()) {
    return unwritable(path, database.status().message(), "check permissions of the directory");
  }
  Database& db = database.value();
  const std::string marks = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                            "; PRAGMA user_version=" + std::to_string(kFormatMajor << 16 | kFormatMinor);
  if (!db.exec(kSettings) || !db.exec("BEGIN EXCLUSIVE") || !db.exec(marks.c_str()) ||
      !db.exec(schema_sql()) || !write_kinds(db)) {
    return unwritable(path, db.error(), "check free space of the directory");
  }
  return RecordingBuilder(std::make_unique<State>(std::move(output).value(), std::move(database).value()));
}

RecordingBuilder::RecordingBuilder(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordingBuilder::RecordingBuilder(RecordingBuilder&&) noexcept = default;
RecordingBuilder& RecordingBuilder::operator=(RecordingBuilder&&) noexcept = default;
RecordingBuilder::~RecordingBuilder() = default;

uint32_t RecordingBuilder::intern(std::string_view text) {
  return state_->intern(text);
}

void RecordingBuilder::set_string(uint32_t id, std::string_view text) {
  State& state = *state_;
  if (id == 0 || id > kMaxStringId || text.empty()) {
    return;
  }
  if (state.strings.size() < id) {
    state.strings.resize(id);
  }
  std::string& slot = state.strings[id - 1];
  if (slot.empty()) {
    slot = text;
    state.string_ids.emplace(slot, id);
  }
}

void RecordingBuilder::add_lane(const LaneDecl& lane) {
  state_->tables.lanes[lane.id] = lane;
}

void RecordingBuilder::set_meta(std::string_view key, std::string_view value) {
  state_->tables.meta.insert_or_assign(std::string(key), std::string(value));
}

void RecordingBuilder::add_anchor(const ClockAnchor& anchor) {
  state_->tables.anchors.push_back(anchor);
}

void RecordingBuilder::add_loss(std::string_view counter, uint64_t count) {
  if (count > 0) {
    state_->tables.losses[std::string(counter)] += count;
  }
}

void RecordingBuilder::add_log(int64_t time_ns, std::string_view text) {
  state_->tables.log.emplace_back(time_ns, text);
}

Status RecordingBuilder::add(Kind kind, uint32_t lane, std::span<const int64_t> values) {
  const KindInfo* info = find_kind(static_cast<uint16_t>(kind));
  if (info == nullptr || values.empty() || values.size() > info->column_count) {
    return {Code::kUsage, "an event of kind " + std::to_string(static_cast<unsigned>(kind)) + " with " +
                              std::to_string(values.size()) + " values does not exist; see trace/kinds.cpp"};
  }
  State& state = *state_;
  if (const Status status = state.make_room(info->column_count); !status.ok()) {
    return status;
  }
  Buffer& buffer = state.buffer(*info, lane);
  for (size_t c = 0; c < info->column_count; ++c) {
    buffer.columns[c].push_back(c < values.size() ? values[c] : 0);
  }
  state.pending_values += info->column_count;
  return buffer.rows() == kMaxSegmentRows ? state.flush(buffer) : Status();
}

Status RecordingBuilder::add_block(const EventBlock& block) {
  const KindInfo* info = find_kind(static_cast<uint16_t>(block.kind));
  if (info == nullptr || block.columns.empty() || block.columns[0].size() < block.rows) {
    return {Code::kUsage, "a block of kind " + std::to_string(static_cast<unsigned>(block.kind)) +
                              " without start times does not exist; see trace/kinds.cpp"};
  }
  State& state = *state_;
  for (size_t done = 0; done < block.rows;) {
    if (const Status status = state.make_room(kMaxSegmentRows * info->column_count); !status.ok()) {
      return status;
    }
    Buffer& buffer = state.buffer(*info, block.lane);
    const size_t rows = std::min(block.rows - done, kMaxSegmentRows - buffer.rows());
    for (size_t c = 0; c < info->column_count; ++c) {
      std::vector<int64_t>& column = buffer.columns[c];
      if (c < block.columns.size() && block.columns[c].size() >= done + rows) {
        const auto from = block.columns[c].begin() + static_cast<std::ptrdiff_t>(done);
        column.insert(column.end(), from, from + static_cast<std::ptrdiff_t>(rows));
      } else {
        column.resize(column.size() + rows, 0);
      }
    }
    state.pending_values += rows * info->column_count;
    done += rows;
    if (buffer.rows() == kMaxSegmentRows) {
      if (const Status status = state.flush(buffer); !status.ok()) {
        return status;
      }
    }
  }
  return {};
}

Status RecordingBuilder::finish() {
  State& state = *state_;
  for (auto& [key, buffer] : state.buffers) {
    if (const Status status = state.flush(buffer); !status.ok()) {
      return status;
    }
  }
  state.collect_totals();
  const bool written = state.write_overviews() && state.write_strings() &&
                       write_tables(state.database, state.tables) &&
                       write_digests(state.database, eager_digest_parts()) &&
                       write_digests(state.database, lazy_digest_parts());
  state.segment_row.reset();
  if (!written || !state.database.exec("COMMIT") || !state.database.close()) {
    return state.failure();
  }
  return state.output.publish();
}

uint32_t RecordingBuilder::State::intern(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const auto found = string_ids.find(text);
  if (found != string_ids.end()) {
    return found->second;
  }
  const auto id = static_cast<uint32_t>(strings.size() + 1);
  string_ids.emplace(strings.emplace_back(text), id);
  return id;
}

Buffer& RecordingBuilder::State::buffer(const KindInfo& kind, uint32_t lane) {
  if (last_buffer == nullptr || last_buffer->kind != &kind || last_buffer->lane != lane) {
    Buffer& found = buffers[{static_cast<uint16_t>(kind.id), lane}];
    found.kind = &kind;
    found.lane = lane;
    last_buffer = &found;
  }
  return *last_buffer;
}

Status RecordingBuilder::State::make_room(size_t new_values) {
  if (pending_values + new_values <= kMaxPendingValues) {
    return {};
  }
  const auto largest = std::max_element(buffers.begin(), buffers.end(), [](const auto& a, const auto& b) {
    return a.second.rows() * a.second.kind->column_count < b.second.rows() * b.second.kind->column_count;
  });
  return flush(largest->second);
}

// Segments are ascending by start; of events that start together the longer comes first, so that a range comes
// before those inside it.
void RecordingBuilder::State::sort_rows(Buffer& buffer) {
  const std::vector<int64_t>& start = buffer.columns[0];
  const bool has_duration = buffer.kind->has_duration();
  const std::vector<int64_t>& dur = buffer.columns[has_duration ? 1 : 0];
  const auto before = [&](size_t a, size_t b) {
    return start[a] != start[b] ? start[a] < start[b] : has_duration && dur[a] > dur[b];
  };
  size_t row = 1;
  while (row < start.size() && !before(row, row - 1)) {
    ++row;
  }
  if (row >= start.size()) {
    return;
  }
  order.resize(start.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), before);
  for (size_t c = 0; c < buffer.kind->column_count; ++c) {
    sorted.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      sorted[i] = buffer.columns[c][order[i]];
    }
    buffer.columns[c].swap(sorted);
  }
}

void RecordingBuilder::State::count_names(const Buffer& buffer) {
  const int name = name_column(*buffer.kind);
  Totals& kind_totals = totals[static_cast<uint16_t>(buffer.kind->id)];
  for (size_t row = 0; row < buffer.rows(); ++row) {
    const int64_t id = name < 0 ? 0 : buffer.columns[static_cast<size_t>(name)][row];
    NameTotal& total = kind_totals.of(id > 0 && id <= kMaxStringId ? static_cast<uint32_t>(id) : 0);
    const int64_t dur = buffer.kind->has_duration() ? std::max<int64_t>(0, buffer.columns[1][row]) : 0;
    ++total.count;
    total.total_ns = end_of(total.total_ns, dur);
    total.max_ns = std::max(total.max_ns, dur);
  }
}

Status RecordingBuilder::State::flush(Buffer& buffer) {
  const size_t rows = buffer.rows();
  if (rows == 0) {
    return {};
  }
  sort_rows(buffer);
  count_names(buffer);
  const KindInfo& kind = *buffer.kind;
  SegmentEntry entry;
  entry.id = static_cast<int64_t>(segments.size() + 1);
  entry.kind = static_cast<uint16_t>(kind.id);
  entry.lane = buffer.lane;
  entry.rows = static_cast<uint32_t>(rows);
  entry.first_ns = buffer.columns[0].front();
  entry.last_end_ns = buffer.columns[0].back();
  for (size_t row = 0; kind.has_duration() && row < rows; ++row) {
    entry.last_end_ns = std::max(entry.last_end_ns, end_of(buffer.columns[0][row], buffer.columns[1][row]));
  }
  std::array<const int64_t*, kMaxColumns> values = {};
  for (size_t c = 0; c < kind.column_count; ++c) {
    values[c] = buffer.columns[c].data();
  }
  const std::span<const uint8_t> blob = packer.pack({kind.columns, kind.column_count}, values.data(), rows);
  if (blob.empty()) {
    return unwritable(output.path(), "out of memory", "free some memory and repeat");
  }
  segment_row->bind(1, entry.id).bind(2, int64_t{entry.kind}).bind(3, int64_t{entry.lane});
  segment_row->bind(4, entry.first_ns).bind(5, entry.last_end_ns).bind(6, int64_t{entry.rows}).bind(7, blob);
  if (!segment_row->run()) {
    return failure();
  }
  segments.push_back(entry);
  pending_values -= rows * kind.column_count;
  for (size_t c = 0; c < kind.column_count; ++c) {
    buffer.columns[c].clear();
  }
  return {};
}

void RecordingBuilder::State::collect_totals() {
  for (const auto& [kind, kind_totals] : totals) {
    const auto collect = [&, id = kind](uint32_t name, NameTotal total) {
      if (total.count > 0) {
        total.kind = static_cast<Kind>(id);
        total.name = name;
        tables.name_totals.push_back(total);
      }
    };
    for (size_t name = 0; name < kind_totals.dense.size(); ++name) {
      collect(static_cast<uint32_t>(name), kind_totals.dense[name]);
    }
    for (const auto& [name, total] : kind_totals.sparse) {
      collect(name, total);
    }
  }
}

// What an event without a name counts under in the overview.
uint32_t RecordingBuilder::State::label(const KindInfo& kind) {
  return intern(kind.name);
}

bool RecordingBuilder::State::write_overviews() {
  std::map<uint32_t, std::vector<SegmentEntry>> by_lane;
  for (const SegmentEntry& entry : segments) {
    const KindInfo* kind = find_kind(entry.kind);
    // Stack samples stand for the time around them: a lane that has them would always look busy.
    if (kind->has_duration() && kind->id != Kind::kPythonSample) {
      by_lane[entry.lane].push_back(entry);
    }
  }
  return std::all_of(by_lane.begin(), by_lane.end(),
                     [this](const auto& lane) { return write_overview(lane.first, lane.second); });
}

bool RecordingBuilder::State::write_overview(uint32_t lane, const std::vector<SegmentEntry>& lane_segments) {
  int64_t first_ns = INT64_MAX;
  int64_t last_ns = INT64_MIN;
  uint64_t events = 0;
  for (const SegmentEntry& entry : lane_segments) {
    first_ns = std::min(first_ns, entry.first_ns);
    last_ns = std::max(last_ns, entry.last_end_ns);
    events += entry.rows;
  }
  OverviewSweep sweep(first_ns, last_ns, events);
  Statement blob_of(database, "SELECT data FROM segment WHERE id = ?");
  const auto load = [&](const SegmentEntry& entry, MergeRows& rows) {
    const KindInfo& kind = *find_kind(entry.kind);
    const int name = name_column(kind);
    rows.start.resize(entry.rows);
    rows.dur.resize(entry.rows);
    rows.name.assign(entry.rows, name < 0 ? label(kind) : 0);
    std::array<int64_t*, kMaxColumns> out = {rows.start.data(), rows.dur.data()};
    if (name >= 0) {
      out[static_cast<size_t>(name)] = rows.name.data();
    }
    const bool ok = blob_of.bind(1, entry.id).next() &&
                    unpacker.unpack(blob_of.blob(0), entry.rows, kind.column_count, out.data());
    blob_of.reset();
    return ok;
  };
  const auto visit = [&](int64_t start_ns, int64_t end_ns, int64_t name) {
    const bool known = name > 0 && static_cast<uint64_t>(name) <= strings.size();
    sweep.add(start_ns, end_ns, known ? static_cast<uint32_t>(name) : 0);
  };
  if (!merge_lane(lane_segments, load, visit)) {
    return false;
  }
  Statement row(
      database,
      "INSERT INTO overview (lane, level, origin_ns, bucket_ns, buckets, data) VALUES (?, ?, ?, ?, ?, ?)");
  int64_t level_number = 0;
  for (const OverviewLevel& level : sweep.finish()) {
    const std::vector<int64_t> busy(level.busy.begin(), level.busy.end());
    const std::vector<int64_t> leading(level.leading.begin(), level.leading.end());
    const std::array<const int64_t*, 2> values = {busy.data(), leading.data()};
    const std::span<const uint8_t> blob = packer.pack(kOverviewColumns, values.data(), busy.size());
    row.bind(1, int64_t{lane}).bind(2, level_number++).bind(3, level.origin_ns).bind(4, level.bucket_ns);
    if (blob.empty() || !row.bind(5, static_cast<int64_t>(busy.size())).bind(6, blob).run()) {
      return false;
    }
  }
  return true;
}

bool RecordingBuilder::State::write_strings() {
  Statement row(database, "INSERT INTO string (id, text) VALUES (?, ?)");
  int64_t id = 0;
  return std::all_of(strings.begin(), strings.end(),
                     [&](const std::string& text) { return row.bind(1, ++id).bind(2, text).run(); });
}

}  // namespace stepscope::trace
