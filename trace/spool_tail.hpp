// SPDX-License-Identifier: Apache-2.0
//
// SpoolTail: follows the spool of a process that is being recorded. Each call delivers what was appended since the last
// one, so that looking again and again costs no more than reading once.
//
//   SpoolTail tail("run/main-r0-host-1-2");
//   Status status = tail.read_new(Kind::kStep, [&](const EventBlock& block) { ... });
//
// Only events of one kind that are in the spool already and carry CLOCK_MONOTONIC_RAW: what is still in the ring comes with
// a later call, strings and counters never. For a whole reading see spool_reader.hpp. Writes nothing. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "trace/spool_reader.hpp"

namespace stepscope::trace {

class SpoolTail {
 public:
  explicit SpoolTail(std::string base);  // path without extension

  // A frame that is being written is left for the next call. Errors: kUnreadable when the file is missing or no spool of
  // this version; the position stays.
  [[nodiscard]] Status read_new(Kind kind, const std::function<void(const EventBlock&)>& visit);

 private:
  std::string base_;
  uint64_t offset_ = 0;  // of the next frame; 0: the header was not read yet
};

}  // namespace stepscope::trace
