// SPDX-License-Identifier: Apache-2.0
#include "trace/recording_builder.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "trace/digest.hpp"
#include "trace/recording_builder_state.hpp"

namespace stepscope::trace {
namespace {

// Rows waiting in memory, over all kinds and lanes, before the largest buffer is written out early (256 MiB).
constexpr size_t kMaxPendingValues = size_t{32} << 20;

constexpr uint32_t kMaxStringId = 1U << 24;

// Every setting that reaches the bytes of the file is fixed here; no journal, since an unfinished file is discarded.
constexpr char kSettings[] =
    "PRAGMA page_size=4096; PRAGMA encoding='UTF-8'; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=OFF;"
    "PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384;";

}  // namespace

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
  PendingRows& buffer = state.buffer(*info, lane);
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
    PendingRows& buffer = state.buffer(*info, block.lane);
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
  const bool written = state.name_kernels_of_collectives() && state.write_overviews() &&
                       state.write_strings() && write_tables(state.database, state.tables) &&
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

PendingRows& RecordingBuilder::State::buffer(const KindInfo& kind, uint32_t lane) {
  if (last_buffer == nullptr || last_buffer->kind != &kind || last_buffer->lane != lane) {
    PendingRows& found = buffers[{static_cast<uint16_t>(kind.id), lane}];
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
void RecordingBuilder::State::sort_rows(PendingRows& buffer) {
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

void RecordingBuilder::State::count_names(const PendingRows& buffer) {
  const int name = name_column(*buffer.kind);
  KindTotals& kind_totals = totals[static_cast<uint16_t>(buffer.kind->id)];
  for (size_t row = 0; row < buffer.rows(); ++row) {
    const int64_t id = name < 0 ? 0 : buffer.columns[static_cast<size_t>(name)][row];
    NameTotal& total = kind_totals.of(id > 0 && id <= kMaxStringId ? static_cast<uint32_t>(id) : 0);
    const int64_t dur = buffer.kind->has_duration() ? std::max<int64_t>(0, buffer.columns[1][row]) : 0;
    ++total.count;
    total.total_ns = end_of(total.total_ns, dur);
    total.max_ns = std::max(total.max_ns, dur);
  }
}

Status RecordingBuilder::State::flush(PendingRows& buffer) {
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

bool RecordingBuilder::State::write_strings() {
  Statement row(database, "INSERT INTO string (id, text) VALUES (?, ?)");
  int64_t id = 0;
  return std::all_of(strings.begin(), strings.end(),
                     [&](const std::string& text) { return row.bind(1, ++id).bind(2, text).run(); });
}

}  // namespace stepscope::trace
