// SPDX-License-Identifier: Apache-2.0
//
// BaselineStore: which runs are normal. One file, shared by people and CI jobs, of summaries of runs under a name ("main") and
// a fingerprint, and of decisions about them. Append-only: a decision is a record, nothing is changed.
//
//   BaselineStore store = std::move(BaselineStore::open(path, BaselineStore::Mode::kAppend)).value();
//   store.add("main", summary, {.by = "ci", .now_ns = now});
//   std::vector<BaselineRun> normal = store.window("main", summary.fingerprint.key, 20, now).value();
//
// A name and a fingerprint make a series. A run of it is
//   current     what a gate compares with;
//   superseded  added before the latest accept() of the series: that decision says a new level is normal, and noise between
//               levels is no noise between runs;
//   expired     its date has passed, or a decision said so.
// The order is that of the times of records, so that merged stores agree; a record of a series is never older than its
// latest decision, even where a machine's clock is behind.
//
// Wall times in ns since 1970 UTC; `now_ns` comes from the caller. One thread; any number of processes at once (trace/append_store.hpp).
// Errors: kUsage (no such store, name or run; a name that is none), kNotComparable, kUnreadable, kUnavailable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis {

enum class BaselineState { kCurrent, kSuperseded, kExpired };
[[nodiscard]] std::string_view baseline_state_name(BaselineState state);  // "current", ...

struct BaselineRun {
  std::string id;  // of the record: equal in every store that has the run under this name
  RunSummary summary;
  int64_t added_ns = 0;
  int64_t expires_ns = 0;  // 0 = never
  std::string added_by;    // "" = not known
  BaselineState state = BaselineState::kCurrent;
};

enum class DecisionKind { kAccept, kExpire, kPrune };
[[nodiscard]] std::string_view decision_kind_name(DecisionKind kind);  // "accept", ...

struct BaselineDecision {
  DecisionKind kind = DecisionKind::kAccept;
  std::string name;
  std::string fingerprint;  // key; "" for prune
  int64_t time_ns = 0;
  int64_t expires_ns = 0;
  std::string by;
  std::string reason;
  std::vector<std::string> runs;  // BaselineRun::id
};

// A name and a fingerprint, and what is stored under them.
struct BaselineSeries {
  std::string name;
  Fingerprint fingerprint;  // facts of the latest run
  size_t runs = 0;
  size_t current = 0;
  size_t superseded = 0;
  size_t expired = 0;
  int64_t last_added_ns = 0;
  int64_t median_step_ns = 0;  // median over current runs, 0 when there are none
  bool noise_model = false;    // calibrated for this fingerprint
};

// Who makes a record, and when.
struct BaselineEntry {
  std::string by;
  int64_t now_ns = 0;
  int64_t expires_ns = 0;  // of the runs, 0 = never
};

class BaselineStore {
 public:
  enum class Mode { kRead, kAppend };  // only kAppend makes the file where there is none
  [[nodiscard]] static Result<BaselineStore> open(const std::string& path, Mode mode);
  BaselineStore(BaselineStore&&) noexcept;
  BaselineStore& operator=(BaselineStore&&) noexcept;
  ~BaselineStore();

  [[nodiscard]] const std::string& path() const;

  // Any run: whether it may be counted is why_unusable's (gate/usable_run.hpp).
  // false: this run (RunSummary::id) is there already under this name. When it returns, the run is on disk.
  [[nodiscard]] Result<bool> add(const std::string& name, const RunSummary& summary,
                                 const BaselineEntry& entry);
  // The level of these runs is the new normal: they are added and begin a new level of their series. kNotComparable when they
  // differ in their fingerprint; kUsage without a reason.
  [[nodiscard]] Status accept(const std::string& name, std::span<const RunSummary> runs,
                              const std::string& reason, const BaselineEntry& entry);
  // Runs by BaselineRun::id; they may be of several series of the name. kUsage when one is not there.
  [[nodiscard]] Status expire(const std::string& name, std::span<const std::string> runs,
                              const std::string& reason, const BaselineEntry& entry);
  // Takes expired runs out of the file, and with `keep` all but the newest so many of each series. `name`: nullopt = of all
  // names. Decisions stay. Returns the runs taken out.
  [[nodiscard]] Result<std::vector<BaselineRun>> prune(const std::optional<std::string>& name,
                                                       std::optional<size_t> keep,
                                                       const BaselineEntry& entry);
  // What prune() would take out.
  [[nodiscard]] Result<std::vector<BaselineRun>> prunable(const std::optional<std::string>& name,
                                                          std::optional<size_t> keep, int64_t now_ns) const;

  struct Merged {
    size_t added = 0;    // records: runs, decisions, noise models
    size_t present = 0;  // were here already
    size_t pruned = 0;   // were taken out here before, and stay so
  };
  // Takes over what the other store has and this one lacks. Idempotent; the whole of the other file is checked first.
  [[nodiscard]] Result<Merged> merge(const BaselineStore& other);

  // The last `n` current runs of a series, oldest first. Empty when there are none: series() tells whether the name is
  // known under another fingerprint.
  [[nodiscard]] Result<std::vector<BaselineRun>> window(const std::string& name,
                                                        const std::string& fingerprint, size_t n,
                                                        int64_t now_ns) const;
  // Every run of a name, oldest first; kUsage when the name is not there.
  [[nodiscard]] Result<std::vector<BaselineRun>> runs(const std::string& name, int64_t now_ns) const;
  // Oldest first; kPrune decisions of all names are among them.
  [[nodiscard]] Result<std::vector<BaselineDecision>> decisions(const std::string& name) const;
  // By name, then fingerprint.
  [[nodiscard]] Result<std::vector<BaselineSeries>> series(int64_t now_ns) const;

  // What `calibrate` found out about the noise between runs of a fingerprint, as its JSON text; the latest counts.
  [[nodiscard]] Status record_noise_model(const std::string& fingerprint, const std::string& text,
                                          const BaselineEntry& entry);
  [[nodiscard]] Result<std::optional<std::string>> noise_model(const std::string& fingerprint) const;

 private:
  struct State;
  explicit BaselineStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::analysis
