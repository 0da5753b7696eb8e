// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings/words.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace stepscope::analysis::finding {

std::string ms(double ns) {
  return fmt::format("{:.1f} ms", ns / 1e6);
}

std::string micro(double ns) {
  return fmt::format("{:.1f} us", ns / 1e3);
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", 100 * share);
}

std::string from_to(double a, double b) {
  return fmt::format("{} -> {}", ms(a), ms(b));
}

std::string gigabytes(double bytes_per_s) {
  return fmt::format("{:.1f} GB/s", bytes_per_s / 1e9);
}

std::string counted(double value, const char* one, const char* many) {
  return value == std::floor(value) ? fmt::format("{:.0f} {}", value, value == 1 ? one : many)
                                    : fmt::format("{:.1f} {}", value, many);
}

std::optional<Pointer> worst_step(const AnalyzedRun& run, uint32_t run_index,
                                  std::span<const std::string_view> leaves) {
  std::optional<Pointer> best;
  int64_t most = 0;
  for (const ProcessLedger& process : run.ledger->processes) {
    for (size_t s = 0; s < process.steps.steps.size(); ++s) {
      const Step& step = process.steps.steps[s];
      if (step.step_class != StepClass::kTrain) {
        continue;
      }
      const std::span<const int64_t> row = run.ledger->row(process, s);
      int64_t spent = 0;
      for (const std::string_view name : leaves) {
        const size_t index = run.ledger->leaf_index(name);
        spent += index < row.size() ? row[index] : 0;
      }
      if (spent > most) {
        most = spent;
        best = Pointer{run_index,  process.steps.process, process.steps.lane,
                       step.index, step.begin_ns,         step.end_ns};
      }
    }
  }
  return best;
}

bool accounted_for(std::span<const Finding> findings, std::string_view term) {
  return std::any_of(findings.begin(), findings.end(), [term](const Finding& one) {
    return one.id == term || std::find(one.terms.begin(), one.terms.end(), term) != one.terms.end();
  });
}

std::vector<std::string_view> leaves_with_prefix(const Ledger& ledger, std::string_view prefix) {
  std::vector<std::string_view> out;
  for (const std::string& leaf_name : ledger.leaves) {
    if (leaf_name.starts_with(prefix)) {
      out.emplace_back(leaf_name);
    }
  }
  return out;
}

}  // namespace stepscope::analysis::finding
