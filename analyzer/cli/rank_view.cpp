// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/rank_view.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

// Means over the job's train steps.
struct RankRow {
  double held_ns = 0;    // the job waited for this rank
  double waited_ns = 0;  // this rank waited for others
  double longest = 0;    // share of the steps in which the job waited longest for it
};

std::vector<RankRow> rows_of(const RankLedger& ranks) {
  std::vector<RankRow> out(ranks.ranks());
  double steps = 0;
  for (size_t s = 0; s < ranks.steps().size(); ++s) {
    if (ranks.steps()[s].step_class != StepClass::kTrain) {
      continue;
    }
    steps += 1;
    const auto held = ranks.held(s);
    for (size_t r = 0; r < out.size(); ++r) {
      out[r].held_ns += static_cast<double>(held[r]);
      out[r].waited_ns += static_cast<double>(ranks.waited(s)[r]);
    }
    out[static_cast<size_t>(std::max_element(held.begin(), held.end()) - held.begin())].longest += 1;
  }
  for (RankRow& row : out) {
    row.held_ns /= std::max(1.0, steps);
    row.waited_ns /= std::max(1.0, steps);
    row.longest /= std::max(1.0, steps);
  }
  return out;
}

}  // namespace

std::string rank_text(const Run& run, const RankLedger& ranks, const Terminal& terminal) {
  const std::string head = "\n" + styled("ranks", Style::kBold, terminal) + "\n";
  if (!ranks.known) {
    return ranks.why_not.empty()
               ? ""
               : head + fmt::format("  who waits for whom is not known: {}\n", printable(ranks.why_not));
  }
  TextTable table({{"rank", Align::kRight},
                   {"host", Align::kLeft, Fit::kShorten},
                   {"the job waits for it", Align::kRight},
                   {"longest in", Align::kRight},
                   {"it waits", Align::kRight},
                   {"clock ahead ms", Align::kRight},
                   {"drift ppm", Align::kRight},
                   {"aligned to us", Align::kRight}});
  const std::vector<RankRow> rows = rows_of(ranks);
  for (size_t r = 0; r < rows.size(); ++r) {
    const Process& process = run.processes()[ranks.processes[r]];
    const RankClock& clock = ranks.clocks[r];
    table.add_row({std::to_string(process.rank), process.host, milliseconds(rows[r].held_ns) + " ms",
                   percent(rows[r].longest, 1), milliseconds(rows[r].waited_ns) + " ms",
                   fmt::format("{:.3f}", clock.offset_ns / 1e6), fmt::format("{:.1f}", clock.drift * 1e6),
                   fmt::format("{:.1f}", static_cast<double>(clock.residual_ns) / 1e3)});
  }
  int64_t mean_ns = 0;
  size_t steps = 0;
  static_cast<void>(ranks.ledger.class_means(StepClass::kTrain, &mean_ns, &steps));
  return head + table.render(terminal) +
         fmt::format(
             "  per train step of the job, {} ms; clocks by the ends of {} collectives, against rank {}\n",
             milliseconds(static_cast<double>(mean_ns)), ranks.collectives,
             run.processes()[ranks.processes[0]].rank);
}

ordered_json rank_json(const Run& run, const RankLedger& ranks) {
  if (!ranks.known) {
    return ranks.why_not.empty() ? ordered_json(nullptr)
                                 : ordered_json{{"known", false}, {"why_not", ranks.why_not}};
  }
  ordered_json document = {
      {"known", true}, {"collectives", ranks.collectives}, {"residual_ns", ranks.residual_ns}};
  int64_t mean_ns = 0;
  size_t steps = 0;
  const std::vector<int64_t> means = ranks.ledger.class_means(StepClass::kTrain, &mean_ns, &steps);
  document["train_steps"] = steps;
  document["mean_step_ns"] = mean_ns;
  document["leaf_ns"] = ordered_json::object();
  for (size_t leaf = 0; leaf < means.size(); ++leaf) {
    if (means[leaf] != 0) {
      document["leaf_ns"][ranks.ledger.leaves[leaf]] = means[leaf];
    }
  }
  document["ranks"] = ordered_json::array();
  const std::vector<RankRow> rows = rows_of(ranks);
  for (size_t r = 0; r < rows.size(); ++r) {
    const Process& process = run.processes()[ranks.processes[r]];
    const RankClock& clock = ranks.clocks[r];
    document["ranks"].push_back({{"rank", process.rank},
                                 {"process", process.base},
                                 {"held_ns", std::llround(rows[r].held_ns)},
                                 {"longest_share", rows[r].longest},
                                 {"waited_ns", std::llround(rows[r].waited_ns)},
                                 {"clock_offset_ns", std::llround(clock.offset_ns)},
                                 {"clock_drift_ppm", clock.drift * 1e6},
                                 {"residual_ns", clock.residual_ns}});
  }
  return document;
}

}  // namespace stepscope::analysis::cli
