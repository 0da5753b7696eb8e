// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_evidence.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace stepscope::analysis {

RankEvidence rank_evidence(std::span<const AnalyzedRun> side) {
  RankEvidence out;
  const size_t ranks = side[0].ranks->ranks();
  out.waited_ns.assign(ranks, 0);
  out.most_share.assign(ranks, 0);
  double steps = 0;
  for (const AnalyzedRun& run : side) {
    const RankLedger& job = *run.ranks;
    out.residual_ns = std::max(out.residual_ns, job.residual_ns);
    for (size_t s = 0; s < job.steps().size(); ++s) {
      if (job.steps()[s].step_class != StepClass::kTrain) {
        continue;
      }
      steps += 1;
      out.step_ns += static_cast<double>(job.steps()[s].duration_ns());
      const std::span<const int64_t> held = job.held(s);
      const std::span<const int64_t> waited = job.waited(s);
      out.most_share[static_cast<size_t>(std::max_element(held.begin(), held.end()) - held.begin())] += 1;
      for (size_t r = 0; r < ranks; ++r) {
        out.waited_ns[r] += static_cast<double>(waited[r]);
      }
    }
  }
  if (steps > 0) {
    out.step_ns /= steps;
    for (size_t r = 0; r < ranks; ++r) {
      out.waited_ns[r] /= steps;
      out.most_share[r] /= steps;
    }
  }
  out.mean_wait_ns =
      std::accumulate(out.waited_ns.begin(), out.waited_ns.end(), 0.0) / static_cast<double>(ranks);
  return out;
}

std::vector<GroupTransfers> transfers_of(std::span<const AnalyzedRun> side, std::string_view op) {
  std::map<std::vector<uint32_t>, GroupTransfers>
      groups;  // by members: communicators have other ids in every run
  double steps = 0;
  for (const AnalyzedRun& run : side) {
    for (const Step& step : run.ranks->steps()) {
      steps += step.step_class == StepClass::kTrain ? 1 : 0;
    }
    for (const RankTransfer& transfer : run.ranks->transfers) {
      if (transfer.op != op) {
        continue;
      }
      GroupTransfers& group = groups[transfer.members];
      const auto count = static_cast<double>(transfer.count);
      group.members = transfer.members;
      group.per_step += count;
      group.arrival_ns += count * transfer.arrival_ns;
      group.transfer_ns += count * transfer.transfer_ns;
      group.bytes += count * static_cast<double>(transfer.bytes);
    }
  }
  std::vector<GroupTransfers> out;
  for (auto& [members, group] : groups) {
    group.arrival_ns /= group.per_step;
    group.transfer_ns /= group.per_step;
    group.bytes /= group.per_step;
    group.per_step /= std::max(1.0, steps);
    out.push_back(std::move(group));
  }
  return out;
}

}  // namespace stepscope::analysis
