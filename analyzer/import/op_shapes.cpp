// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/op_shapes.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace stepscope::analysis::importing {
namespace {

constexpr size_t kLongestShapes = 256;

uint64_t shapes_hash(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a: a text, not a secret
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace

std::string compact_shapes(std::string_view written) {
  constexpr std::string_view kEmptyInput = ",[]";
  std::string out;
  for (const char c : written) {
    if (static_cast<unsigned char>(c) > ' ') {
      out += c;
    }
  }
  if (out.size() < 2 || out.back() != ']') {
    return {};
  }
  out.pop_back();
  while (out.ends_with(kEmptyInput)) {
    out.resize(out.size() - kEmptyInput.size());
  }
  if (out.find_first_of("0123456789") == std::string::npos) {
    return {};
  }
  out += ']';
  if (out.size() > kLongestShapes) {
    const uint64_t hash = shapes_hash(out);
    out.resize(kLongestShapes - 24);
    out += fmt::format("...#{:016x}", hash);
  }
  return out;
}

}  // namespace stepscope::analysis::importing
