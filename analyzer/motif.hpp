// SPDX-License-Identifier: Apache-2.0
//
// find_motif: the stretch that a sequence of kernels or collectives repeats, step after step, when nobody says where steps
// begin. A pure function over plain arrays; any thread.
//
// Input: one item per kernel in the order of launch: a number for what it is, and how long the device was idle before it.
// What is found:
//   1. Lags (motif_lags.hpp): distances at which windows of the sequence come again.
//   2. For each lag the sequence is tiled with its motif (motif_tiling.hpp). Kernels replaced, inserted or missing are
//      tolerated, a stretch that is not the motif (an evaluation) is set apart, and tiling goes on behind it.
//   3. The shortest lag that qualifies (min_periods, min_ratio, min_coverage) is the period, unless a longer one explains
//      what the shorter leaves over: an optimizer after several micro-batches, what stands around the layers of a model.
//      The shorter one is then the sub-period, if each has a host copy, as micro-batches have and layers have not. A
//      stretch with host copies of its own is left apart: it is another loop.
//   4. A period is a step when something that comes once a step is in it: an optimizer's kernel, a copy between host and
//      device, or one idle gap four times the next. Layers of a model repeat too; without such evidence the answer is
//      kUnmarked. When optimizer kernels occur between the first and the last period, four of five must have one.
// Where a step begins: at a host-to-device copy (the first behind the optimizer, when its kernels are known, else the one
// with the longest usual idle time); without copies at the longest usual idle time, if it stands out (10 us, and a tenth more
// than the next), else behind the optimizer, else anywhere.
//
// Cost: O(n log n); lags are looked for in the first kMotifSearch items, all items are tiled. Memory: about 40 B for each of
// those first items, beside the input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stepscope::analysis {

inline constexpr size_t kMotifSearch = size_t{3} << 19U;
inline constexpr uint32_t kMotifIdleUnitNs = 100;
inline constexpr uint32_t kMotifIdleMax = (1U << 29U) - 1;

struct MotifItem {
  uint32_t symbol = 0;          // the same number for the same work
  uint32_t idle : 29 = 0;       // device idle before it, in kMotifIdleUnitNs, at most kMotifIdleMax
  uint32_t copied_in : 1 = 0;   // a host-to-device copy lies between the item before and this one
  uint32_t copied_out : 1 = 0;  // a device-to-host copy does
  uint32_t update : 1 = 0;      // a kernel of an optimizer
};
static_assert(sizeof(MotifItem) == 8);

// An idle time as MotifItem::idle keeps it; negative is none.
[[nodiscard]] constexpr uint32_t motif_idle(int64_t ns) {
  return static_cast<uint32_t>(std::clamp<int64_t>(ns / kMotifIdleUnitNs, 0, kMotifIdleMax));
}

struct MotifOptions {
  double min_periods = 3;
  double min_ratio = 0.8;     // share of the items of the periods that equal the motif
  double min_coverage = 0.5;  // share of all items that lie in periods
  double min_gain = 0.01;     // what a longer period must explain more, as a share of all items
};

enum class MotifVerdict : uint8_t {
  kFound = 0,
  kTooFewItems,  // fewer than two periods of two items would need
  kOneSymbol,    // every item is the same
  kNoPeriod,     // nothing repeats often enough and exactly enough
  kUnmarked,     // something does, but nothing says that it is a step and not a part of one
};

enum class MotifEvidence : uint8_t { kNone = 0, kIdle, kCopy, kUpdate };  // ascending by weight

// Steps and what lies between them; ascending, each begins where the one before ended.
struct MotifPart {
  size_t begin = 0;
  size_t end = 0;
  bool step = true;  // false: a stretch apart
  uint32_t sub_periods = 0;
};

struct Motif {
  MotifVerdict verdict = MotifVerdict::kNoPeriod;
  size_t period = 0;      // items; with kUnmarked that of what repeats, with kNoPeriod 0
  size_t sub_period = 0;  // items of a micro-batch; 0: none
  double ratio = 0;
  double coverage = 0;
  double periods = 0;  // how many, with the parts of one at either end
  MotifEvidence evidence = MotifEvidence::kNone;
  std::vector<MotifPart> parts;  // empty unless found
};

[[nodiscard]] Motif find_motif(std::span<const MotifItem> items, const MotifOptions& options);

}  // namespace stepscope::analysis
