// SPDX-License-Identifier: Apache-2.0
//
// ChromeEvents: writes trace events, one per line.
//
//   events.open('X', "kernel", name, track, start_ns);
//   events.duration(dur_ns);
//   events.argument("device", 0);
//   events.close();
//
// The format: "Trace Event Format" of Chrome, in the dialect that Kineto (torch.profiler) writes. ts and dur are us with
// three decimals, so whole ns. One thread. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/export/byte_sink.hpp"

namespace stepscope::analysis::exporting {

// Where an event is drawn: a process and a thread of it, real or made up.
struct Track {
  int64_t pid = 0;
  int64_t tid = 0;
};

class ChromeEvents {
 public:
  explicit ChromeEvents(ByteSink& out) : out_(out) {}

  // Phases: X complete, i instant, C counter, b and e asynchronous begin and end, s and f flow, M metadata. An empty
  // category is left out.
  void open(char phase, std::string_view category, std::string_view name, const Track& track, int64_t ts_ns);
  void close();

  // Members beside args; before the first argument.
  void duration(int64_t dur_ns);
  void id(uint64_t value);
  void member(std::string_view key, std::string_view text);

  void argument(std::string_view key, int64_t value);
  void unsigned_argument(std::string_view key, uint64_t value);
  void real_argument(std::string_view key, double value);  // null when it is no number
  void text_argument(std::string_view key, std::string_view text);
  void flag_argument(std::string_view key);  // true
  // "key": value pairs that are JSON already; none when empty.
  void raw_arguments(std::string_view json);

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] const trace::Status& status() const { return out_.status(); }

 private:
  void key(std::string_view name);
  void argument_key(std::string_view name);

  ByteSink& out_;
  bool in_arguments_ = false;
  uint64_t count_ = 0;
};

}  // namespace stepscope::analysis::exporting
