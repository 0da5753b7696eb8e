// SPDX-License-Identifier: Apache-2.0
//
// RecordingBuilder: makes a *.stepscope file. finalize, importers and tests write through it.
//
// Everything goes to PATH.tmp in one transaction and becomes PATH by an atomic rename in finish(); without
// finish() nothing is left behind. The same calls give the same bytes. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "trace/kinds.hpp"
#include "trace/spool_reader.hpp"
#include "trace/status.hpp"

namespace stepscope::trace {

class RecordingBuilder {
 public:
  [[nodiscard]] static Result<RecordingBuilder> create(const std::string& path);
  RecordingBuilder(RecordingBuilder&&) noexcept;
  RecordingBuilder& operator=(RecordingBuilder&&) noexcept;
  ~RecordingBuilder();

  // By content; ids start at 1, "" is 0.
  [[nodiscard]] uint32_t intern(std::string_view text);
  // For a source that has ids already, as a spool does: text `id` (1 .. 2^24) is `text`, also after events named it. Ids
  // never set are "". The first call for an id counts.
  void set_string(uint32_t id, std::string_view text);
  void add_lane(const LaneDecl& lane);  // ids chosen by the caller, 1..; adding an id again replaces it
  void set_meta(std::string_view key, std::string_view value);
  void add_anchor(const ClockAnchor& anchor);
  void add_loss(std::string_view counter, uint64_t count);  // accumulates
  void add_log(int64_t time_ns, std::string_view text);

  // One event; values in the kind's column order, missing trailing columns are 0. Segments are cut, sorted by
  // start and compressed as they fill.
  [[nodiscard]] Status add(Kind kind, uint32_t lane, std::span<const int64_t> values);
  [[nodiscard]] Status add_block(const EventBlock& block);

  // Kernels of collectives (collective_join.hpp), roll-ups, commit, fsync, atomic rename.
  [[nodiscard]] Status finish();

 private:
  struct State;
  explicit RecordingBuilder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::trace
