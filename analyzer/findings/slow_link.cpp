// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/collectives.hpp"
#include "analyzer/findings/rank_case.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

struct Slowing {
  const GroupTransfers* before = nullptr;
  const GroupTransfers* now = nullptr;

  [[nodiscard]] double per_step_ns() const {
    return now->per_step * (now->transfer_ns - before->transfer_ns);
  }
};

// The groups of ranks whose transfers take longer though as much is sent and the ranks come no further apart; most time first.
std::vector<Slowing> slower_groups(const std::vector<GroupTransfers>& before,
                                   const std::vector<GroupTransfers>& now) {
  constexpr double kLonger = 1.1;
  constexpr double kAlike = 0.1;  // counts and sizes
  std::vector<Slowing> out;
  for (const GroupTransfers& group : now) {
    const auto old = std::find_if(before.begin(), before.end(), [&group](const GroupTransfers& one) {
      return one.members == group.members;
    });
    const auto alike = [](double a, double b) { return std::abs(a - b) <= kAlike * std::max(a, b); };
    if (old == before.end() || !alike(old->per_step, group.per_step) || !alike(old->bytes, group.bytes)) {
      continue;
    }
    const double growth = group.transfer_ns - old->transfer_ns;
    if (group.transfer_ns >= kLonger * old->transfer_ns && growth > group.arrival_ns - old->arrival_ns) {
      out.push_back({&*old, &group});
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Slowing& a, const Slowing& b) { return a.per_step_ns() > b.per_step_ns(); });
  return out;
}

std::string members_text(const RankCase& ranks, const GroupTransfers& group) {
  std::string text;
  for (const uint32_t member : group.members) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", ranks.number_of(member));
  }
  return group.members.size() == ranks.now.waited_ns.size() ? "all ranks" : "ranks " + text;
}

std::string bandwidth_text(std::string_view op, const Slowing& slowing) {
  const auto bus = [op](const GroupTransfers& group) {
    const auto ranks = static_cast<int64_t>(group.members.size());
    return message_bytes(op, ranks, group.bytes) * bus_factor(op, ranks) / group.transfer_ns;
  };
  return slowing.before->bytes <= 0 || slowing.before->transfer_ns <= 0
             ? ""
             : fmt::format(", bus bandwidth {:.1f} -> {:.1f} GB/s", bus(*slowing.before), bus(*slowing.now));
}

}  // namespace

void find_slow_link(const Case& c, std::vector<Finding>* out) {
  if (c.one_run() || !c.diff().by_ranks) {
    return;
  }
  const RankCase ranks(c);
  for (const Term& term : ranks.diff.terms) {
    if (!term.name.starts_with(leaf::kCommPrefix) || !term.flagged || term.delta_ns <= 0 ||
        !ranks.beyond_residual(term.delta_ns)) {
      continue;
    }
    const std::string_view op = std::string_view(term.name).substr(leaf::kCommPrefix.size());
    const std::vector<GroupTransfers> before = transfers_of(ranks.base, op);
    const std::vector<GroupTransfers> now = transfers_of(ranks.candidate, op);
    const std::vector<Slowing> slower = slower_groups(before, now);
    if (slower.empty()) {
      continue;
    }
    const bool some = slower.size() < now.size();
    Finding finding;
    finding.id = "link.slow";
    finding.terms = {term.name};
    finding.text = fmt::format(
        "slow link: {} takes {} each once {} have come{} ({:+.1f} ms/step); they come no further apart than "
        "before",
        op, from_to(slower[0].before->transfer_ns, slower[0].now->transfer_ns),
        members_text(ranks, *slower[0].now), bandwidth_text(op, slower[0]),
        static_cast<double>(term.delta_ns) / 1e6);
    finding.advice =
        some ? fmt::format("look at what only {} share: a host, a switch, a rail; {} of {} groups are slower",
                           members_text(ranks, *slower[0].now), slower.size(), now.size())
             : "look at the network: link speed, congestion, NCCL's transport and settings";
    finding.effect_ns = term.delta_ns;
    finding.confidence = ranks.diff.noise_known ? Confidence::kHigh : Confidence::kMedium;
    const std::string_view leaves[] = {term.name};
    finding.evidence = {
        c.observed("transfer", "ns", slower[0].before->transfer_ns, slower[0].now->transfer_ns),
        c.observed("arrivals apart", "ns", slower[0].before->arrival_ns, slower[0].now->arrival_ns),
        c.observed("per step", "", slower[0].before->per_step, slower[0].now->per_step)};
    finding.where = worst_step(ranks.candidate[0], 0, leaves);
    out->push_back(std::move(finding));
  }
}

}  // namespace stepscope::analysis::finding
