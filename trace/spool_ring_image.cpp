// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_ring_image.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <string>

namespace stepscope::trace::spool {
namespace {

// Copies ring positions [begin, end) of a ring of `capacity` units of sizeof(T) at file offset `data`.
template <typename T>
bool copy_ring(const InputFile& file, uint64_t data, uint64_t capacity, uint64_t begin, uint64_t end,
               std::vector<T>& to) {
  const uint64_t count = end - begin;
  const uint64_t offset = begin % capacity;
  const uint64_t first = std::min(count, capacity - offset);
  to.resize(count);
  return file.read(data + offset * sizeof(T), to.data(), first * sizeof(T)) &&
         file.read(data, to.data() + first, (count - first) * sizeof(T));
}

bool inside(const InputFile& file, uint64_t offset, uint64_t bytes) {
  return offset != 0 && offset <= file.size() && bytes <= file.size() - offset;
}

// Reads texts that mostly follow each other.
class TextWindow {
 public:
  explicit TextWindow(const InputFile& file) : file_(file) {}

  [[nodiscard]] bool get(uint64_t offset, size_t length, std::string_view* text) {
    if (offset < begin_ || offset + length > begin_ + bytes_.size()) {
      if (offset > file_.size() || length > file_.size() - offset) {
        return false;
      }
      bytes_.resize(std::max<uint64_t>(length, std::min<uint64_t>(kBlockBytes, file_.size() - offset)));
      begin_ = offset;
      if (!file_.read(offset, bytes_.data(), bytes_.size())) {
        bytes_.clear();
        return false;
      }
    }
    *text = std::string_view(bytes_.data() + (offset - begin_), length);
    return true;
  }

 private:
  const InputFile& file_;
  uint64_t begin_ = 0;
  std::vector<char> bytes_;
};

std::string kind_loss_name(size_t kind) {
  const KindInfo* info = find_kind(static_cast<uint16_t>(kind));
  return std::string(kLossRingFull) + (info != nullptr ? std::string(info->name) : std::to_string(kind));
}

}  // namespace

// The slot is read again after its words: the ring is not overwritten at or after a tail, so what was copied is sound
// from the later tail on, unless the slot has another user by then; then all of it is in frames.
bool RingImage::take_slot(const InputFile& file, uint64_t offset, SlotImage& image) {
  RingSlot& slot = image.slot;
  if (!inside(file, offset, sizeof(RingSlot)) || !file.read(offset, &slot, sizeof slot)) {
    return false;
  }
  image.begin = slot.tail;
  if (slot.state == kSlotFree || slot.head == slot.tail) {
    return true;
  }
  const bool sane = slot.capacity != 0 && slot.head > slot.tail && slot.head - slot.tail <= slot.capacity &&
                    slot.capacity <= kMaxRingBytesEach / sizeof(int64_t) &&
                    inside(file, slot.data_offset, slot.capacity * sizeof(int64_t));
  copied_words_ += sane ? slot.head - slot.tail : 0;
  if (!sane || copied_words_ > kMaxRingBytes / sizeof(int64_t) ||
      !copy_ring(file, slot.data_offset, slot.capacity, slot.tail, slot.head, image.words)) {
    image.words.clear();
    image.damaged = true;
    return true;
  }
  RingSlot later{};
  if (!file.read(offset, &later, sizeof later) || later.serial != slot.serial || later.state == kSlotFree) {
    image.words.clear();
  } else if (later.tail > slot.tail) {
    const uint64_t gone = std::min<uint64_t>(later.tail - slot.tail, image.words.size());
    image.words.erase(image.words.begin(), image.words.begin() + static_cast<std::ptrdiff_t>(gone));
    image.begin += gone;
  }
  return true;
}

void RingImage::take_journal(const InputFile& file) {
  const uint64_t head = header_.journal_head;
  const uint64_t tail = header_.journal_tail;
  const uint64_t capacity = header_.journal_capacity;
  if (head == tail) {
    return;
  }
  RingFileHeader later{};
  if (head < tail || head - tail > capacity || capacity > kMaxRingFileBytes ||
      !inside(file, header_.journal_offset, capacity) ||
      !copy_ring(file, header_.journal_offset, capacity, tail, head, journal_) ||
      !file.read(0, &later, sizeof later)) {
    journal_.clear();
    ++damaged_parts_;
    return;
  }
  const uint64_t gone =
      std::min<uint64_t>(later.journal_tail > tail ? later.journal_tail - tail : 0, journal_.size());
  journal_.erase(journal_.begin(), journal_.begin() + static_cast<std::ptrdiff_t>(gone));
  journal_begin_ = tail + gone;
}

// The entries that no record stands for: open ones, and ones whose end came no further than the mark.
void RingImage::take_async(const InputFile& file) {
  const uint64_t offset = header_.async_offset;
  const uint32_t capacity = header_.async_capacity;
  if (offset == 0) {
    return;
  }
  std::vector<AsyncRangeEntry> entries(capacity <= kMaxAsyncRanges ? capacity : 0);
  if (entries.empty() || !inside(file, offset, entries.size() * sizeof(AsyncRangeEntry)) ||
      !file.read(offset, entries.data(), entries.size() * sizeof(AsyncRangeEntry))) {
    ++damaged_parts_;
    return;
  }
  for (const AsyncRangeEntry& entry : entries) {
    const auto not_pushed = [&](const SlotImage& image) {
      return image.slot.state != kSlotFree && image.slot.serial == entry.close_serial &&
             image.slot.head <= entry.close_begin;
    };
    const bool unmarked = entry.close_serial == 0;
    if (entry.state == kAsyncOpen || (entry.state == kAsyncClosing &&
                                      (unmarked || std::any_of(slots_.begin(), slots_.end(), not_pushed)))) {
      async_.push_back(entry);
    }
  }
}

bool RingImage::take(InputFile& file) {
  if (!file.read(0, &header_, sizeof header_) || !file.refresh() || header_.slot_bytes != sizeof(RingSlot) ||
      header_.block_bytes != kBlockBytes) {
    return false;
  }
  take_journal(file);
  const uint32_t count = std::min<uint32_t>(header_.slot_count, kMaxSlots);
  damaged_parts_ += count != header_.slot_count ? 1U : 0U;
  slots_.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t block = header_.slot_blocks[i / kSlotsPerBlock];
    const uint64_t offset = block == 0 ? 0 : block + i % kSlotsPerBlock * sizeof(RingSlot);
    if (!take_slot(file, offset, slots_[i])) {
      slots_[i] = SlotImage{};
      slots_[i].damaged = true;
    }
    damaged_parts_ += slots_[i].damaged ? 1U : 0U;
  }
  take_async(file);
  return true;
}

bool RingImage::nothing_drained() const {
  return header_.journal_tail == 0 && damaged_parts_ == 0 &&
         std::all_of(slots_.begin(), slots_.end(),
                     [](const SlotImage& image) { return image.slot.tail == 0; });
}

void RingImage::deliver_strings(InputFile& file, SpoolVisitor& visitor) const {
  RingFileHeader now{};
  if (!file.read(0, &now, sizeof now) || !file.refresh()) {
    return;
  }
  const uint32_t count = std::min<uint32_t>(now.string_count, kMaxStrings - 1);
  TextWindow texts(file);
  std::vector<StringRef> refs(kRefsPerBlock);
  for (size_t block = 0; block <= count / kRefsPerBlock; ++block) {
    if (!inside(file, now.string_blocks[block], kBlockBytes) ||
        !file.read(now.string_blocks[block], refs.data(), kBlockBytes)) {
      continue;
    }
    for (size_t i = block == 0 ? 1 : 0; i < kRefsPerBlock && block * kRefsPerBlock + i <= count; ++i) {
      const uint64_t offset = refs[i] & ((uint64_t{1} << kStringLengthShift) - 1);
      std::string_view text;
      if (refs[i] != 0 && texts.get(offset, refs[i] >> kStringLengthShift, &text)) {
        visitor.on_string(static_cast<uint32_t>(block * kRefsPerBlock + i), text);
      }
    }
  }
}

void RingImage::deliver_losses(const InputFile& file, SpoolVisitor& visitor) const {
  RingFileHeader now{};
  if (!file.read(0, &now, sizeof now)) {
    return;
  }
  for (const LossCounter& counter : now.loss) {
    const size_t length = strnlen(counter.name, sizeof counter.name);
    if (length != 0 && length < sizeof counter.name && counter.count != 0) {
      visitor.on_loss(std::string_view(counter.name, length), counter.count);
    }
  }
  std::array<uint64_t, kSlotKinds> dropped{};
  uint64_t too_deep = 0;
  uint64_t unmatched = 0;
  for (const SlotImage& image : slots_) {
    for (size_t kind = 0; kind < kSlotKinds; ++kind) {
      dropped[kind] += image.slot.dropped[kind];
    }
    too_deep += image.slot.too_deep;
    unmatched += image.slot.unmatched;
  }
  for (size_t kind = 0; kind < kSlotKinds; ++kind) {
    if (dropped[kind] != 0) {
      visitor.on_loss(kind_loss_name(kind), dropped[kind]);
    }
  }
  if (too_deep != 0) {
    visitor.on_loss(kLossRangeTooDeep, too_deep);
  }
  if (unmatched != 0) {
    visitor.on_loss(kLossRangeUnmatched, unmatched);
  }
}

}  // namespace stepscope::trace::spool
