// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

constexpr const char* kPin = "use pin_memory=True in the DataLoader and non_blocking=True in the copy";

const CopyStats* copies_of(const GpuEvidence& gpu, std::string_view kind) {
  const auto at = std::find_if(gpu.copies.begin(), gpu.copies.end(),
                               [kind](const CopyStats& copy) { return copy.kind == kind; });
  return at == gpu.copies.end() ? nullptr : &*at;
}

double pageable_per_step(const GpuEvidence& gpu, const CopyStats* copy) {
  return copy == nullptr ? 0 : per_step(static_cast<double>(copy->pageable_bytes), gpu.train_steps);
}

std::string pageable_growth(const Case& c, const CopyStats& copy) {
  constexpr double kMore = 1e6;  // bytes per step
  const CopyStats* old = copies_of(c.base().gpu, copy.kind);
  const double before = pageable_per_step(c.base().gpu, old);
  const double now = pageable_per_step(c.candidate().gpu, &copy);
  if (now - before < kMore) {
    return "";
  }
  const std::string slower =
      old == nullptr || old->ns == 0
          ? ""
          : fmt::format(", {} instead of {}", gigabytes(rate(copy.pageable_bytes, copy.pageable_ns)),
                        gigabytes(rate(old->bytes, old->ns)));
  return fmt::format("{:.0f} -> {:.0f} MB per step{}", before / 1e6, now / 1e6, slower);
}

std::string pageable_share(const Case& c, const CopyStats& copy) {
  return 2 * copy.pageable_ns <= copy.ns
             ? ""
             : fmt::format("{:.0f} MB per step at {}", pageable_per_step(c.candidate().gpu, &copy) / 1e6,
                           gigabytes(rate(copy.pageable_bytes, copy.pageable_ns)));
}

}  // namespace

void find_pageable_copies(const Case& c, std::vector<Finding>* out) {
  for (const std::string_view kind : {"h2d", "d2h"}) {
    const std::string leaf_name = std::string(leaf::kCopyPrefix) + std::string(kind);
    const CopyStats* copy = gpu_known(c) ? copies_of(c.candidate().gpu, kind) : nullptr;
    const std::optional<Effect> effect = c.one_run() ? c.notable(leaf_name) : c.grown(leaf_name);
    if (!effect.has_value() || copy == nullptr) {
      continue;
    }
    const std::string how_much = c.one_run() ? pageable_share(c, *copy) : pageable_growth(c, *copy);
    if (!how_much.empty()) {
      const std::string text = fmt::format("copies {} memory that is not pinned: {} ({})",
                                           kind == "h2d" ? "from" : "to", how_much, c.amount(effect->ns));
      out->push_back(c.make(
          "copy.pageable", effect->ns,
          {text,
           kPin,
           c.one_run() ? Confidence::kMedium : Confidence::kHigh,
           {c.observed("pageable per step", "bytes",
                       c.one_run() ? 0 : pageable_per_step(c.base().gpu, copies_of(c.base().gpu, kind)),
                       pageable_per_step(c.candidate().gpu, copy))}},
          {{std::string_view(leaf_name)}}));
    }
  }
}

}  // namespace stepscope::analysis::finding
