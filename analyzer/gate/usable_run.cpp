// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/usable_run.hpp"

#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

namespace stepscope::analysis {
namespace {

std::string fact_of(const RunSummary& run, const std::string& name) {
  const auto found = run.fingerprint.facts.find(name);
  return found == run.fingerprint.facts.end() ? std::string() : found->second;
}

void add_difference(const std::string& name, const std::string& one, const std::string& other,
                    std::string* text) {
  *text += fmt::format("{}{}: {} -> {}", text->empty() ? "" : ", ", name, one.empty() ? "(not known)" : one,
                       other.empty() ? "(not known)" : other);
}

}  // namespace

std::string why_unusable(const RunSummary& run, const Policy& policy) {
  if (!run.blocking.empty()) {
    return run.blocking.front();
  }
  if (!run.losses.empty() && !policy.ignore_data_loss) {
    return "it lost data: " + run.losses.front();
  }
  if (!run.complete && !policy.ignore_incomplete) {
    return fmt::format("it did not come to its end (crashed, killed or still running) after {} train steps",
                       run.train_steps);
  }
  if (run.train_steps == 0 || run.median_step_ns <= 0) {
    return "it has no train steps";
  }
  if (run.train_steps < policy.min_steps) {
    return fmt::format("it has {} train step{} after warm-up, {} are needed", run.train_steps,
                       run.train_steps == 1 ? "" : "s", policy.min_steps);
  }
  const size_t all = std::accumulate(run.class_steps.begin(), run.class_steps.end(), size_t{0});
  for (const auto& [step_class, most] : policy.most_share) {
    const size_t count = run.class_steps.at(static_cast<size_t>(step_class));
    if (static_cast<double>(count) > most * static_cast<double>(all)) {
      return fmt::format("{} of its {} steps are {} steps, the policy allows {:g} %", count, all,
                         step_class_name(step_class), 100 * most);
    }
  }
  return "";
}

std::string repeated_run(std::span<const RunSummary* const> runs) {
  std::map<std::string, const RunSummary*> seen;
  for (const RunSummary* run : runs) {
    const auto [first, fresh] = seen.emplace(run->id, run);
    if (!fresh) {
      return fmt::format("{} and {} are the same run; give each run once", first->second->run, run->run);
    }
  }
  return "";
}

std::string what_differs(const RunSummary& one, const RunSummary& other) {
  std::string text;
  if (one.fingerprint.key != other.fingerprint.key) {
    static const std::set<std::string> kNotes = {"torch", "host.cpu", "batch_size", "backwards_per_step",
                                                 "training_processes"};
    std::set<std::string> names;
    for (const auto* facts : {&one.fingerprint.facts, &other.fingerprint.facts}) {
      for (const auto& [name, value] : *facts) {
        names.insert(name);
      }
    }
    for (const std::string& name : names) {
      if (kNotes.count(name) == 0 && fact_of(one, name) != fact_of(other, name)) {
        add_difference(name, fact_of(one, name), fact_of(other, name), &text);
      }
    }
    if (text.empty()) {
      add_difference("fingerprint", one.fingerprint.key, other.fingerprint.key, &text);
    }
  }
  // Not in the key, since not every recording knows them; where both do, they must agree.
  for (const char* name : {"batch_size", "backwards_per_step", "training_processes"}) {
    const std::string a = fact_of(one, name);
    const std::string b = fact_of(other, name);
    const bool trained = one.train_steps > 0 && other.train_steps > 0;  // else what it lacks is said later
    if (trained && !a.empty() && !b.empty() && a != b) {
      add_difference(name, a, b, &text);
    }
  }
  if (one.step_method != other.step_method && one.train_steps > 0 && other.train_steps > 0) {
    add_difference("step boundaries", one.step_method, other.step_method, &text);
  }
  return text;
}

}  // namespace stepscope::analysis
