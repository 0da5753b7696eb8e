// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/chain_view.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/apportion.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostChainRows = 12;
constexpr size_t kMostTermLinks = 8;  // of a term

// All segments of a chain that say the same.
struct LinkTotal {
  Link link = Link::kThread;
  std::string what;
  std::string actor;
  int32_t peer = -1;
  int64_t ns = 0;
  size_t segments = 0;
};

std::vector<LinkTotal> links_of(const ChainReport& report) {
  std::map<std::tuple<Link, std::string, std::string, int32_t>, LinkTotal> links;
  for (const ChainReport::Segment& segment : report.segments) {
    LinkTotal& one = links[{segment.link, segment.what, segment.actor, segment.peer}];
    one.link = segment.link;
    one.what = segment.what;
    one.actor = segment.actor;
    one.peer = segment.peer;
    one.ns += segment.end_ns - segment.begin_ns;
    ++one.segments;
  }
  std::vector<LinkTotal> out;
  for (auto& [key, one] : links) {
    out.push_back(std::move(one));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const LinkTotal& a, const LinkTotal& b) { return a.ns > b.ns; });
  return out;
}

std::string chain_ms(int64_t ns) {
  return milliseconds(static_cast<double>(ns));
}

std::string whose(const std::string& actor, int32_t peer) {
  return peer < 0 ? actor : fmt::format("rank {}, {}", peer, actor);
}

// Time in which the step waits for somebody else.
bool is_waiting(std::string_view leaf_name) {
  return leaf_name.starts_with(leaf::kIdlePrefix) || leaf_name.starts_with(leaf::kCommPrefix) ||
         leaf_name.starts_with(leaf::kCopyPrefix) || leaf_name.starts_with(leaf::kDataPrefix);
}

std::string step_table(const ChainReport& report, const Terminal& terminal) {
  TextTable table({{"ms", Align::kRight},
                   {"share", Align::kRight},
                   {"times", Align::kRight},
                   {"by", Align::kLeft},
                   {"what", Align::kLeft, Fit::kShorten},
                   {"whose", Align::kLeft, Fit::kShorten}});
  const auto step_ns = static_cast<double>(report.step.duration_ns());
  const std::vector<LinkTotal> links = links_of(report);
  LinkTotal rest;
  for (size_t i = 0; i < links.size(); ++i) {
    const LinkTotal& one = links[i];
    if (i < kMostChainRows || links.size() == kMostChainRows + 1) {
      table.add_row({chain_ms(one.ns), percent(static_cast<double>(one.ns), step_ns),
                     std::to_string(one.segments), std::string(link_name(one.link)), printable(one.what),
                     printable(whose(one.actor, one.peer))});
    } else {
      rest.ns += one.ns;
      rest.segments += one.segments;
    }
  }
  if (rest.segments > 0) {
    table.add_row({chain_ms(rest.ns), percent(static_cast<double>(rest.ns), step_ns),
                   std::to_string(rest.segments), fmt::format("({} more)", links.size() - kMostChainRows), "",
                   ""});
  }
  table.add_rule();
  table.add_row({Cell(chain_ms(report.step.duration_ns()), Style::kBold), Cell("100.0 %", Style::kBold),
                 Cell(std::to_string(report.segments.size()), Style::kBold), Cell("step", Style::kBold), "",
                 ""});
  return table.render(terminal);
}

std::string leaf_table(const ChainReport& report, const Terminal& terminal) {
  TextTable table({{"ms per step", Align::kRight},
                   {"under", Align::kLeft},
                   {"by", Align::kLeft},
                   {"what", Align::kLeft, Fit::kShorten}});
  std::vector<const ChainCause*> causes;
  for (const ChainCause& cause : report.causes.causes) {
    if (is_waiting(cause.leaf)) {
      causes.push_back(&cause);
    }
  }
  std::stable_sort(causes.begin(), causes.end(),
                   [](const ChainCause* a, const ChainCause* b) { return a->ns > b->ns; });
  causes.resize(std::min(causes.size(), kMostChainRows));
  for (const ChainCause* cause : causes) {
    const std::string what =
        cause->peer < 0 ? cause->what : fmt::format("rank {}: {}", cause->peer, cause->what);
    table.add_row({milliseconds(static_cast<double>(cause->ns) / static_cast<double>(report.causes.steps)),
                   printable(cause->leaf), std::string(link_name(cause->link)), printable(what)});
  }
  return table.empty() ? ""
                       : "\n" +
                             styled(fmt::format("what the step waits for, mean of {}",
                                                counted(report.causes.steps, "step")),
                                    Style::kBold, terminal) +
                             "\n" + table.render(terminal);
}

ordered_json rank_or_null(int32_t rank) {
  return rank < 0 ? ordered_json(nullptr) : ordered_json(rank);
}

}  // namespace

Result<std::optional<ChainReport>> make_chain_report(const Run& run, const Ledger& ledger) {
  const std::optional<size_t> typical = typical_step(ledger);
  if (!typical.has_value()) {
    return std::optional<ChainReport>();
  }
  ChainReport out;
  bool found = false;
  ChainOptions one;
  one.around = typical;
  one.most_steps = 1;
  const Status status = walk_chains(run, ledger, one, [&](const StepChain& chain) {
    if (found) {
      return Status();  // the same step of another rank
    }
    found = true;
    out.process = chain.process;
    out.step = chain.step;
    out.residual_ns = chain.residual_ns();
    for (const ChainSegment& segment : chain.segments) {
      out.segments.push_back({segment.link, segment.begin_ns, segment.end_ns, std::string(segment.actor),
                              std::string(segment.what),
                              segment.process == chain.process ? -1 : run.processes()[segment.process].rank});
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  Result<ChainCauses> causes = sum_chains(run, ledger);
  if (!causes.ok()) {
    return causes.status();
  }
  out.causes = std::move(causes).value();
  return found ? std::optional<ChainReport>(std::move(out)) : std::nullopt;
}

std::string chain_text(const Run& run, const ChainReport& report, const Terminal& terminal) {
  const Process& process = run.processes()[report.process];
  const std::string head = fmt::format("the chain of a typical step: step {} of rank {}, {} ms",
                                       report.step.number, process.rank, chain_ms(report.step.duration_ns()));
  return "\n" + styled(head, Style::kBold, terminal) + "\n" + step_table(report, terminal) +
         leaf_table(report, terminal);
}

ordered_json chain_json(const Run& run, const ChainReport& report) {
  const Process& process = run.processes()[report.process];
  ordered_json document = {{"process", process.base},
                           {"rank", process.rank},
                           {"step", report.step.number},
                           {"class", step_class_name(report.step.step_class)},
                           {"step_ns", report.step.duration_ns()},
                           {"residual_ns", report.residual_ns},
                           {"links", ordered_json::array()},
                           {"segments", ordered_json::array()},
                           {"summed_steps", report.causes.steps},
                           {"causes", ordered_json::array()}};
  for (const LinkTotal& one : links_of(report)) {
    document["links"].push_back({{"edge", link_name(one.link)},
                                 {"what", one.what},
                                 {"actor", one.actor},
                                 {"rank", rank_or_null(one.peer)},
                                 {"ns", one.ns},
                                 {"segments", one.segments}});
  }
  for (const ChainReport::Segment& segment : report.segments) {
    document["segments"].push_back({{"edge", link_name(segment.link)},
                                    {"what", segment.what},
                                    {"actor", segment.actor},
                                    {"rank", rank_or_null(segment.peer)},
                                    {"begin_ns", segment.begin_ns - report.step.begin_ns},
                                    {"end_ns", segment.end_ns - report.step.begin_ns}});
  }
  for (const ChainCause& cause : report.causes.causes) {
    document["causes"].push_back(
        {{"leaf", cause.leaf},
         {"edge", link_name(cause.link)},
         {"what", cause.what},
         {"rank", rank_or_null(cause.peer)},
         {"mean_ns", rounded_mean(cause.ns, static_cast<int64_t>(report.causes.steps))}});
  }
  return document;
}

Result<DiffChains> make_diff_chains(std::span<const AnalyzedRun> base,
                                    std::span<const AnalyzedRun> candidate) {
  DiffChains out;
  for (const auto& [side, causes] : {std::pair(base, &out.base), std::pair(candidate, &out.candidate)}) {
    for (const AnalyzedRun& one : side) {
      Result<ChainCauses> summed = sum_chains(*one.run, *one.ledger);
      if (!summed.ok()) {
        return summed.status();
      }
      *causes = std::move(summed).value();
      if (causes->steps > 0) {
        break;
      }
    }
  }
  return out;
}

void add_chain(const DiffChains& chains, const Term& term, ordered_json* entry) {
  const std::vector<TermChainLink> links =
      chain_of_term(leaf_of_term(term.name), term.base_ns, term.candidate_ns, chains.base, chains.candidate);
  ordered_json list = ordered_json::array();
  TermChainLink rest;
  for (size_t i = 0; i < links.size(); ++i) {
    const TermChainLink& one = links[i];
    if (i >= kMostTermLinks && links.size() > kMostTermLinks + 1) {
      rest.base_ns += one.base_ns;
      rest.candidate_ns += one.candidate_ns;
      continue;
    }
    list.push_back({{"edge", link_name(one.link)},
                    {"what", one.what},
                    {"rank", rank_or_null(one.peer)},
                    {"baseline_ns", one.base_ns},
                    {"candidate_ns", one.candidate_ns},
                    {"delta_ns", one.delta_ns()}});
    const bool accounts = std::abs(one.delta_ns()) * 5 >= std::abs(term.delta_ns) && one.delta_ns() != 0 &&
                          (one.delta_ns() < 0) == (term.delta_ns < 0);
    if (is_waiting(term.name) && accounts) {
      (*entry)["cause"].push_back(
          one.peer < 0 ? fmt::format("{}: {}", link_name(one.link), one.what)
                       : fmt::format("{}: rank {}: {}", link_name(one.link), one.peer, one.what));
    }
  }
  if (rest.base_ns != 0 || rest.candidate_ns != 0) {
    list.push_back({{"edge", nullptr},
                    {"what", "(the rest)"},
                    {"rank", nullptr},
                    {"baseline_ns", rest.base_ns},
                    {"candidate_ns", rest.candidate_ns},
                    {"delta_ns", rest.delta_ns()}});
  }
  (*entry)["chain"] = std::move(list);
}

}  // namespace stepscope::analysis::cli
