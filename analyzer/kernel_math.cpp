// SPDX-License-Identifier: Apache-2.0
#include "analyzer/kernel_math.hpp"

#include <algorithm>
#include <iterator>

namespace stepscope::analysis {

MathUnit math_unit(std::string_view raw) {
  // What speaks against tensor cores stands out among words that are in both kinds of names.
  constexpr std::string_view kScalar[] = {"_ffma", "simt", "_sgemm", "_dgemm", "scudnn", "convolve_sgemm"};
  constexpr std::string_view kTensor[] = {"tensorop", "s884",   "h884",       "s1688",    "h1688",
                                          "s16816",   "h16816", "i8816",      "i16832",   "xmma",
                                          "nvjet",    "wgmma",  "tensor16x8", "tensor8x8"};
  const auto in_name = [raw](std::string_view word) { return raw.find(word) != std::string_view::npos; };
  if (std::any_of(std::begin(kScalar), std::end(kScalar), in_name)) {
    return MathUnit::kScalar;
  }
  return std::any_of(std::begin(kTensor), std::end(kTensor), in_name) ? MathUnit::kTensor
                                                                      : MathUnit::kUnknown;
}

}  // namespace stepscope::analysis
