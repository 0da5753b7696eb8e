// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/html_page.hpp"
#include "analyzer/cli/markup.hpp"
#include "analyzer/cli/page_parts.hpp"
#include "analyzer/cli/page_pictures.hpp"
#include "analyzer/cli/report_view.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kMostLeaves = 16;
constexpr size_t kMostRankRows = 64;

// The job's steps where they are known; else those of the first process, which stands for the others.
struct Shown {
  const Ledger& ledger;
  const ProcessLedger& process;
  bool job = false;
};

std::optional<Shown> shown_steps(const Report& report) {
  if (report.ranks.known) {
    return Shown{report.ranks.ledger, report.ranks.ledger.processes[0], true};
  }
  for (const ProcessLedger& process : report.ledger.processes) {
    if (!process.steps.steps.empty()) {
      return Shown{report.ledger, process, false};
    }
  }
  return std::nullopt;
}

std::string steps_figure(const Report& report, const Shown& shown) {
  StepSeries series{std::string(report.run.label()), false, {}};
  for (const Step& step : shown.process.steps.steps) {
    series.steps.push_back({static_cast<double>(step.duration_ns()), step.step_class});
  }
  std::string whose = "The job's steps";
  if (!shown.job) {
    const size_t others = report.ledger.processes.size() - 1;
    whose = others == 0 ? "Every step"
                        : fmt::format("The steps of one process; {} more", counted(others, "process"));
  }
  return "<h2>Step time</h2>\n<figure>" + step_times_svg({&series, 1}) +
         fmt::format("<figcaption>{}. Rings: steps that are no train steps.</figcaption></figure>\n", whose);
}

// Of leaf: its mean over train steps, largest first; without those that are nothing.
std::vector<std::pair<int64_t, size_t>> leaves_by_time(const Ledger& ledger, int64_t* mean_ns) {
  size_t count = 0;
  const std::vector<int64_t> means = ledger.class_means(StepClass::kTrain, mean_ns, &count);
  std::vector<std::pair<int64_t, size_t>> out;
  for (size_t leaf = 0; leaf < means.size(); ++leaf) {
    if (means[leaf] != 0) {
      out.emplace_back(means[leaf], leaf);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  return out;
}

std::string leaves_section(const Shown& shown) {
  int64_t mean_ns = 0;
  const auto leaves = leaves_by_time(shown.ledger, &mean_ns);
  HtmlTable table({"leaf", "ms per train step", "share"}, 1);
  std::vector<HeatRow> rows;
  for (const auto& [ns, leaf] : leaves) {
    table.add({markup_escaped(shown.ledger.leaves[leaf]), milliseconds(static_cast<double>(ns)),
               percent(static_cast<double>(ns), static_cast<double>(mean_ns))});
    if (rows.size() < kMostLeaves) {
      HeatRow row{shown.ledger.leaves[leaf], {}};
      for (size_t step = 0; step < shown.process.steps.steps.size(); ++step) {
        row.ns.push_back(static_cast<double>(shown.ledger.row(shown.process, step)[leaf]));
      }
      rows.push_back(std::move(row));
    }
  }
  if (table.empty()) {
    return "";
  }
  table.add({"<b>step</b>", "<b>" + milliseconds(static_cast<double>(mean_ns)) + "</b>", ""});
  return "<h2>Where the time of a step goes</h2>\n" + table.render() + "<figure>" + heat_map_svg(rows) +
         "<figcaption>Time of the largest leaves, step by step.</figcaption></figure>\n";
}

std::string ranks_section(const Report& report) {
  const RankLedger& ranks = report.ranks;
  if (!ranks.known) {
    return ranks.why_not.empty()
               ? ""
               : "<h2>Ranks</h2>\n<p>Who waits for whom is not known: " + markup_escaped(ranks.why_not) +
                     "</p>\n";
  }
  std::vector<HeatRow> rows;
  std::vector<std::pair<double, size_t>> order;
  for (size_t r = 0; r < ranks.ranks(); ++r) {
    HeatRow row{fmt::format("rank {}", report.run.processes()[ranks.processes[r]].rank), {}};
    double total = 0;
    for (size_t step = 0; step < ranks.steps().size(); ++step) {
      row.ns.push_back(static_cast<double>(ranks.held(step)[r]));
      total += row.ns.back();
    }
    order.emplace_back(-total, r);
    rows.push_back(std::move(row));
  }
  std::string left_out;
  if (rows.size() > kMostRankRows) {
    std::sort(order.begin(), order.end());
    order.resize(kMostRankRows);
    std::vector<HeatRow> kept;
    std::transform(order.begin(), order.end(), std::back_inserter(kept),
                   [&rows](const auto& entry) { return rows[entry.second]; });
    left_out = fmt::format(" The {} that were waited for longest, of {}.", kMostRankRows, rows.size());
    rows = std::move(kept);
  }
  return "<h2>Ranks</h2>\n<figure>" + heat_map_svg(rows) +
         fmt::format(
             "<figcaption>How long the job waited for each rank, step by step.{} Clocks agree to {} "
             "us.</figcaption></figure>\n",
             left_out, (ranks.residual_ns + 500) / 1000);
}

std::string losses_section(const Run& run) {
  std::map<std::string, std::pair<uint64_t, const RunLoss*>> counters;
  for (const RunLoss& loss : run.losses()) {
    auto& [count, sample] = counters[loss.counter];
    count += loss.count;
    sample = &loss;
  }
  HtmlTable table({"what is missing", "", "count"}, 2);
  for (const auto& [counter, entry] : counters) {
    table.add({markup_escaped(entry.second->sentence), markup_escaped(counter), std::to_string(entry.first)},
              entry.second->severity == "data_loss" ? Tone::kBad : Tone::kPlain);
  }
  return table.empty() ? "" : "<h2>The recording</h2>\n" + table.render();
}

}  // namespace

std::string report_html(const Report& report) {
  std::string body = findings_section(report.findings);
  if (const std::optional<Shown> shown = shown_steps(report)) {
    body += steps_figure(report, *shown) + leaves_section(*shown) + ranks_section(report);
  }
  body += losses_section(report.run);
  return html_page("stepscope report", page_head(report_headline(report), Tone::kPlain) + body);
}

}  // namespace stepscope::analysis::cli
