// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_reader.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <unordered_map>

#include "trace/clock_map.hpp"
#include "trace/segment.hpp"
#include "trace/spool_batch.hpp"
#include "trace/spool_format.hpp"
#include "trace/spool_frames.hpp"
#include "trace/spool_input.hpp"
#include "trace/spool_journal_records.hpp"
#include "trace/spool_ring_image.hpp"

namespace stepscope::trace::spool {
namespace {

constexpr size_t kMaxReadColumns = 64;  // of a kind that a newer build knows

// What frames have delivered of one ring.
struct Covered {
  uint64_t end = 0;
  uint64_t events = 0;
};

class SpoolReading {
 public:
  SpoolReading(SpoolVisitor& visitor, const RingImage& ring) : visitor_(visitor), ring_(ring) {}

  [[nodiscard]] Status read_frames(const InputFile& file, uint64_t first_frame);
  [[nodiscard]] Status read_ring(const RingImage& ring);
  void finish();  // counters the reading itself found

  SpoolSummary summary;  // of what was delivered so far

 private:
  [[nodiscard]] Status events_frame(const FrameHeader& frame, std::span<const uint8_t> payload);
  [[nodiscard]] bool decode(const SegmentHeader& segment, const uint8_t* data);
  [[nodiscard]] Status deliver(uint16_t kind, uint32_t lane, size_t rows);
  void to_raw_clock(uint16_t kind, uint8_t clock, size_t rows);
  [[nodiscard]] const ClockMap& clock_map();
  [[nodiscard]] Status leftover(const SlotImage& image);
  [[nodiscard]] Status group(const BatchGroup& group);
  [[nodiscard]] Status open_ranges(const SlotImage& image);
  [[nodiscard]] Status open_range(const OpenRangeEntry& entry, uint32_t lane, int64_t flags);
  void journal(uint64_t begin, std::span<const uint8_t> bytes);

  SpoolVisitor& visitor_;
  const RingImage& ring_;
  const InputFile* file_ =
      nullptr;  // with its first frame: read once more for all anchors when they are needed
  uint64_t first_frame_ = 0;
  std::optional<ClockMap> clock_map_;
  std::unordered_map<uint32_t, Covered> covered_;  // by ring serial
  uint64_t journal_end_ = 0;
  int64_t last_ns_ = INT64_MIN;
  uint64_t missing_events_ = 0;
  uint64_t damaged_bytes_ = 0;
  uint64_t damaged_rings_ = 0;
  std::vector<std::vector<int64_t>> columns_;
  std::vector<std::span<const int64_t>> spans_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
};

// ---- frames ----

Status SpoolReading::read_frames(const InputFile& file, uint64_t first_frame) {
  file_ = &file;
  first_frame_ = first_frame;
  FrameCursor cursor(file, first_frame);
  while (cursor.next()) {
    const FrameHeader& frame = cursor.frame();
    if (frame.type == kFrameEvents) {
      if (Status status = events_frame(frame, cursor.payload()); !status.ok()) {
        return status;
      }
    } else if (frame.type == kFrameJournal) {
      journal(frame.begin, cursor.payload());
    } else if (frame.type == kFrameEnd) {
      summary.clean_end = true;
    }
  }
  summary.torn_bytes = cursor.torn_bytes();
  damaged_bytes_ += cursor.damaged_bytes();
  return Status();
}

Status SpoolReading::events_frame(const FrameHeader& frame, std::span<const uint8_t> payload) {
  Covered& covered = covered_[frame.serial];
  if (frame.end <= frame.begin || frame.begin < covered.end) {
    return Status();  // nothing that is not delivered already
  }
  missing_events_ += frame.first_event > covered.events ? frame.first_event - covered.events : 0;
  covered = Covered{frame.end, frame.first_event + frame.events};
  size_t at = 0;
  for (uint32_t i = 0; i < frame.segments; ++i) {
    SegmentHeader segment{};
    if (payload.size() - at < sizeof segment) {
      damaged_bytes_ += payload.size() - at;
      break;
    }
    memcpy(&segment, payload.data() + at, sizeof segment);
    at += sizeof segment;
    if (segment.bytes > payload.size() - at) {
      damaged_bytes_ += payload.size() - at;
      break;
    }
    const uint8_t* data = payload.data() + at;
    at += segment.bytes;
    if (!decode(segment, data)) {
      missing_events_ += segment.rows;
      continue;
    }
    to_raw_clock(segment.kind, segment.clock, segment.rows);
    const bool raw = segment.clock == static_cast<uint8_t>(Clock::kMonotonicRaw);
    last_ns_ = std::max(last_ns_, raw ? segment.last_ns : clock_map().to_raw(segment.last_ns));
    if (Status status = deliver(segment.kind, segment.lane, segment.rows); !status.ok()) {
      return status;
    }
  }
  return Status();
}

// Into columns_: as many as this build knows of the kind, or as many as are there.
bool SpoolReading::decode(const SegmentHeader& segment, const uint8_t* data) {
  if (segment.rows == 0 || segment.rows > kMaxSegmentRows) {
    return false;
  }
  const KindInfo* kind = find_kind(segment.kind);
  const size_t count =
      kind != nullptr ? kind->column_count : std::min<size_t>(segment.columns, kMaxReadColumns);
  columns_.resize(count);
  std::array<int64_t*, kMaxReadColumns> out{};
  for (size_t c = 0; c < count; ++c) {
    columns_[c].resize(std::max<size_t>(columns_[c].size(), segment.rows));
    out[c] = columns_[c].data();
  }
  return decode_segment(data, segment.bytes, segment.rows, count, out.data());
}

// The times of columns_, in place. Durations stay as measured: clocks that differ by some ppm do not change them.
void SpoolReading::to_raw_clock(uint16_t kind, uint8_t clock, size_t rows) {
  const KindInfo* info = find_kind(kind);
  if (clock == static_cast<uint8_t>(Clock::kMonotonicRaw) || info == nullptr) {
    return;
  }
  const ClockMap& map = clock_map();
  for (size_t c = 0; c < columns_.size(); ++c) {
    std::vector<int64_t>& column = columns_[c];
    if (info->columns[c].type != ColumnType::kTime) {
      continue;
    }
    for (size_t row = 0; row < rows; ++row) {
      column[row] = column[row] == 0 ? 0 : map.to_raw(column[row]);  // 0: never stamped
    }
  }
}

const ClockMap& SpoolReading::clock_map() {
  if (clock_map_.has_value()) {
    return *clock_map_;
  }
  std::vector<ClockAnchor> anchors;
  uint64_t end = 0;
  const auto take = [&](uint64_t begin, std::span<const uint8_t> bytes) {
    (void)for_each_journal_record(begin, bytes, end, [&](uint16_t type, std::span<const uint8_t> body) {
      if (type == kJournalAnchor && body.size() >= sizeof(int64_t)) {
        anchors.push_back(read_anchor(body));
      }
    });
  };
  if (file_ != nullptr) {
    FrameCursor cursor(*file_, first_frame_);
    while (cursor.next()) {
      if (cursor.frame().type == kFrameJournal) {
        take(cursor.frame().begin, cursor.payload());
      }
    }
  }
  take(ring_.journal_begin(), ring_.journal());
  clock_map_.emplace(anchors);
  return *clock_map_;
}

Status SpoolReading::deliver(uint16_t kind, uint32_t lane, size_t rows) {
  spans_.resize(columns_.size());
  for (size_t c = 0; c < columns_.size(); ++c) {
    spans_[c] = std::span<const int64_t>(columns_[c].data(), rows);
  }
  summary.events += rows;
  return visitor_.on_events(EventBlock{static_cast<Kind>(kind), lane, rows, spans_});
}

// ---- what the ring still held ----

Status SpoolReading::read_ring(const RingImage& ring) {
  journal(ring.journal_begin(), ring.journal());
  for (const SlotImage& image : ring.slots()) {
    if (Status status = leftover(image); !status.ok()) {
      return status;
    }
  }
  damaged_rings_ += ring.damaged_parts();
  for (const SlotImage& image : ring.slots()) {
    if (image.slot.state == kSlotFree || image.damaged) {
      continue;
    }
    for (uint32_t i = 0; i < std::min<uint32_t>(image.slot.depth, kMaxRangeDepth); ++i) {
      last_ns_ = std::max(last_ns_, image.slot.open[i].start_ns);
    }
  }
  for (const AsyncRangeEntry& entry : ring.async_ranges()) {
    last_ns_ = std::max(last_ns_, entry.range.start_ns);
  }
  for (const SlotImage& image : ring.slots()) {
    if (Status status = open_ranges(image); !status.ok()) {
      return status;
    }
  }
  for (const AsyncRangeEntry& entry : ring.async_ranges()) {
    const int64_t flags = kFlagUnfinished | kFlagProcessRange;
    if (Status status = open_range(entry.range, ring.header().async_lane, flags); !status.ok()) {
      return status;
    }
  }
  return Status();
}

Status SpoolReading::leftover(const SlotImage& image) {
  const Covered covered = covered_.contains(image.slot.serial) ? covered_[image.slot.serial] : Covered{};
  if (image.slot.tail > covered.end && image.slot.drained_events > covered.events) {
    missing_events_ += image.slot.drained_events - covered.events;  // their frames are gone
  }
  const uint64_t count = image.words.size();
  uint64_t at = covered.end > image.begin ? covered.end - image.begin : 0;
  while (at < count) {
    batch_->collect(image.words.data(), ~uint64_t{0}, at, count);
    for (size_t g = 0; g < batch_->group_count(); ++g) {
      if (Status status = group(batch_->group(g)); !status.ok()) {
        return status;
      }
    }
    at = batch_->end();
    if (batch_->damaged()) {
      ++damaged_rings_;
      break;
    }
  }
  return Status();
}

Status SpoolReading::group(const BatchGroup& group) {
  if (group.rows == 0) {
    return Status();
  }
  const KindInfo* kind = find_kind(group.shape.kind);
  columns_.resize(kind != nullptr ? kind->column_count
                                  : std::min<size_t>(group.shape.count, kMaxReadColumns));
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (c < group.shape.count) {
      columns_[c].assign(group.columns + c * group.rows, group.columns + (c + 1) * group.rows);
    } else {
      columns_[c].assign(group.rows, 0);
    }
  }
  to_raw_clock(group.shape.kind, group.shape.clock, group.rows);
  const bool raw = group.shape.clock == static_cast<uint8_t>(Clock::kMonotonicRaw);
  last_ns_ = std::max(last_ns_, raw ? group.last_ns : clock_map().to_raw(group.last_ns));
  return deliver(group.shape.kind, group.shape.lane, group.rows);
}

Status SpoolReading::open_ranges(const SlotImage& image) {
  const RingSlot& slot = image.slot;
  if (slot.state == kSlotFree || image.damaged) {
    return Status();
  }
  const bool popping = slot.pop_begin != kNoPop && slot.head > slot.pop_begin;
  for (uint32_t i = 0; i < std::min<uint32_t>(slot.depth, kMaxRangeDepth); ++i) {
    const bool closed = (slot.closed >> i & 1) != 0 || (popping && slot.pop_index == i);
    if (closed) {
      continue;
    }
    if (Status status = open_range(slot.open[i], slot.lane, kFlagUnfinished); !status.ok()) {
      return status;
    }
  }
  return Status();
}

// A range that the end of the process cut off.
Status SpoolReading::open_range(const OpenRangeEntry& entry, uint32_t lane, int64_t flags) {
  const auto duration =
      static_cast<int64_t>(static_cast<uint64_t>(last_ns_) - static_cast<uint64_t>(entry.start_ns));
  columns_ = {{entry.start_ns},
              {std::max<int64_t>(duration, 0)},
              {int64_t{entry.name}},
              {int64_t{entry.domain}},
              {int64_t{entry.category}},
              {int64_t{entry.source}},
              {flags},
              {int64_t{entry.payload_type}},
              {entry.payload}};
  return deliver(static_cast<uint16_t>(Kind::kRange), lane, 1);
}

// ---- journal ----

// Records from journal position `begin`, less what was delivered already.
void SpoolReading::journal(uint64_t begin, std::span<const uint8_t> bytes) {
  const bool whole = for_each_journal_record(
      begin, bytes, journal_end_,
      [this](uint16_t type, std::span<const uint8_t> body) { deliver_journal_record(type, body, visitor_); });
  damaged_rings_ += whole ? 0 : 1;
}

void SpoolReading::finish() {
  if (missing_events_ != 0) {
    visitor_.on_loss(kLossSpoolGap, missing_events_);
  }
  if (damaged_bytes_ != 0) {
    visitor_.on_loss(kLossSpoolDamaged, damaged_bytes_);
  }
  if (damaged_rings_ != 0) {
    visitor_.on_loss(kLossRingDamaged, damaged_rings_);
  }
}

// ---- opening ----

Status unreadable(const std::string& base, const std::string& what, const std::string& remedy) {
  return Status(Code::kUnreadable, base + ".spool: " + what + "; " + remedy);
}

// Why neither file can be used, or which version is too new.
Status refuse(const std::string& base, Understood spool, Understood ring, uint16_t major) {
  if (spool == Understood::kNewer || ring == Understood::kNewer) {
    return unreadable(base,
                      "written by a newer stepscope (spool format " + std::to_string(major) +
                          ", this version reads " + std::to_string(kMajor) + ")",
                      "open it with the version that recorded it, or upgrade");
  }
  if (spool == Understood::kMissing && ring == Understood::kMissing) {
    return unreadable(base, "no such file, and no .ring beside it", "check the path and its permissions");
  }
  if (spool == Understood::kForeign) {
    return unreadable(base, "not a stepscope spool",
                      "check the path, or move the file out of the run directory");
  }
  return unreadable(base,
                    "the spool is empty or damaged from its first bytes on, and its .ring cannot be read",
                    "nothing can be recovered; remove both files and record again");
}

Result<SpoolSummary> read_files(const std::string& base, SpoolVisitor& visitor) {
  InputFile spool_file;
  InputFile ring_file;
  // 1. Liveness first: a process that dies while we read is taken as alive, never the other way round.
  const int spool_error = spool_file.open(base + ".spool");
  const int ring_error = ring_file.open(base + ".ring");
  const bool alive = spool_file.is_locked() || ring_file.is_locked();
  uint16_t major = 0;
  const Understood spool = spool_error != 0
                               ? Understood::kMissing
                               : understand(spool_file, kSpoolMagic, sizeof(SpoolHeader), &major);
  Understood ring = spool == Understood::kNewer || ring_error != 0
                        ? Understood::kMissing
                        : understand(ring_file, kRingMagic, sizeof(RingFileHeader), &major);
  if (spool == Understood::kNewer || ring == Understood::kNewer ||
      (spool != Understood::kYes && ring != Understood::kYes)) {
    return refuse(base, spool, ring, major);
  }
  // 2. The ring before the frames: see RingImage.
  RingImage image;
  SpoolHeader header{};
  if (spool == Understood::kYes && !spool_file.read(0, &header, sizeof header)) {
    return refuse(base, Understood::kDamaged, ring, major);
  }
  if (ring == Understood::kYes &&
      (!image.take(ring_file) || (spool == Understood::kYes && image.header().pair != header.pair))) {
    ring = Understood::kDamaged;
    if (spool != Understood::kYes) {
      return refuse(base, spool, ring, major);
    }
  }
  // 3. Frames, up to where the file ends now; then what they do not cover, then strings and counters.
  SpoolReading reading(visitor, image);
  reading.summary.writer_alive = alive;
  Status status;
  if (spool == Understood::kYes && spool_file.refresh()) {
    status = reading.read_frames(spool_file, header.header_bytes);
  } else if (!image.nothing_drained()) {
    visitor.on_loss(kLossSpoolMissing, 1);
  }
  if (status.ok() && ring == Understood::kYes) {
    status = reading.read_ring(image);
    image.deliver_strings(ring_file, visitor);
    image.deliver_losses(ring_file, visitor);
  } else if (ring != Understood::kYes) {
    visitor.on_loss(kLossRingMissing, 1);
  }
  if (!status.ok()) {
    return status;
  }
  reading.finish();
  if (alive) {
    reading.summary.torn_bytes = 0;  // being written
  }
  return reading.summary;
}

}  // namespace
}  // namespace stepscope::trace::spool

namespace stepscope::trace {

Result<SpoolSummary> read_spool(const std::string& base, SpoolVisitor& visitor) {
  return spool::read_files(base, visitor);
}

}  // namespace stepscope::trace
