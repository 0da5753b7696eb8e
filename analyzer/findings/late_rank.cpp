// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "analyzer/findings/rank_case.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

// Mean over all ranks but one.
double others(const std::vector<double>& by_rank, size_t but) {
  double sum = 0;
  for (size_t r = 0; r < by_rank.size(); ++r) {
    sum += r == but ? 0 : by_rank[r];
  }
  return sum / static_cast<double>(by_rank.size() - 1);
}

// The train step in which the job waited longest for this rank.
std::optional<Pointer> longest_hold(const AnalyzedRun& run, size_t rank) {
  const RankLedger& job = *run.ranks;
  std::optional<Pointer> best;
  int64_t most = 0;
  size_t longest = 0;
  for (size_t s = 0; s < job.steps().size(); ++s) {
    if (job.steps()[s].step_class == StepClass::kTrain && job.held(s)[rank] > most) {
      most = job.held(s)[rank];
      longest = s;
    }
  }
  for (const ProcessLedger& process : run.ledger->processes) {
    if (most == 0 || process.steps.process != job.processes[rank]) {
      continue;
    }
    const auto own =
        std::find_if(process.steps.steps.begin(), process.steps.steps.end(),
                     [&](const Step& step) { return step.number == job.steps()[longest].number; });
    if (own != process.steps.steps.end()) {
      best = Pointer{0, process.steps.process, process.steps.lane, own->index, own->begin_ns, own->end_ns};
    }
  }
  return best;
}

// Those that deserve to be named; what is left of a rank's growth counts in the effect, and is noise term by term.
std::vector<const Term*> terms_of_weight(const std::vector<const Term*>& grown, int64_t effect) {
  constexpr int64_t kLeastPart = 20;
  std::vector<const Term*> out;
  std::copy_if(grown.begin(), grown.end(), std::back_inserter(out),
               [effect](const Term* term) { return term->flagged || term->delta_ns * kLeastPart >= effect; });
  return out;
}

std::string largest_terms(const std::vector<const Term*>& terms) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, terms.size()); ++i) {
    text += fmt::format("{}{} {:+.1f}", i == 0 ? "" : ", ", terms[i]->name,
                        static_cast<double>(terms[i]->delta_ns) / 1e6);
  }
  return text + (terms.size() > kShown ? fmt::format(" and {} more", terms.size() - kShown) : "");
}

std::string advice_about(const Process& process) {
  return fmt::format("look at rank {}{}{}: its GPU's clock and temperature, and what else runs there",
                     process.rank, process.host.empty() ? "" : " on host ", process.host);
}

// Stages wait for each other by design: who waits longest is no sign of who is slow.
bool has_pipeline(const RankLedger& ranks) {
  return std::any_of(ranks.transfers.begin(), ranks.transfers.end(),
                     [](const RankTransfer& transfer) { return transfer.op == "send_recv"; });
}

// What of communication a busier rank hides now: exposed time that fell though every transfer takes as long as before. Ns, <= 0.
int64_t hidden_transfers(const RankCase& ranks) {
  constexpr double kAsLong = 0.9;
  int64_t hidden = 0;
  for (const Term& term : ranks.diff.terms) {
    if (!term.name.starts_with(leaf::kCommPrefix) || term.delta_ns >= 0) {
      continue;
    }
    const std::string_view op = std::string_view(term.name).substr(leaf::kCommPrefix.size());
    const std::vector<GroupTransfers> before = transfers_of(ranks.base, op);
    const std::vector<GroupTransfers> now = transfers_of(ranks.candidate, op);
    bool as_long = before.size() == now.size();
    for (size_t i = 0; as_long && i < now.size(); ++i) {
      as_long = now[i].members == before[i].members &&
                now[i].transfer_ns >= kAsLong * before[i].transfer_ns &&
                now[i].per_step >= kAsLong * before[i].per_step;
    }
    hidden += as_long ? term.delta_ns : 0;
  }
  return hidden;
}

void add_late_ranks(const RankCase& ranks, std::vector<Finding>* out) {
  constexpr double kWaitedFor = 0.3;  // of the effect that the others must wait longer, on average
  constexpr double kMostSteps = 0.5;  // in which the job must wait longest for it
  std::map<int32_t, std::vector<const Term*>> grown;
  for (const Term& term : ranks.diff.terms) {
    if (term.rank >= 0 && term.delta_ns > 0) {
      grown[term.rank].push_back(&term);
    }
  }
  const int64_t hidden = grown.empty() ? 0 : hidden_transfers(ranks);
  for (size_t r = 0; r < ranks.now.waited_ns.size(); ++r) {
    const auto found = grown.find(ranks.number_of(r));
    if (found == grown.end()) {
      continue;
    }
    int64_t effect = hidden;
    bool flagged = false;
    for (const Term* term : found->second) {
      effect += term->delta_ns;
      flagged = flagged || term->flagged;
    }
    const double before = others(ranks.before.waited_ns, r);
    const double now = others(ranks.now.waited_ns, r);
    if (!flagged || effect <= 0 || !ranks.beyond_residual(effect) || ranks.now.most_share[r] < kMostSteps ||
        now - before < kWaitedFor * static_cast<double>(effect)) {
      continue;
    }
    const Process& process = ranks.candidate[0].run->processes()[ranks.candidate[0].ranks->processes[r]];
    Finding finding;
    finding.id = "rank.late";
    finding.rank = found->first;
    const std::vector<const Term*> named = terms_of_weight(found->second, effect);
    for (const Term* term : named) {
      finding.terms.push_back(term->name);
    }
    finding.text = fmt::format(
        "rank {} is late: {} ms/step; the other ranks wait for it ({} of each step, {} in the base)",
        found->first, largest_terms(named), ms(now), ms(before));
    finding.advice = advice_about(process);
    finding.effect_ns = effect;
    finding.confidence = ranks.diff.noise_known ? Confidence::kHigh : Confidence::kMedium;
    finding.where = longest_hold(ranks.candidate[0], r);
    finding.evidence = {{"other ranks wait for it", "ns", before, now},
                        {"share of steps in which it is waited for longest", "", ranks.before.most_share[r],
                         ranks.now.most_share[r]}};
    out->push_back(std::move(finding));
  }
}

// Of one run, without a base: one rank is it in three of five steps and more, and the others wait for a twentieth of the step
// and more. Not in a pipeline, whose stages wait for each other by design.
void add_late_rank(const AnalyzedRun& run, std::vector<Finding>* out) {
  constexpr double kMostSteps = 0.6;
  constexpr double kLarge = 0.05;  // of the step
  if (run.ranks == nullptr || !run.ranks->known || has_pipeline(*run.ranks)) {
    return;
  }
  const RankEvidence evidence = rank_evidence({&run, 1});
  const auto most = std::max_element(evidence.most_share.begin(), evidence.most_share.end());
  const auto late = static_cast<size_t>(most - evidence.most_share.begin());
  const double waiting = others(evidence.waited_ns, late);
  if (*most < kMostSteps || waiting < kLarge * evidence.step_ns ||
      waiting <= 2 * static_cast<double>(evidence.residual_ns)) {
    return;
  }
  const Process& process = run.run->processes()[run.ranks->processes[late]];
  Finding finding;
  finding.id = "rank.late";
  finding.rank = process.rank;
  finding.text = fmt::format(
      "rank {} is late: it is the one the job waits for longest in {} of the steps; the other ranks wait {} "
      "of each step",
      process.rank, percent(*most), ms(waiting));
  finding.advice = advice_about(process);
  finding.effect_ns = std::llround(waiting);
  finding.confidence = Confidence::kMedium;
  finding.where = longest_hold(run, late);
  finding.evidence = {{"other ranks wait for it", "ns", {}, waiting},
                      {"share of steps in which it is waited for longest", "", {}, *most}};
  out->push_back(std::move(finding));
}

}  // namespace

void find_late_rank(const Case& c, std::vector<Finding>* out) {
  if (c.one_run()) {
    add_late_rank(c.run(), out);
  } else if (c.diff().by_ranks) {
    add_late_ranks(RankCase(c), out);
  }
}

}  // namespace stepscope::analysis::finding
