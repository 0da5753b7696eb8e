// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/findings_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/format.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kWidthOfPipes = 100;
constexpr size_t kNarrowest = 40;
constexpr size_t kIndent = 5;
constexpr double kWholeFrom = 10000;  // from here on a fraction says nothing

const Run* run_of(const Pointer& pointer, std::span<const Run* const> runs) {
  return pointer.run < runs.size() ? runs[pointer.run] : nullptr;
}

// Four significant digits, and whole numbers as they are: more is noise.
ordered_json value_json(const Observation::Value& value) {
  if (const auto* number = std::get_if<double>(&value); number != nullptr) {
    if (*number == std::floor(*number) || std::abs(*number) >= kWholeFrom) {
      return std::llround(*number);
    }
    return std::strtod(fmt::format("{:.4g}", *number).c_str(), nullptr);
  }
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? ordered_json(nullptr) : ordered_json(*text);
}

std::string pointer_text(const Pointer& pointer, std::span<const Run* const> runs) {
  const Run* run = run_of(pointer, runs);
  if (run == nullptr || pointer.process >= run->processes().size()) {
    return "";
  }
  const double at_s = static_cast<double>(pointer.begin_ns - run->time_range().begin_ns) / 1e9;
  return fmt::format("look at: {}, rank {}, {}{:.3f} s", printable(run->label()),
                     run->processes()[pointer.process].rank,
                     pointer.step < 0 ? "" : fmt::format("step {}, ", pointer.step), at_s);
}

}  // namespace

std::string findings_text(std::span<const Finding> findings, std::span<const Run* const> runs,
                          const Terminal& terminal) {
  const size_t width = std::max(terminal.width == 0 ? kWidthOfPipes : terminal.width, kNarrowest);
  const std::string margin(kIndent, ' ');
  std::string out;
  size_t number = 0;
  for (const Finding& finding : findings) {
    const std::string sentence = fmt::format("{} [{}, {} confidence]", printable(finding.text),
                                             printable(finding.id), confidence_name(finding.confidence));
    out += fmt::format("  {:>2} {}\n", ++number, wrapped(sentence, width, kIndent));
    if (!finding.advice.empty()) {
      out += margin + "-> " + wrapped(printable(finding.advice), width, kIndent + 3) + "\n";
    }
    if (finding.where.has_value()) {
      const std::string where = pointer_text(*finding.where, runs);
      out += where.empty() ? "" : margin + styled(where, Style::kDim, terminal) + "\n";
    }
  }
  return out;
}

ordered_json findings_json(std::span<const Finding> findings, std::span<const Run* const> runs) {
  ordered_json list = ordered_json::array();
  for (const Finding& finding : findings) {
    ordered_json entry;
    entry["id"] = finding.id;
    entry["sentence"] = finding.text;
    entry["advice"] = finding.advice;
    entry["effect_ns"] = finding.effect_ns;
    entry["confidence"] = confidence_name(finding.confidence);
    entry["evidence"] = ordered_json::array();
    for (const Observation& observation : finding.evidence) {
      entry["evidence"].push_back({{"name", observation.name},
                                   {"unit", observation.unit},
                                   {"base", value_json(observation.base)},
                                   {"candidate", value_json(observation.candidate)}});
    }
    entry["terms"] = finding.terms;
    entry["rank"] = finding.rank < 0 ? ordered_json(nullptr) : ordered_json(finding.rank);
    entry["where"] = nullptr;
    const Run* run = finding.where.has_value() ? run_of(*finding.where, runs) : nullptr;
    if (run != nullptr && finding.where->process < run->processes().size()) {
      entry["where"] = {{"run", run->path()},
                        {"process", run->processes()[finding.where->process].base},
                        {"step", finding.where->step},
                        {"begin_ns", finding.where->begin_ns},
                        {"end_ns", finding.where->end_ns}};
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace stepscope::analysis::cli
