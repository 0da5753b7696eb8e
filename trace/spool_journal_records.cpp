// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_journal_records.hpp"

#include <string.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace stepscope::trace::spool {
namespace {

// An anchor of format 1.0 ends before cupti_ns.
constexpr size_t kLeastAnchorBytes = offsetof(AnchorRecord, cupti_ns);

// The NUL-terminated text at the front of `bytes`, which then loses it; "" when there is none.
std::string_view take_text(std::span<const uint8_t>& bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  const size_t length = bytes.empty() ? 0 : strnlen(text, bytes.size());
  bytes = bytes.subspan(std::min(bytes.size(), length + 1));
  return std::string_view(text, length);
}

template <typename T>
bool take_struct(std::span<const uint8_t>& bytes, T& to) {
  if (bytes.size() < sizeof to) {
    return false;
  }
  memcpy(&to, bytes.data(), sizeof to);
  bytes = bytes.subspan(sizeof to);
  return true;
}

}  // namespace

bool for_each_journal_record(uint64_t begin, std::span<const uint8_t> bytes, uint64_t& end,
                             const JournalVisitor& visit) {
  if (bytes.empty() || begin + bytes.size() <= end) {
    return true;
  }
  if (end > begin) {
    bytes = bytes.subspan(end - begin);
  }
  end = std::max(begin, end) + bytes.size();
  while (bytes.size() >= sizeof(JournalRecord)) {
    JournalRecord record{};
    memcpy(&record, bytes.data(), sizeof record);
    if (record.bytes < sizeof record || record.bytes > bytes.size()) {
      return false;
    }
    visit(record.type, bytes.subspan(sizeof record, record.bytes - sizeof record));
    bytes = bytes.subspan(std::min<size_t>(bytes.size(), (size_t{record.bytes} + 7) / 8 * 8));
  }
  return true;
}

void deliver_journal_record(uint16_t type, std::span<const uint8_t> body, SpoolVisitor& visitor) {
  if (type == kJournalLane) {
    LaneRecord lane{};
    if (take_struct(body, lane)) {
      const std::string_view lane_type = take_text(body);
      const std::string_view name = take_text(body);
      visitor.on_lane(LaneDecl{lane.id, std::string(lane_type), std::string(name), lane.tid});
    }
  } else if (type == kJournalMeta) {
    const std::string_view key = take_text(body);
    visitor.on_meta(key, take_text(body));
  } else if (type == kJournalAnchor) {
    if (body.size() >= kLeastAnchorBytes) {
      visitor.on_anchor(read_anchor(body));
    }
  } else if (type == kJournalLog) {
    int64_t time_ns = 0;
    if (take_struct(body, time_ns)) {
      visitor.on_log(time_ns, take_text(body));
    }
  }
}

ClockAnchor read_anchor(std::span<const uint8_t> body) {
  AnchorRecord anchor{};
  memcpy(&anchor, body.data(), std::min(body.size(), sizeof anchor));
  return ClockAnchor{anchor.monotonic_raw_ns, anchor.realtime_ns, anchor.monotonic_ns,
                     anchor.boottime_ns,      anchor.tsc,         anchor.cupti_ns};
}

}  // namespace stepscope::trace::spool
