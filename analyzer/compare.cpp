// SPDX-License-Identifier: Apache-2.0
#include "analyzer/compare.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/rank_steps.hpp"
#include "analyzer/work_change.hpp"

namespace stepscope::analysis {
namespace {

struct Fact {
  std::string key;
  std::string value;  // empty: not known
  bool blocking = false;
};

std::string number_text(double value) {
  return value < 0                    ? std::string()
         : value == std::floor(value) ? fmt::format("{:.0f}", value)
                                      : fmt::format("{:.2f}", value);
}

std::string known_text(int64_t value) {
  return value < 0 ? std::string() : std::to_string(value);
}

const Process* driving_process(const AnalyzedRun& run) {
  for (const ProcessLedger& process : run.ledger->processes) {
    if (!process.steps.steps.empty()) {
      return &run.run->processes()[process.steps.process];
    }
  }
  return run.run->processes().empty() ? nullptr : &run.run->processes()[0];
}

std::string methods(const Ledger& ledger) {
  std::set<std::string_view> seen;
  for (const ProcessLedger& process : ledger.processes) {
    if (!process.steps.steps.empty()) {
      seen.insert(step_method_name(process.steps.method));
    }
  }
  return fmt::format("{}", fmt::join(seen, "+"));
}

void add_packages(const Process& process, std::vector<Fact>* facts) {
  const auto meta = process.meta.find("soft.packages");
  if (meta == process.meta.end()) {
    return;
  }
  const nlohmann::json packages = nlohmann::json::parse(meta->second, nullptr, false);
  if (!packages.is_object()) {
    return;
  }
  for (const auto& [name, version] : packages.items()) {
    if (version.is_string()) {
      facts->push_back({"package " + name, version.get<std::string>(), false});
    }
  }
}

bool is_program_fact(std::string_view key) {
  static constexpr std::string_view kGroups[] = {
      "process.", "job.",  "soft.", "git.",    "hw.",     "host.",   "fs.",        "run.",  "env.",
      "door.",    "exit.", "self.", "spool.",  "worker.", "loader.", "displaced.", "nvtx.", "device.",
      "cupti.",   "nccl.", "nvml.", "python.", "window.", "import.", "clock."};
  return std::none_of(std::begin(kGroups), std::end(kGroups),
                      [key](std::string_view group) { return key.starts_with(group); });
}

void add_metas(const Process& process, std::vector<Fact>* facts) {
  struct MetaFact {
    const char* meta;
    const char* key;
  };
  static constexpr MetaFact kMetas[] = {{"process.cmdline", "command line"},
                                        {"soft.python", "Python"},
                                        {"soft.torch", "PyTorch"},
                                        {"git.commit", "git commit"},
                                        {"hw.cpu", "host CPU"},
                                        {"hw.cpus", "host CPUs"},
                                        {"hw.memory_bytes", "memory"},
                                        {"host.kernel", "kernel"},
                                        {"fs.dataset", "dataset path"},
                                        {"fs.cache", "caches on"},
                                        {"fs.venv", "Python environment on"},
                                        {"env.hash", "environment, the rest (hash)"},
                                        {"run.level", "recording level"},
                                        {"cupti.version", "CUPTI"},
                                        {"nccl.version", "NCCL"},
                                        {"nccl.network", "NCCL's network"}};
  for (const MetaFact& fact : kMetas) {
    const auto found = process.meta.find(fact.meta);
    facts->push_back({fact.key, found == process.meta.end() ? std::string() : found->second, false});
  }
  // What the program said about itself (stepscope_meta): whatever is not in a group of ours.
  for (const auto& [key, value] : process.meta) {
    if (is_program_fact(key)) {
      facts->push_back({"fact " + key, value, false});
    }
  }
  // Any setting from the environment's allow-list: thread counts and the like.
  for (const auto& [key, value] : process.meta) {
    if (key.starts_with("env.") && key != "env.hash") {
      facts->push_back({"environment " + key.substr(4), value, false});
    }
  }
}

// Batches or backwards per step, rounded: a partial window at the end of a run is no difference.
std::string per_step_text(double value) {
  return value <= 0 ? std::string() : number_text(std::round(value * 4) / 4);
}

// Of a job of ranks, which of them are in the numbers; not known of one process, or of several that are no such job.
std::string recorded_ranks(const AnalyzedRun& run, const Process* process) {
  if (process == nullptr || process->world_size < 2) {
    return "";
  }
  const std::vector<int32_t> missing = missing_ranks(*run.run, *run.ledger);
  return missing.empty() ? "all" : "all but " + rank_list(missing);
}

// `work_known`: steps can be compared by the time that a unit of their work takes.
std::vector<Fact> facts_of(const AnalyzedRun& run, bool work_known) {
  const Evidence& evidence = *run.evidence;
  std::vector<Fact> facts;
  const Process* process = driving_process(run);
  facts.push_back({"world size", process == nullptr ? "" : std::to_string(process->world_size), true});
  facts.push_back({"ranks recorded", recorded_ranks(run, process), true});
  facts.push_back({"training processes", std::to_string(evidence.train_processes), true});
  facts.push_back({"batch size", known_text(evidence.loader.batch_size), !work_known});
  facts.push_back({"batches per step", per_step_text(evidence.supply.batches_per_step), true});
  facts.push_back({"backwards per step", per_step_text(evidence.micro_steps), true});
  facts.push_back({"step boundaries", methods(*run.ledger), true});
  facts.push_back({"GPU activity", evidence.gpu.known ? "recorded" : "not recorded", true});
  facts.push_back({"GPU", evidence.gpu.device, false});
  facts.push_back({"loader workers", known_text(evidence.loader.num_workers), false});
  facts.push_back({"loader prefetch", known_text(evidence.loader.prefetch_factor), false});
  facts.push_back({"loader pin_memory", known_text(evidence.loader.pin_memory), false});
  facts.push_back({"loader persistent workers", known_text(evidence.loader.persistent), false});
  facts.push_back({"loader start method", evidence.loader.start_method, false});
  facts.push_back({"dataset", evidence.loader.dataset_class, false});
  facts.push_back({"optimizer", evidence.optimizer, false});
  facts.push_back({"CPUs allowed to workers", number_text(evidence.host.worker_affinity_cpus), false});
  facts.push_back({"CPUs allowed to main", number_text(evidence.host.main_affinity_cpus), false});
  facts.push_back({"CPU quota", number_text(evidence.host.quota_cpus), false});
  if (process != nullptr) {
    add_metas(*process, &facts);
    add_packages(*process, &facts);
  }
  return facts;
}

size_t train_steps(const Ledger& ledger) {
  size_t count = 0;
  for (const ProcessLedger& process : ledger.processes) {
    for (const Step& step : process.steps.steps) {
      count += step.step_class == StepClass::kTrain ? 1U : 0U;
    }
  }
  return count;
}

bool lost_data(const Run& run) {
  return std::any_of(run.losses().begin(), run.losses().end(),
                     [](const RunLoss& loss) { return loss.severity == "data_loss" && loss.count > 0; });
}

// Losses whose count is not one of events: of what was recorded from then on, nobody knows how much is missing.
bool is_open_ended(std::string_view counter) {
  constexpr std::string_view kOpenEnded[] = {"cupti.fatal", "cupti.fatal_buffers", "cupti.buffer_cut",
                                             "cupti.undescribed"};
  return std::find(std::begin(kOpenEnded), std::end(kOpenEnded), counter) != std::end(kOpenEnded);
}

// Share of a training process's events that were lost: the largest of the run, 1 where nobody knows how many.
double lost_share(const AnalyzedRun& run) {
  double largest = 0;
  for (const ProcessLedger& process : run.ledger->processes) {
    double lost = 0;
    bool open_ended = false;
    for (const RunLoss& loss : run.run->losses()) {
      if (loss.process == process.steps.process && loss.severity == "data_loss" && loss.count > 0) {
        lost += static_cast<double>(loss.count);
        open_ended = open_ended || is_open_ended(loss.counter);
      }
    }
    const double all = lost + static_cast<double>(run.run->processes()[process.steps.process].events);
    largest = std::max(largest, open_ended ? 1.0 : lost > 0 ? lost / all : 0.0);
  }
  return largest;
}

// What a side lost, in words; empty below what could be a finding.
std::string too_much_lost(std::span<const AnalyzedRun> side) {
  // The smallest change that a diff flags is one of 1 %.
  constexpr double kTooMuch = 0.01;
  double largest = 0;
  for (const AnalyzedRun& run : side) {
    largest = std::max(largest, lost_share(run));
  }
  return largest < kTooMuch ? ""
         : largest == 1     ? "GPU events from some moment on"
                            : fmt::format("{:.0f} % of the events", std::max(1.0, 100 * largest));
}

// Processes of a side that are in none of its numbers, because what they left cannot be read.
size_t unread_spools(std::span<const AnalyzedRun> side) {
  size_t count = 0;
  for (const AnalyzedRun& run : side) {
    count += run.run->problems().size();
  }
  return count;
}

bool known_to_both(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty();
}

// Facts by key; a key that one side lacks is not compared, but for packages, where absence is a difference.
void compare_facts(const std::vector<Fact>& base, const std::vector<Fact>& candidate, bool only_blocking,
                   std::vector<Difference>* out) {
  std::map<std::string, std::pair<const Fact*, const Fact*>> by_key;
  for (const Fact& fact : base) {
    by_key[fact.key].first = &fact;
  }
  for (const Fact& fact : candidate) {
    by_key[fact.key].second = &fact;
  }
  for (const auto& [key, pair] : by_key) {
    const auto& [a, b] = pair;
    const bool package = key.starts_with("package ") || key.starts_with("environment ");
    const std::string left = a == nullptr ? "" : a->value;
    const std::string right = b == nullptr ? "" : b->value;
    const bool blocking = (a != nullptr && a->blocking) || (b != nullptr && b->blocking);
    if (left == right || (!package && !known_to_both(left, right)) || (only_blocking && !blocking)) {
      continue;
    }
    out->push_back({key, left.empty() ? "(none)" : left, right.empty() ? "(none)" : right, blocking});
  }
}

void compare_side(std::span<const AnalyzedRun> side, bool work_known, std::vector<Difference>* out) {
  const std::vector<Fact> first = facts_of(side[0], work_known);
  for (const AnalyzedRun& run : side.subspan(1)) {
    compare_facts(first, facts_of(run, work_known), true, out);
  }
}

void add_work(const WorkChange& work, std::vector<Difference>* out) {
  if (work.differs()) {
    out->push_back({fmt::format("{} per step", work_unit_name(work.unit)),
                    fmt::format("{:.0f}", work.base_per_step), fmt::format("{:.0f}", work.candidate_per_step),
                    false});
  }
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kComparable:
      return "comparable";
    case Verdict::kComparableWithNotes:
      return "comparable with notes";
    case Verdict::kNotComparable:
      break;
  }
  return "not comparable";
}

Comparability check_comparability(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate) {
  Comparability out;
  std::vector<Difference>& differences = out.differences;
  const WorkChange work = compare_work(base, candidate);
  compare_side(base, work.known(), &differences);
  compare_side(candidate, work.known(), &differences);
  compare_facts(facts_of(base[0], work.known()), facts_of(candidate[0], work.known()), false, &differences);
  add_work(work, &differences);
  const auto steps_of = [](std::span<const AnalyzedRun> side) {
    size_t count = 0;
    for (const AnalyzedRun& run : side) {
      count += train_steps(*run.ledger);
    }
    return count;
  };
  const size_t base_steps = steps_of(base);
  const size_t candidate_steps = steps_of(candidate);
  if (base_steps == 0 || candidate_steps == 0) {
    differences.push_back({"train steps", std::to_string(base_steps), std::to_string(candidate_steps), true});
  }
  const auto loses = [](const AnalyzedRun& run) { return lost_data(*run.run); };
  const bool base_loses = std::any_of(base.begin(), base.end(), loses);
  const bool candidate_loses = std::any_of(candidate.begin(), candidate.end(), loses);
  const std::string base_lost = too_much_lost(base);
  const std::string candidate_lost = too_much_lost(candidate);
  if (!base_lost.empty() || !candidate_lost.empty()) {
    const auto words = [](const std::string& much, bool some) {
      return !much.empty() ? much : some ? "little" : "nothing";
    };
    differences.push_back(
        {"lost records", words(base_lost, base_loses), words(candidate_lost, candidate_loses), true});
  } else if (base_loses || candidate_loses) {
    differences.push_back({"data loss", base_loses ? "yes" : "no", candidate_loses ? "yes" : "no", false});
  }
  const size_t base_missing = unread_spools(base);
  const size_t candidate_missing = unread_spools(candidate);
  if (base_missing > 0 || candidate_missing > 0) {
    differences.push_back(
        {"unreadable spools", std::to_string(base_missing), std::to_string(candidate_missing), false});
  }
  std::sort(differences.begin(), differences.end(), [](const Difference& a, const Difference& b) {
    return std::tuple(!a.blocking, std::string_view(a.key), std::string_view(a.base),
                      std::string_view(a.candidate)) < std::tuple(!b.blocking, std::string_view(b.key),
                                                                  std::string_view(b.base),
                                                                  std::string_view(b.candidate));
  });
  const bool blocking = !differences.empty() && differences.front().blocking;
  out.verdict = blocking              ? Verdict::kNotComparable
                : differences.empty() ? Verdict::kComparable
                                      : Verdict::kComparableWithNotes;
  return out;
}

}  // namespace stepscope::analysis
