// SPDX-License-Identifier: Apache-2.0
#include "collector/text.hpp"

namespace stepscope::collector {

bool TextView::equals(const char* text) const noexcept {
  size_t length = strlen(text);
  return length == size && memcmp(data, text, length) == 0;
}

bool TextView::starts_with(const char* prefix) const noexcept {
  size_t length = strlen(prefix);
  return length <= size && memcmp(data, prefix, length) == 0;
}

size_t TextView::find(char c) const noexcept {
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == c) {
      return i;
    }
  }
  return size;
}

TextView TextView::substr(size_t from, size_t length) const noexcept {
  if (from >= size) {
    return {};
  }
  size_t rest = size - from;
  return {data + from, length < rest ? length : rest};
}

bool next_field(TextView& rest, char separator, TextView& field) noexcept {
  if (rest.empty()) {
    return false;
  }
  size_t at = rest.find(separator);
  field = rest.substr(0, at);
  rest = rest.substr(at + 1);
  return true;
}

bool parse_u64(TextView text, uint64_t& value) noexcept {
  uint64_t result = 0;
  size_t i = 0;
  for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; ++i) {
    uint64_t digit = static_cast<uint64_t>(text.data[i] - '0');
    if (result > (UINT64_MAX - digit) / 10) {
      return false;
    }
    result = result * 10 + digit;
  }
  if (i == 0) {
    return false;
  }
  value = result;
  return true;
}

bool is_alnum(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains_ignoring_case(TextView text, const char* needle) noexcept {
  size_t length = strlen(needle);
  for (size_t i = 0; i + length <= text.size; ++i) {
    size_t j = 0;
    while (j < length && to_lower(text.data[i + j]) == needle[j]) {
      ++j;
    }
    if (j == length) {
      return true;
    }
  }
  return false;
}

}  // namespace stepscope::collector
