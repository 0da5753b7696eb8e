// SPDX-License-Identifier: Apache-2.0
//
// Bounded text for code that must not allocate: a fixed buffer that cuts instead of overflowing, number parsing and
// the few comparisons libc lacks. Freestanding, no locks, any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace stepscope::collector {

// A view of characters somebody else owns; not NUL-terminated.
struct TextView {
  const char* data = nullptr;
  size_t size = 0;

  TextView() = default;
  TextView(const char* text, size_t length) : data(text), size(length) {}
  explicit TextView(const char* text) : data(text), size(text == nullptr ? 0 : strlen(text)) {}

  [[nodiscard]] bool empty() const noexcept { return size == 0; }
  [[nodiscard]] bool equals(const char* text) const noexcept;
  [[nodiscard]] bool starts_with(const char* prefix) const noexcept;
  // Position of `c`, or `size`.
  [[nodiscard]] size_t find(char c) const noexcept;
  [[nodiscard]] TextView substr(size_t from, size_t length = SIZE_MAX) const noexcept;
};

// Takes the text up to the next `separator` off the front of `rest`. False when nothing is left.
bool next_field(TextView& rest, char separator, TextView& field) noexcept;

// Parses an unsigned decimal number at the front of `text`; false when there is none or it overflows.
bool parse_u64(TextView text, uint64_t& value) noexcept;

[[nodiscard]] bool is_alnum(char c) noexcept;
[[nodiscard]] char to_lower(char c) noexcept;
// `needle` is lower case; `text` of any case.
[[nodiscard]] bool contains_ignoring_case(TextView text, const char* needle) noexcept;

// For buffers in static storage: initialised at compile time, so that loading the library runs no code for them.
struct ZeroedTag {};
inline constexpr ZeroedTag kZeroed{};

// Always NUL-terminated; what does not fit is cut and remembered.
template <size_t N>
class TextBuffer {
 public:
  TextBuffer() noexcept { data_[0] = '\0'; }  // the rest stays unset: most buffers are big and on the stack
  constexpr explicit TextBuffer(ZeroedTag) noexcept : data_{} {}

  TextBuffer& add(TextView text) noexcept {
    size_t room = N - 1 - size_;
    size_t n = text.size < room ? text.size : room;
    cut_ = cut_ || n < text.size;
    if (n != 0) {
      memcpy(data_ + size_, text.data, n);
    }
    size_ += n;
    data_[size_] = '\0';
    return *this;
  }
  TextBuffer& add(const char* text) noexcept { return add(TextView(text)); }
  TextBuffer& add(char c) noexcept { return add(TextView(&c, 1)); }
  TextBuffer& add_u64(uint64_t value) noexcept {
    char digits[20];
    size_t at = sizeof(digits);
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    return add(TextView(digits + at, sizeof(digits) - at));
  }
  TextBuffer& add_i64(int64_t value) noexcept {
    if (value < 0) {
      add('-');
      return add_u64(~static_cast<uint64_t>(value) + 1);
    }
    return add_u64(static_cast<uint64_t>(value));
  }
  TextBuffer& add_hex(uint64_t value) noexcept {
    for (int shift = 60; shift >= 0; shift -= 4) {
      add("0123456789abcdef"[(value >> shift) & 15]);
    }
    return *this;
  }
  void clear() noexcept { truncate(0); }
  void truncate(size_t size) noexcept {
    size_ = size;
    cut_ = false;
    data_[size_] = '\0';
  }

  [[nodiscard]] const char* c_str() const noexcept { return data_; }
  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool cut() const noexcept { return cut_; }
  [[nodiscard]] TextView view() const noexcept { return {data_, size_}; }

 private:
  char data_[N];
  size_t size_ = 0;
  bool cut_ = false;
};

}  // namespace stepscope::collector
