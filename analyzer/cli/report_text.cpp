// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "analyzer/cli/findings_view.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gpu_view.hpp"
#include "analyzer/cli/rank_view.hpp"
#include "analyzer/cli/report_view.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

struct ClassColumn {
  StepClass step_class = StepClass::kTrain;
  size_t steps = 0;
  int64_t mean_ns = 0;
  std::vector<int64_t> leaves;
};

std::vector<ClassColumn> class_columns(const Ledger& ledger) {
  std::vector<ClassColumn> columns;
  for (size_t c = 0; c < kStepClassCount; ++c) {
    ClassColumn column;
    column.step_class = static_cast<StepClass>(c);
    column.leaves = ledger.class_means(column.step_class, &column.mean_ns, &column.steps);
    if (column.steps > 0 && !column.leaves.empty()) {
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

// Leaves by what they cost in the first class, largest first; leaves that no class has time in are left out.
std::vector<size_t> leaf_order(const std::vector<ClassColumn>& columns, size_t leaves) {
  std::vector<size_t> order;
  for (size_t leaf = 0; leaf < leaves; ++leaf) {
    const bool used = std::any_of(columns.begin(), columns.end(),
                                  [&](const ClassColumn& column) { return column.leaves[leaf] != 0; });
    if (used) {
      order.push_back(leaf);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return columns.front().leaves[a] > columns.front().leaves[b]; });
  return order;
}

std::string ms(int64_t ns) {
  return milliseconds(static_cast<double>(ns));
}

std::string ledger_table(const Ledger& ledger, const Terminal& terminal) {
  const std::vector<ClassColumn> columns = class_columns(ledger);
  if (columns.empty()) {
    return "";
  }
  std::vector<TableColumn> titles{{"ms per step", Align::kLeft, Fit::kShorten}};
  for (const ClassColumn& column : columns) {
    titles.push_back({std::string(step_class_name(column.step_class)), Align::kRight});
    if (&column == &columns.front()) {
      titles.push_back({"share", Align::kRight});
    }
  }
  TextTable table(titles);
  const auto add = [&](const std::string& name, Style style, const auto& cell_of) {
    std::vector<Cell> cells{Cell(name, style)};
    for (const ClassColumn& column : columns) {
      const auto [value, share] = cell_of(column);
      cells.emplace_back(value, style);
      if (&column == &columns.front()) {
        cells.emplace_back(share, style);
      }
    }
    table.add_row(std::move(cells));
  };
  using Pair = std::pair<std::string, std::string>;
  for (const size_t leaf : leaf_order(columns, ledger.leaves.size())) {
    add(ledger.leaves[leaf], Style::kPlain, [&](const ClassColumn& column) {
      return Pair(ms(column.leaves[leaf]),
                  percent(static_cast<double>(column.leaves[leaf]), static_cast<double>(column.mean_ns)));
    });
  }
  table.add_rule();
  add("step", Style::kBold, [](const ClassColumn& column) { return Pair(ms(column.mean_ns), "100.0 %"); });
  add("steps", Style::kDim, [](const ClassColumn& column) { return Pair(std::to_string(column.steps), ""); });
  return "\n" + styled("where the time of a step goes", Style::kBold, terminal) + "\n" +
         table.render(terminal);
}

std::string loader_line(const LoaderConfig& loader) {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& value) {
    text += value.empty() ? "" : fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  };
  const auto number = [](int64_t value) { return value < 0 ? std::string() : std::to_string(value); };
  add("dataset", printable(loader.dataset_class));
  add("batch size", number(loader.batch_size));
  add("workers", number(loader.num_workers));
  add("prefetch", number(loader.prefetch_factor));
  add("start method", printable(loader.start_method));
  return text.empty() ? "" : "  " + text + "\n";
}

std::string stage_table(const Evidence& evidence, const Terminal& terminal) {
  const Supply& supply = evidence.supply;
  if (!supply.known) {
    return "";
  }
  TextTable table({{"ms per batch", Align::kLeft, Fit::kShorten},
                   {"batches", Align::kRight},
                   {"cpu", Align::kRight},
                   {"starved", Align::kRight},
                   {"io", Align::kRight},
                   {"blocked", Align::kRight},
                   {"collate", Align::kRight},
                   {"put", Align::kRight},
                   {"total", Align::kRight}});
  const auto add = [&](const std::string& name, uint64_t batches, const BatchCost& cost, Style style) {
    std::vector<Cell> cells{Cell(name, style), Cell(std::to_string(batches), style)};
    for (const double ns :
         {cost.cpu, cost.starved, cost.io, cost.blocked, cost.collate, cost.put, cost.total()}) {
      cells.emplace_back(milliseconds(ns), style);
    }
    table.add_row(std::move(cells));
  };
  uint64_t batches = 0;
  for (const WorkerSupply& worker : supply.workers) {
    add(worker.worker < 0 ? "in process" : fmt::format("worker {}", worker.worker), worker.batches,
        worker.cost, Style::kPlain);
    batches += worker.batches;
  }
  table.add_rule();
  add("mean", batches, supply.cost, Style::kBold);
  std::string out = "\n" + styled("how batches are made", Style::kBold, terminal) + "\n" +
                    loader_line(evidence.loader) + table.render(terminal);
  if (supply.transfer >= 0) {
    out += fmt::format("  handed over in {} ms per batch\n", milliseconds(supply.transfer));
  }
  if (supply.unjoined_share > 0) {
    out += fmt::format("  {} of the batches have no record of their making\n",
                       percent(supply.unjoined_share, 1));
  }
  return out;
}

std::string host_lines(const HostEvidence& host, const Terminal& terminal) {
  TextTable table({{""}, {""}});
  const auto add = [&](const char* name, double value, const std::string& text) {
    if (value >= 0) {
      table.add_row({name, text});
    }
  };
  add("CPUs of the host", host.cpus, fmt::format("{:g}", host.cpus));
  add("CPUs the main process may use", host.main_affinity_cpus, fmt::format("{:g}", host.main_affinity_cpus));
  add("CPUs the workers may use", host.worker_affinity_cpus, fmt::format("{:g}", host.worker_affinity_cpus));
  add("CPU quota", host.quota_cpus, fmt::format("{:g} CPUs", host.quota_cpus));
  add("throttled by the quota", host.throttled_share, percent(host.throttled_share, 1) + " of the time");
  add("pressure on CPU", host.psi_cpu_share, percent(host.psi_cpu_share, 1));
  add("pressure on I/O", host.psi_io_share, percent(host.psi_io_share, 1));
  add("pressure on memory", host.psi_memory_share, percent(host.psi_memory_share, 1));
  add("read from storage", host.read_bytes_per_s,
      bytes(static_cast<uint64_t>(std::max(host.read_bytes_per_s, 0.0))) + "/s");
  return table.empty()
             ? ""
             : "\n" + styled("what the host allowed", Style::kBold, terminal) + "\n" + table.render(terminal);
}

}  // namespace

std::string report_headline(const Report& report) {
  int64_t mean_ns = 0;
  size_t count = 0;
  static_cast<void>(report.ledger.class_means(StepClass::kTrain, &mean_ns, &count));
  return printable(report.run.label()) + ": " +
         (count == 0 ? "no train steps"
                     : fmt::format("{} ms per train step, mean of {}", ms(mean_ns), counted(count, "step")));
}

std::string report_text(const Report& report, const Terminal& terminal) {
  std::string out = styled(report_headline(report), Style::kBold, terminal) + "\n";
  const Run* const run = &report.run;
  const std::string findings = findings_text(report.findings, {&run, 1}, terminal);
  if (!findings.empty()) {
    out += "\n" + styled("findings", Style::kBold, terminal) + "\n" + findings;
  }
  out += ledger_table(report.ledger, terminal);
  out += report.chain == nullptr ? "" : chain_text(report.run, *report.chain, terminal);
  out += rank_text(report.run, report.ranks, terminal);
  out += gpu_text(report, terminal);
  out += stage_table(report.evidence, terminal);
  out += host_lines(report.evidence.host, terminal);
  return out;
}

}  // namespace stepscope::analysis::cli
