// SPDX-License-Identifier: Apache-2.0
#include "analyzer/selfcheck.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "analyzer/rank_ledger.hpp"
#include "analyzer/replay/cause_chain.hpp"

namespace stepscope::analysis {
namespace {

Check check(std::string name, CheckState state, std::string detail) {
  return {std::move(name), state, std::move(detail)};
}

// A process whose spool cannot be read is missing from every number.
Check check_spools(const Run& run) {
  const std::vector<std::string>& problems = run.problems();
  if (problems.empty()) {
    return check("spools", CheckState::kPass, "no spool was left out");
  }
  return check("spools", CheckState::kFail,
               problems.size() == 1 ? problems.front()
                                    : fmt::format("{} (and {} more)", problems.front(), problems.size() - 1));
}

Check check_files(const Run& run, bool verify) {
  if (!verify) {
    return check("file", CheckState::kNote, "not asked for: files were opened but not verified");
  }
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (Status status = run.verify(p); !status.ok()) {
      return check("file", CheckState::kFail, status.message());
    }
  }
  return check("file", CheckState::kPass,
               fmt::format("{} recording{} read back whole", run.processes().size(),
                           run.processes().size() == 1 ? "" : "s"));
}

// Wall clock and raw clock must advance together; a jump of one is a fact about the host worth knowing.
Check check_clocks(const Run& run) {
  constexpr int64_t kJump = 100 * 1000 * 1000;
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    const Process& process = run.processes()[p];
    if (process.first_ns > process.last_ns) {
      continue;
    }
    const int64_t elapsed = process.last_ns - process.first_ns;
    const int64_t wall_begin = run.wall_ns(p, process.first_ns);
    const int64_t wall = run.wall_ns(p, process.last_ns) - wall_begin;
    if (wall_begin == 0) {
      return check("clock.anchors", CheckState::kNote,
                   process.base + ": no clock anchor, so no wall-clock times");
    }
    if (wall < 0 || std::abs(wall - elapsed) > kJump + elapsed / 1000) {
      return check(
          "clock.anchors", CheckState::kNote,
          fmt::format("{}: the wall clock moved {:.3f} s against the raw clock; times use the raw clock",
                      process.base, static_cast<double>(wall - elapsed) / 1e9));
    }
  }
  return check("clock.anchors", CheckState::kPass, "wall clock and raw clock agree");
}

// Events of a lane are delivered ascending, with no negative durations (decoded as 0) and inside the lane's bounds.
Result<Check> check_monotonic(const Run& run) {
  uint64_t disorder = 0;
  uint64_t outside = 0;
  for (uint32_t l = 0; l < run.lanes().size(); ++l) {
    const Lane& lane = run.lanes()[l];
    Status status = run.scan_lane(l, {}, [&](const EventBlock& block) {
      for (size_t i = 0; i < block.start_ns.size(); ++i) {
        disorder += i > 0 && block.start_ns[i] < block.start_ns[i - 1] ? 1U : 0U;
        outside += block.start_ns[i] < lane.first_ns || block.start_ns[i] > lane.last_ns ? 1U : 0U;
      }
      return Status();
    });
    if (!status.ok()) {
      return status;
    }
  }
  const bool good = disorder == 0 && outside == 0;
  return check(
      "clock.monotonic", good ? CheckState::kPass : CheckState::kFail,
      good ? "events are in order on every lane"
           : fmt::format("{} events go back in time, {} lie outside their lane's bounds", disorder, outside));
}

Check check_steps(const Ledger& ledger) {
  size_t steps = 0;
  for (const ProcessLedger& process : ledger.processes) {
    const std::vector<Step>& list = process.steps.steps;
    steps += list.size();
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].end_ns <= list[i].begin_ns || (i > 0 && list[i].begin_ns != list[i - 1].end_ns)) {
        return check(
            "steps.order", CheckState::kFail,
            fmt::format("step {} does not begin where step {} ends", list[i].index, list[i].index - 1));
      }
    }
  }
  return steps == 0 ? check("steps.order", CheckState::kNote, "no steps were found")
                    : check("steps.order", CheckState::kPass,
                            fmt::format("{} steps follow one another without gap", steps));
}

Check check_sum(const Ledger& ledger) {
  const int64_t residual = ledger.residual_ns();
  return check("ledger.sum", residual == 0 ? CheckState::kPass : CheckState::kFail,
               residual == 0 ? "the leaves of every step add up to its wall time: residual 0 ns"
                             : fmt::format("leaves and wall time differ by {} ns", residual));
}

// What a step waited for, one after the other, covers it.
Result<Check> check_chain(const Run& run, const Ledger& ledger) {
  size_t steps = 0;
  int64_t residual = 0;
  int64_t unrecorded = 0;
  int64_t total = 0;
  ChainOptions options;
  options.most_processes = std::numeric_limits<size_t>::max();
  const Status status = walk_chains(run, ledger, options, [&](const StepChain& chain) {
    ++steps;
    residual += chain.residual_ns();
    total += chain.step.duration_ns();
    for (const ChainSegment& segment : chain.segments) {
      unrecorded += segment.link == Link::kUnrecorded ? segment.end_ns - segment.begin_ns : 0;
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  if (steps == 0) {
    return check("chain.sum", CheckState::kNote, "no steps that a thread drives, so no chain of causes");
  }
  return check(
      "chain.sum", residual == 0 ? CheckState::kPass : CheckState::kFail,
      residual == 0
          ? fmt::format(
                "the chain of causes of every step adds up to it: residual 0 ns; {:.1f} % of the time "
                "was not recorded",
                100 * static_cast<double>(unrecorded) / static_cast<double>(total))
          : fmt::format("chains of causes and steps differ by {} ns", residual));
}

// Only for jobs of several ranks.
Check check_ranks(const RankLedger& ranks) {
  if (!ranks.known) {
    return check("ranks.sum", CheckState::kNote, "who waits for whom is not known: " + ranks.why_not);
  }
  const int64_t residual = ranks.ledger.residual_ns();
  return check("ranks.sum", residual == 0 ? CheckState::kPass : CheckState::kFail,
               residual == 0
                   ? fmt::format("what the job waited for adds up to its steps: residual 0 ns; clocks of {} "
                                 "ranks aligned to {:.1f} us",
                                 ranks.ranks(), static_cast<double>(ranks.residual_ns) / 1e3)
                   : fmt::format("what the job waited for and its steps differ by {} ns", residual));
}

Check check_joins(const Ledger& ledger) {
  uint64_t waits = 0;
  uint64_t unjoined = 0;
  for (const ProcessLedger& process : ledger.processes) {
    waits += process.waits;
    unjoined += process.unjoined;
  }
  if (waits == 0) {
    return check("batches.joined", CheckState::kNote, "no batch was waited for inside a step");
  }
  return check("batches.joined", unjoined == 0 ? CheckState::kPass : CheckState::kNote,
               fmt::format("{} of {} batches have a record of their making", waits - unjoined, waits));
}

Check check_losses(const Run& run) {
  uint64_t lost = 0;
  uint64_t errors = 0;
  std::string first;
  for (const RunLoss& loss : run.losses()) {
    lost += loss.severity == "data_loss" ? loss.count : 0;
    errors += loss.severity == "error" ? loss.count : 0;
    if (first.empty() && loss.count > 0 && loss.severity != "info") {
      first = fmt::format("{} = {}: {}", loss.counter, loss.count, loss.sentence);
    }
  }
  const CheckState state = lost > 0 ? CheckState::kFail : errors > 0 ? CheckState::kNote : CheckState::kPass;
  return check("loss", state, state == CheckState::kPass ? "nothing was lost" : first);
}

}  // namespace

std::string_view check_state_name(CheckState state) {
  switch (state) {
    case CheckState::kPass:
      return "pass";
    case CheckState::kNote:
      return "note";
    case CheckState::kFail:
      break;
  }
  return "fail";
}

Result<std::vector<Check>> selfcheck(const Run& run, const SelfcheckOptions& options) {
  std::vector<Check> out;
  out.push_back(check_files(run, options.files));
  out.push_back(check_spools(run));
  out.push_back(check_clocks(run));
  if (out.front().state == CheckState::kFail) {
    return out;  // what cannot be read cannot be analysed either
  }
  Result<Check> monotonic = check_monotonic(run);
  if (!monotonic.ok()) {
    return monotonic.status();
  }
  out.push_back(std::move(monotonic).value());
  LedgerOptions ledger_options = options.ledger;
  ledger_options.cache = Cache::kNone;  // check what the events say, not what was stored
  Result<Ledger> ledger = build_ledger(run, ledger_options);
  if (!ledger.ok()) {
    return ledger.status();
  }
  out.push_back(check_steps(ledger.value()));
  out.push_back(check_sum(ledger.value()));
  Result<Check> chain = check_chain(run, ledger.value());
  if (!chain.ok()) {
    return chain.status();
  }
  out.push_back(std::move(chain).value());
  const Result<RankLedger> ranks = build_rank_ledger(run, ledger.value(), Cache::kNone);
  if (!ranks.ok()) {
    return ranks.status();
  }
  if (ranks.value().known || !ranks.value().why_not.empty()) {
    out.push_back(check_ranks(ranks.value()));
  }
  out.push_back(check_joins(ledger.value()));
  out.push_back(check_losses(run));
  return out;
}

bool passed(const std::vector<Check>& checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const Check& one) { return one.state == CheckState::kFail; });
}

}  // namespace stepscope::analysis
