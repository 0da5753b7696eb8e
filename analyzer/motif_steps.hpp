// SPDX-License-Identifier: Apache-2.0
//
// Steps of a process that nobody marked: from the collectives of its largest communicator, or from its kernels. What repeats
// is found by find_motif (motif.hpp); here it is read and turned into boundaries. Internal to the library; rules in steps.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/motif.hpp"
#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

// Both fill in `out` and return true, or leave it alone and say in `why_not`, as part of a sentence, why they abstain.

// The communicator with most ranks, of those the one with most collectives; point-to-point operations do not count. A symbol
// is operation and size; a step begins where its first collective is enqueued. 16 B per collective.
[[nodiscard]] Result<bool> find_collective_steps(const Run& run, uint32_t process, ProcessSteps* out,
                                                 std::string* why_not);

// The device with most kernels. Order is that of launch, by correlation. A symbol is name and launch configuration; when that
// explains less than nine tenths (shapes that vary), name alone. A step begins with its first kernel. 8 B per kernel, two
// passes over the GPU events.
[[nodiscard]] Result<bool> find_kernel_steps(const Run& run, uint32_t process, ProcessSteps* out,
                                             std::string* why_not);

// Why there is no motif among `things` ("kernels").
[[nodiscard]] std::string why_no_motif(const Motif& motif, std::string_view things);

// Parts of a motif as steps; `begins` has the time of each part's first item, `end_ns` is that of the last. A part that is no
// step becomes one of class eval. Parts that take no time join the one before.
void make_motif_steps(const Motif& motif, const std::vector<int64_t>& begins, int64_t end_ns,
                      ProcessSteps* out);

// The match ratio times 0.85 for a copy or an optimizer in every period, times 0.7 for an idle gap.
[[nodiscard]] double motif_confidence(const Motif& motif);

// The thread that drives a process, as far as one can tell: the main thread, else the one with most CUDA calls, else the one
// with most events, else any lane.
[[nodiscard]] uint32_t driving_lane(const Run& run, uint32_t process);

}  // namespace stepscope::analysis
