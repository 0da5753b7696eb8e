// SPDX-License-Identifier: Apache-2.0
//
// Inside of the spool reader: the records of the journal, wherever its bytes were found (a frame or the ring).
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "trace/spool_format.hpp"
#include "trace/spool_reader.hpp"

namespace stepscope::trace::spool {

using JournalVisitor = std::function<void(uint16_t type, std::span<const uint8_t> body)>;

// Visits the records of `bytes`, which begin at journal position `begin`, from position `end` on; `end` moves behind
// them. False when they cannot be understood.
[[nodiscard]] bool for_each_journal_record(uint64_t begin, std::span<const uint8_t> bytes, uint64_t& end,
                                           const JournalVisitor& visit);

// Hands one record to the visitor's function for its type; unknown types and records too short are skipped.
void deliver_journal_record(uint16_t type, std::span<const uint8_t> body, SpoolVisitor& visitor);

// The body of a kJournalAnchor; fields that the writer's format did not have are 0.
[[nodiscard]] ClockAnchor read_anchor(std::span<const uint8_t> body);

}  // namespace stepscope::trace::spool
