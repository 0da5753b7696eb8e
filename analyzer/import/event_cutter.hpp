// SPDX-License-Identifier: Apache-2.0
//
// EventCutter: cuts a Chrome trace into its events without holding it: {..., "traceEvents": [ {event}, {event}, ... ], ...}
// or the bare array of events.
//
// A window of the content is in memory; of it only the structure is looked at (what opens and closes outside of strings),
// and runs of whole events are handed on as they lie there. The other members of the outer object come as they are met,
// before or after the events. Memory: the window, 512 KiB, or twice the largest event. One thread.
// Internal to analyzer/import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/import/byte_source.hpp"
#include "analyzer/import/structure_mask.hpp"
#include "trace/status.hpp"

namespace stepscope::analysis::importing {

// Bytes that may be read, not written, behind the last event of a run, and one that may be written before and after it.
inline constexpr size_t kRunPadding = 128;

// One event in the text of a run: [begin, end).
struct Piece {
  size_t begin = 0;
  size_t end = 0;
};

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;
  // Events with nothing but one comma and blanks between them. text[pieces.front().begin - 1] and text[pieces.back().end]
  // may be overwritten if they are restored; kRunPadding bytes behind the last may be read. An error ends the cutting.
  [[nodiscard]] virtual trace::Status on_events(char* text, std::span<const Piece> pieces) = 0;
  // A member of the outer object. Values above 1 MiB are left out.
  virtual void on_member(std::string_view key, std::string_view json) = 0;
};

struct CutReport {
  bool events = false;    // there was an array of events
  bool complete = false;  // the content ended where it should
  uint64_t strays = 0;    // elements of the array that are no objects, commas that are missing or too many
};

class EventCutter {
 public:
  EventCutter(ByteSource& source, EventSink& sink);
  // Errors: kUnreadable: the content is not JSON of that shape, or an event is larger than 64 MiB; the sink's own.
  [[nodiscard]] trace::Result<CutReport> run();

 private:
  [[nodiscard]] trace::Status fill(size_t keep_from);
  [[nodiscard]] trace::Status read_outer_object();
  [[nodiscard]] trace::Status read_events();
  [[nodiscard]] trace::Status deliver(size_t* last_end);
  [[nodiscard]] trace::Result<int>
  next_token();  // first character that is no blank, not consumed; -1 at the end
  [[nodiscard]] trace::Result<bool> read_string(std::string* out);
  [[nodiscard]] trace::Result<bool> read_value(std::string* out);
  [[nodiscard]] trace::Result<int> take();  // next character; -1 at the end
  [[nodiscard]] bool scan_block(size_t count, size_t* array_end);
  [[nodiscard]] bool clean_gap(size_t begin, size_t end, bool first);

  ByteSource& source_;
  EventSink& sink_;
  CutReport report_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // of what is not consumed yet
  size_t end_ = 0;    // of what was read
  bool ended_ = false;
  // Inside the array of events:
  StringState string_;
  size_t depth_ = 0;
  size_t scan_ = 0;   // everything before was looked at
  size_t start_ = 0;  // of the event at hand, when depth_ > 0
  bool first_ = true;
  std::vector<Piece> pieces_;
};

}  // namespace stepscope::analysis::importing
