// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ledger_cache.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "analyzer/batches.hpp"

namespace stepscope::analysis {
namespace {

// Run-length text of a column: "4x100,3x1". With `step` 1 a run counts up: numbers 7,8,9 are "7x3".
template <typename Get>
std::string run_lengths(const std::vector<Step>& steps, int64_t step, const Get& get) {
  std::string out;
  for (size_t i = 0; i < steps.size();) {
    const int64_t first = get(steps[i]);
    size_t n = 1;
    while (i + n < steps.size() && get(steps[i + n]) == first + step * static_cast<int64_t>(n)) {
      ++n;
    }
    out += fmt::format("{}{}x{}", out.empty() ? "" : ",", first, n);
    i += n;
  }
  return out;
}

template <typename Number>
bool parse_number(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename Set>
bool read_run_lengths(std::string_view text, int64_t step, std::vector<Step>& steps, const Set& set) {
  size_t at = 0;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const size_t x = item.find('x');
    int64_t first = 0;
    size_t n = 0;
    if (x == std::string_view::npos || !parse_number(item.substr(0, x), &first) ||
        !parse_number(item.substr(x + 1), &n) || n > steps.size() - at) {
      return false;
    }
    for (size_t i = 0; i < n; ++i, ++at) {
      set(steps[at], first + step * static_cast<int64_t>(i));
    }
  }
  return at == steps.size();
}

constexpr std::string_view kSeparator = "; ";

// "method; key=value; ...; detail=the rest".
std::map<std::string, std::string, std::less<>> read_fields(std::string_view text) {
  std::map<std::string, std::string, std::less<>> fields;
  size_t end = text.find(kSeparator);
  fields["method"] = text.substr(0, end);
  while (end != std::string_view::npos) {
    text.remove_prefix(end + kSeparator.size());
    const bool last = text.starts_with("detail=");
    end = last ? std::string_view::npos : text.find(kSeparator);
    const std::string_view item = text.substr(0, end);
    const size_t equals = item.find('=');
    if (equals != std::string_view::npos) {
      fields[std::string(item.substr(0, equals))] = item.substr(equals + 1);
    }
  }
  return fields;
}

bool read_steps(const trace::Rollup& rollup, int64_t shift, std::vector<Step>* out) {
  for (const trace::StepRow& row : rollup.steps) {
    Step step;
    step.index = row.index;
    step.begin_ns = row.begin_ns + shift;
    step.end_ns = row.end_ns + shift;
    if (row.index != static_cast<int64_t>(out->size()) ||
        !parse_step_class(row.step_class, &step.step_class)) {
      return false;
    }
    out->push_back(step);
  }
  return true;
}

bool read_leaves(const trace::Rollup& rollup, BuiltLedger* out) {
  out->leaves = rollup.leaves;
  std::sort(out->leaves.begin(), out->leaves.end());
  std::vector<size_t> place;  // of a leaf of the roll-up among ours
  for (const std::string& leaf : rollup.leaves) {
    place.push_back(static_cast<size_t>(std::lower_bound(out->leaves.begin(), out->leaves.end(), leaf) -
                                        out->leaves.begin()));
  }
  const size_t width = out->leaves.size();
  const std::vector<Step>& steps = out->ledger.steps.steps;
  out->ledger.ns.assign(steps.size() * width, 0);
  for (const trace::LedgerRow& row : rollup.ledger) {
    if (row.step < 0 || static_cast<size_t>(row.step) >= steps.size()) {
      return false;
    }
    out->ledger.ns[static_cast<size_t>(row.step) * width + place[row.leaf]] += row.exclusive_ns;
  }
  for (size_t s = 0; s < steps.size(); ++s) {
    const auto begin = out->ledger.ns.begin() + static_cast<std::ptrdiff_t>(s * width);
    if (std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(width), int64_t{0}) !=
        steps[s].duration_ns()) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string input_fingerprint(const Run& run, uint32_t process, const LedgerOptions& options) {
  // FNV-1a over everything that can change the result.
  uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
  };
  mix(fmt::format("{} {} {}", kLedgerVersion, options.steps.min_confidence,
                  step_method_name(options.steps.only.value_or(StepMethod::kNone))));
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (p == process || may_make_batches(run, p, process)) {
      mix(fmt::format("|{} {} {}", run.processes()[p].base, run.processes()[p].events,
                      run.processes()[p].clock_shift_ns));
    }
  }
  return fmt::format("{:016x}", hash);
}

trace::Rollup to_rollup(const Run& run, const BuiltLedger& built, const std::string& fingerprint) {
  const ProcessSteps& found = built.ledger.steps;
  const int64_t shift = run.processes()[found.process].clock_shift_ns;
  trace::Rollup rollup;
  rollup.version = kLedgerVersion;
  rollup.method = fmt::format(
      "{}; lane={}; confidence={}; waits={}; unjoined={}; micro={}; numbers={}; inputs={}; detail={}",
      step_method_name(found.method), found.lane == kNoLane ? 0 : run.lanes()[found.lane].trace_id,
      found.confidence, built.ledger.waits, built.ledger.unjoined,
      run_lengths(found.steps, 0, [](const Step& step) { return static_cast<int64_t>(step.micro_steps); }),
      run_lengths(found.steps, 1, [](const Step& step) { return step.number; }), fingerprint, found.detail);
  const size_t width = built.leaves.size();
  rollup.leaves = built.leaves;
  for (size_t s = 0; s < found.steps.size(); ++s) {
    const Step& step = found.steps[s];
    rollup.steps.push_back({step.index, step.begin_ns - shift, step.end_ns - shift,
                            std::string(step_class_name(step.step_class))});
    for (size_t l = 0; l < width; ++l) {
      if (const int64_t ns = built.ledger.ns[s * width + l]; ns != 0) {
        rollup.ledger.push_back({step.index, static_cast<uint32_t>(l), ns});
      }
    }
  }
  return rollup;
}

std::optional<BuiltLedger> from_rollup(const Run& run, uint32_t process, const trace::Rollup& rollup,
                                       const std::string& fingerprint) {
  const auto fields = read_fields(rollup.method);
  const auto field = [&fields](std::string_view key) {
    const auto found = fields.find(key);
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
  };
  if (rollup.version != kLedgerVersion || field("inputs") != fingerprint) {
    return std::nullopt;
  }
  BuiltLedger built;
  ProcessSteps& steps = built.ledger.steps;
  uint32_t lane = 0;
  bool good = parse_step_method(field("method"), &steps.method) && parse_number(field("lane"), &lane) &&
              parse_number(field("confidence"), &steps.confidence) &&
              parse_number(field("waits"), &built.ledger.waits) &&
              parse_number(field("unjoined"), &built.ledger.unjoined);
  steps.process = process;
  steps.lane = run.global_lane(process, lane);
  steps.detail = field("detail");
  good =
      good && read_steps(rollup, run.processes()[process].clock_shift_ns, &steps.steps) &&
      read_run_lengths(field("micro"), 0, steps.steps,
                       [](Step& step, int64_t value) { step.micro_steps = static_cast<uint32_t>(value); }) &&
      read_run_lengths(field("numbers"), 1, steps.steps,
                       [](Step& step, int64_t value) { step.number = value; }) &&
      read_leaves(rollup, &built);
  if (!good) {
    return std::nullopt;
  }
  built.ledger.from_cache = true;
  return built;
}

}  // namespace stepscope::analysis
