// SPDX-License-Identifier: Apache-2.0
//
// Rule: one finding, one file. To add one: a file here with its function, its declaration below, its line in registry.cpp, and
// what evidence it needs in docs/METRICS.md.
//
//   void find_gc_pauses(const Case& c, std::vector<Finding>* out) {
//     const std::optional<Effect> effect = c.notable(leaf::kGc);
//     if (!effect.has_value() || pauses(c.candidate()) == 0) {
//       return;  // nothing to explain, or nothing that proves the sentence: abstain
//     }
//     out->push_back(c.explanation(*effect, {"...", "...", Confidence::kHigh}, {{leaf::kGc}}));
//   }
//
// One function serves a diff and a report of one run, which has no base. Rules are asked in the order of the table and see what
// earlier ones found: one that explains the same time less well stays silent. Deterministic. Internal to the library.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/findings.hpp"

namespace stepscope::analysis::finding {

// Time per step that a finding explains, by the name of its term or leaf.
struct Effect {
  std::string_view name;
  int64_t ns = 0;
};

struct Sentence {
  Sentence(std::string what, std::string to_do, Confidence how_sure = Confidence::kMedium,
           std::vector<Observation> observations = {})
      : text(std::move(what)),
        advice(std::move(to_do)),
        confidence(how_sure),
        evidence(std::move(observations)) {}

  std::string text;
  std::string advice;  // may be empty
  Confidence confidence;
  std::vector<Observation> evidence;  // beside the terms themselves
};

// What findings are looked for in: two sides of a diff, or one run. Borrows what it is made of.
class Case {
 public:
  Case(const Diff& diff, std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate);
  explicit Case(const AnalyzedRun& run);

  [[nodiscard]] bool one_run() const { return diff_ == nullptr; }
  [[nodiscard]] const Diff& diff() const { return *diff_; }  // not of one run
  // The first run of a side speaks for it: what differs within a side is not compared at all.
  [[nodiscard]] const AnalyzedRun& base_run() const { return base_[0]; }  // not of one run
  [[nodiscard]] std::span<const AnalyzedRun> base_runs() const { return base_; }
  [[nodiscard]] const AnalyzedRun& run() const { return candidate_[0]; }
  [[nodiscard]] std::span<const AnalyzedRun> runs() const {
    return candidate_;
  }  // of the candidate, or the one
  [[nodiscard]] const Evidence& base() const { return *base_run().evidence; }
  [[nodiscard]] const Evidence& candidate() const { return *run().evidence; }

  // What deserves a sentence: of a diff the change of the term, when it is flagged; of one run the leaf, when it takes a
  // twentieth of the step (mean over train steps).
  [[nodiscard]] std::optional<Effect> notable(std::string_view term, std::string_view leaf) const;
  [[nodiscard]] std::optional<Effect> notable(std::string_view name) const { return notable(name, name); }
  [[nodiscard]] std::optional<Effect> changed(std::string_view term) const;  // of a diff only
  [[nodiscard]] std::optional<Effect> grown(std::string_view term) const;    // the same, above 0
  // One run: mean of the leaf over its train steps; 0 when there is none of it.
  [[nodiscard]] int64_t leaf_ns(std::string_view leaf) const;
  [[nodiscard]] bool large(int64_t ns) const;  // one run: a twentieth of the step or more

  // "+12.3 ms/step" of a diff, "12.3 ms/step" of one run.
  [[nodiscard]] std::string amount(int64_t ns) const;

  // An observation of both sides; of one run `base` is left out.
  [[nodiscard]] Observation observed(std::string name, std::string unit, Observation::Value base,
                                     Observation::Value candidate) const;

  // A finding, with its terms as evidence, pointing to the step in which `leaves` together take most time.
  [[nodiscard]] Finding make(std::string id, int64_t effect_ns, Sentence sentence,
                             std::span<const std::string_view> leaves) const;
  // The same for a term or leaf as such: high confidence is less where the change is small and noise between runs unknown,
  // and what shrank points nowhere.
  [[nodiscard]] Finding explanation(const Effect& effect, Sentence sentence,
                                    std::span<const std::string_view> leaves) const;

 private:
  [[nodiscard]] std::vector<Observation> terms_of(std::string_view id,
                                                  std::span<const std::string_view> leaves) const;

  const Diff* diff_ = nullptr;
  std::span<const AnalyzedRun> base_;
  std::span<const AnalyzedRun> candidate_;
  std::vector<int64_t> means_;  // of one run
  int64_t step_ns_ = 0;
};

struct Rule {
  std::string_view id;  // of its findings; one that ends in "/" stands for a family
  void (*find)(const Case& c, std::vector<Finding>* out);
};

// The registry.
[[nodiscard]] std::span<const Rule> rules();

// ---- the rules ----

void find_fetch(const Case& c, std::vector<Finding>* out);
void find_starved_workers(const Case& c, std::vector<Finding>* out);
void find_slow_reads(const Case& c, std::vector<Finding>* out);
void find_blocked_workers(const Case& c, std::vector<Finding>* out);
void find_collate(const Case& c, std::vector<Finding>* out);
void find_slow_handover(const Case& c, std::vector<Finding>* out);
void find_worker_count(const Case& c, std::vector<Finding>* out);
void find_slow_worker(const Case& c, std::vector<Finding>* out);
void find_worker_start(const Case& c, std::vector<Finding>* out);
void find_late_dispatch(const Case& c, std::vector<Finding>* out);
void find_untraced_wait(const Case& c, std::vector<Finding>* out);
void find_gc_pauses(const Case& c, std::vector<Finding>* out);
void find_optimizer(const Case& c, std::vector<Finding>* out);
void find_checkpoints(const Case& c, std::vector<Finding>* out);
void find_other_host_time(const Case& c, std::vector<Finding>* out);
void find_model_time(const Case& c, std::vector<Finding>* out);
void find_slow_clock(const Case& c, std::vector<Finding>* out);
void find_kernel_fallback(const Case& c, std::vector<Finding>* out);
void find_lost_fusion(const Case& c, std::vector<Finding>* out);
void find_more_work(const Case& c, std::vector<Finding>* out);
void find_synchronisation(const Case& c, std::vector<Finding>* out);
void find_launch_bound(const Case& c, std::vector<Finding>* out);
void find_allocator_retries(const Case& c, std::vector<Finding>* out);
void find_recompilation(const Case& c, std::vector<Finding>* out);
void find_pageable_copies(const Case& c, std::vector<Finding>* out);
void find_late_rank(const Case& c, std::vector<Finding>* out);
void find_slow_link(const Case& c, std::vector<Finding>* out);
void find_imbalance(const Case& c, std::vector<Finding>* out);
void find_socket_transport(const Case& c, std::vector<Finding>* out);
void find_exposed_communication(const Case& c, std::vector<Finding>* out);
void find_unfinished_collective(const Case& c, std::vector<Finding>* out);
void find_lost_records(const Case& c, std::vector<Finding>* out);

}  // namespace stepscope::analysis::finding
