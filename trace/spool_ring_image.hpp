// SPDX-License-Identifier: Apache-2.0
//
// Inside of the spool reader: what BASE.ring held at one moment.
//
// take() copies everything that a living writer may move or overwrite, so it must come before BASE.spool is read:
// whatever leaves the ring after that is in frames the copy does not miss. Strings never move and are read last.
#pragma once

#include <cstdint>
#include <vector>

#include "trace/spool_format.hpp"
#include "trace/spool_input.hpp"
#include "trace/spool_reader.hpp"

namespace stepscope::trace::spool {

// A slot that was used, with the words that were in its ring: positions [begin, begin + words.size()).
struct SlotImage {
  RingSlot slot;
  uint64_t begin = 0;
  std::vector<int64_t> words;
  bool damaged = false;
};

class RingImage {
 public:
  // The file has been understood. False when its header cannot be used.
  [[nodiscard]] bool take(InputFile& file);

  [[nodiscard]] const RingFileHeader& header() const { return header_; }
  [[nodiscard]] const std::vector<SlotImage>& slots() const { return slots_; }
  // Ranges open by handle. Read after the slots: one that was ended in between is not here.
  [[nodiscard]] const std::vector<AsyncRangeEntry>& async_ranges() const { return async_; }
  // Bytes of the journal from position journal_begin().
  [[nodiscard]] const std::vector<uint8_t>& journal() const { return journal_; }
  [[nodiscard]] uint64_t journal_begin() const { return journal_begin_; }
  // True when no frame was ever written: BASE.spool holds nothing that is not here. So it is after a death between the
  // renames that give the two files their names.
  [[nodiscard]] bool nothing_drained() const;
  [[nodiscard]] uint64_t damaged_parts() const { return damaged_parts_; }

  // All strings and counters as they are in the file now.
  void deliver_strings(InputFile& file, SpoolVisitor& visitor) const;
  void deliver_losses(const InputFile& file, SpoolVisitor& visitor) const;

 private:
  [[nodiscard]] bool take_slot(const InputFile& file, uint64_t offset, SlotImage& image);
  void take_journal(const InputFile& file);
  void take_async(const InputFile& file);

  RingFileHeader header_{};
  std::vector<SlotImage> slots_;
  std::vector<AsyncRangeEntry> async_;
  std::vector<uint8_t> journal_;
  uint64_t journal_begin_ = 0;
  uint64_t copied_words_ = 0;
  uint64_t damaged_parts_ = 0;
};

}  // namespace stepscope::trace::spool
