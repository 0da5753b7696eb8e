// SPDX-License-Identifier: Apache-2.0
//
// One event of a Chrome trace as it is written, and the parser that reads runs of them.
//
// Only what an importer understands is taken: texts are unescaped, numbers stay texts (decimal.hpp), since where a time
// goes through a double it loses its nanoseconds. Views are valid until the handler returns. The only file pair that
// knows simdjson. Internal to analyzer/import.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "analyzer/import/event_cutter.hpp"

namespace stepscope::analysis::importing {

inline constexpr size_t kMaxSeries = 16;  // of one counter event

// What "args" may say, under Kineto's names. Empty or the value given here: not said.
struct EventArgs {
  std::string_view device, stream, context, correlation;
  std::string_view graph, graph_node;
  std::string_view registers, shared_memory;
  std::array<std::string_view, 3> grid, block;
  std::string_view bytes;
  std::string_view sync_kind, event_id, wait_event_id;
  std::string_view collective, dtype, in_elements, out_elements, group_size, group_name, group_description;
  std::string_view sequence, source_rank, target_rank;
  std::string_view label;   // of metadata events: name or labels
  std::string_view shapes;  // of operators: the array of its inputs' dimensions, as it is written
  // Of counter events: series and value.
  std::array<std::pair<std::string_view, std::string_view>, kMaxSeries> series;
  size_t series_count = 0;
};

struct ChromeEvent {
  char phase = 0;  // "ph": X complete, B E begin and end, i instant, C counter, M metadata, s t f flow, ...
  std::string_view category, name;
  std::string_view ts, dur, pid, tid;
  EventArgs args;
};

class EventHandler {
 public:
  EventHandler() = default;
  EventHandler(const EventHandler&) = delete;
  EventHandler& operator=(const EventHandler&) = delete;
  virtual ~EventHandler() = default;
  virtual void on_event(const ChromeEvent& event) = 0;
};

struct ParseCounts {
  uint64_t events = 0;
  uint64_t bad_events = 0;  // not JSON, or not of an event's shape; left out
  uint64_t bad_texts = 0;   // bytes that are not UTF-8 became '?'
};

class EventParser {
 public:
  EventParser();
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;
  ~EventParser();
  // `text` and `pieces` as EventSink::on_events gets them. One damaged event costs that event only.
  void parse(char* text, std::span<const Piece> pieces, EventHandler& handler);
  [[nodiscard]] const ParseCounts& counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::analysis::importing
