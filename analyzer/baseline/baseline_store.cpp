// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline/baseline_store.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "analyzer/baseline/decision_text.hpp"
#include "analyzer/baseline/run_states.hpp"
#include "trace/append_store.hpp"

namespace stepscope::analysis {
namespace {

using trace::AppendStore;
using trace::RecordFilter;
using trace::StoredRecord;

constexpr std::string_view kRunKind = "run";
constexpr std::string_view kNoiseModelKind = "noise_model";
constexpr size_t kLongestName = 128;

Status check_name(const std::string& name) {
  const bool fine =
      !name.empty() && name.size() <= kLongestName && name.front() != '-' &&
      std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return fine ? Status()
              : Status(Code::kUsage,
                       "'" + name + "' is no name for a baseline: it takes 1 to " +
                           std::to_string(kLongestName) +
                           " bytes without control characters, and no dash in front; choose one like 'main'");
}

Status unknown_name(const std::string& path, const std::string& name) {
  return Status(Code::kUsage, "'" + path + "' has no baseline named '" + name +
                                  "'; `stepscope baseline list` shows what it has, `stepscope baseline add " +
                                  name + " RUN` adds to it");
}

// A run is itself by its content: the same under one name in every store, whoever added it and when.
std::string run_record_id(const std::string& name, const RunSummary& summary) {
  return trace::content_id({kRunKind, name, summary.fingerprint.key, summary.id});
}

StoredRecord run_record(const std::string& name, const RunSummary& summary, const BaselineEntry& entry,
                        int64_t time_ns) {
  StoredRecord record;
  record.id = run_record_id(name, summary);
  record.kind = kRunKind;
  record.name = name;
  record.key = summary.fingerprint.key;
  record.time_ns = time_ns;
  record.expires_ns = entry.expires_ns;
  record.author = entry.by;
  record.text = summary_to_json(summary);
  return record;
}

StoredRecord decision_record(const BaselineDecision& decision) {
  StoredRecord record;
  record.kind = decision_kind_name(decision.kind);
  record.name = decision.name;
  record.key = decision.fingerprint;
  record.time_ns = decision.time_ns;
  record.expires_ns = decision.expires_ns;
  record.author = decision.by;
  record.text = decision_to_json({decision.reason, decision.runs});
  record.id = trace::content_id(
      {record.kind, record.name, record.key, std::to_string(record.time_ns), record.author, record.text});
  return record;
}

// Takes the newest runs of each series out of a list that is newest first: what is left may go.
void keep_newest(std::vector<BaselineRun>& newest_first, size_t keep) {
  std::map<std::string, size_t> seen;  // by fingerprint
  std::erase_if(newest_first, [&](const BaselineRun& run) {
    return run.state != BaselineState::kExpired && seen[run.summary.fingerprint.key]++ < keep;
  });
}

}  // namespace

std::string_view baseline_state_name(BaselineState state) {
  switch (state) {
    case BaselineState::kCurrent:
      return "current";
    case BaselineState::kSuperseded:
      return "superseded";
    case BaselineState::kExpired:
      return "expired";
  }
  return "";
}

std::string_view decision_kind_name(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kAccept:
      return "accept";
    case DecisionKind::kExpire:
      return "expire";
    case DecisionKind::kPrune:
      return "prune";
  }
  return "";
}

struct BaselineStore::State {
  explicit State(AppendStore opened) : store(std::move(opened)) {}

  [[nodiscard]] Result<std::vector<BaselineDecision>> decisions(const std::string& name) const {
    std::vector<BaselineDecision> out;
    for (const DecisionKind kind : {DecisionKind::kAccept, DecisionKind::kExpire, DecisionKind::kPrune}) {
      Status bad;
      const bool of_all = kind == DecisionKind::kPrune;
      const RecordFilter filter{std::string(decision_kind_name(kind)),
                                of_all ? std::nullopt : std::optional(name), std::nullopt};
      const Status scanned = store.scan(filter, [&](const StoredRecord& record) {
        Result<DecisionText> text = decision_from_json(record.text, store.path());
        bad = text.status();
        if (text.ok() && (!of_all || record.name.empty() || record.name == name)) {
          out.push_back({kind, record.name, record.key, record.time_ns, record.expires_ns, record.author,
                         std::move(text.value().reason), std::move(text.value().runs)});
        }
        return bad.ok();
      });
      if (!scanned.ok() || !bad.ok()) {
        return scanned.ok() ? bad : scanned;
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const BaselineDecision& a, const BaselineDecision& b) {
      return std::tie(a.time_ns, a.reason) < std::tie(b.time_ns, b.reason);
    });
    return out;
  }

  [[nodiscard]] Result<RunStates> states(const std::string& name) const {
    Result<std::vector<BaselineDecision>> all = decisions(name);
    return all.ok() ? Result<RunStates>(RunStates(all.value())) : all.status();
  }

  // Runs of a name (and fingerprint), newest first, until `visit` returns false.
  Status scan_runs(const std::string& name, const std::optional<std::string>& fingerprint, int64_t now_ns,
                   const std::function<bool(BaselineRun)>& visit) const {
    const Result<RunStates> known = states(name);
    if (!known.ok()) {
      return known.status();
    }
    Status bad;
    const Status scanned =
        store.scan({std::string(kRunKind), name, fingerprint}, [&](const StoredRecord& record) {
          Result<RunSummary> summary = summary_from_json(record.text, store.path());
          if (!summary.ok()) {
            bad = summary.status();
            return false;
          }
          BaselineRun run{record.id,     std::move(summary).value(), record.time_ns, record.expires_ns,
                          record.author, BaselineState::kCurrent};
          known.value().apply(run, now_ns);
          return visit(std::move(run));
        });
    return scanned.ok() ? bad : scanned;
  }

  [[nodiscard]] Result<std::vector<std::string>> names() const {
    std::vector<std::string> out;
    const Status scanned =
        store.scan({std::string(kRunKind), std::nullopt, std::nullopt},
                   [&](const StoredRecord& record) { return out.push_back(record.name), true; });
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return scanned.ok() ? Result<std::vector<std::string>>(std::move(out)) : scanned;
  }

  AppendStore store;
};

Result<BaselineStore> BaselineStore::open(const std::string& path, Mode mode) {
  std::error_code ignored;
  if (mode == Mode::kRead && !std::filesystem::exists(path, ignored)) {
    return Status(Code::kUsage,
                  "there is no baseline store '" + path +
                      "'; `stepscope baseline add NAME RUN --store FILE` makes one, --store names another");
  }
  Result<AppendStore> opened =
      AppendStore::open(path, mode == Mode::kRead ? AppendStore::Mode::kRead : AppendStore::Mode::kAppend);
  return opened.ok()
             ? Result<BaselineStore>(BaselineStore(std::make_unique<State>(std::move(opened).value())))
             : opened.status();
}

BaselineStore::BaselineStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
BaselineStore::BaselineStore(BaselineStore&&) noexcept = default;
BaselineStore& BaselineStore::operator=(BaselineStore&&) noexcept = default;
BaselineStore::~BaselineStore() = default;

const std::string& BaselineStore::path() const {
  return state_->store.path();
}

Result<bool> BaselineStore::add(const std::string& name, const RunSummary& summary,
                                const BaselineEntry& entry) {
  if (Status named = check_name(name); !named.ok()) {
    return named;
  }
  const Result<RunStates> known = state_->states(name);
  if (!known.ok()) {
    return known.status();
  }
  const StoredRecord record =
      run_record(name, summary, entry, std::max(entry.now_ns, known.value().last_decision_ns() + 1));
  const Result<size_t> added = state_->store.append({&record, 1});
  return added.ok() ? Result<bool>(added.value() != 0) : added.status();
}

Status BaselineStore::accept(const std::string& name, std::span<const RunSummary> runs,
                             const std::string& reason, const BaselineEntry& entry) {
  if (Status named = check_name(name); !named.ok()) {
    return named;
  }
  if (runs.empty() || reason.empty()) {
    return Status(Code::kUsage, "an acceptance needs a run and a reason; say --reason TEXT");
  }
  BaselineDecision decision{
      DecisionKind::kAccept, name, runs.front().fingerprint.key, 0, entry.expires_ns, entry.by, reason, {}};
  for (const RunSummary& run : runs) {
    if (run.fingerprint.key != decision.fingerprint) {
      return Status(Code::kNotComparable,
                    runs.front().run + " and " + run.run +
                        ": not comparable: their fingerprints differ; accept them one by one");
    }
    decision.runs.push_back(run_record_id(name, run));
  }
  // Younger than whatever it decides about, also where another machine's clock is ahead.
  int64_t latest = 0;
  const Status scanned =
      state_->store.scan({std::nullopt, name, std::nullopt}, [&](const StoredRecord& record) {
        latest = record.time_ns;
        return false;
      });
  if (!scanned.ok()) {
    return scanned;
  }
  decision.time_ns = std::max(entry.now_ns, latest + 1);
  std::vector<StoredRecord> records;
  for (const RunSummary& run : runs) {
    records.push_back(run_record(name, run, entry, decision.time_ns));
  }
  records.push_back(decision_record(decision));
  return state_->store.append(records).status();
}

Status BaselineStore::expire(const std::string& name, std::span<const std::string> runs,
                             const std::string& reason, const BaselineEntry& entry) {
  int64_t latest = 0;
  std::vector<std::string> missing(runs.begin(), runs.end());
  const Status scanned =
      state_->store.scan({std::nullopt, name, std::nullopt}, [&](const StoredRecord& record) {
        latest = std::max(latest, record.time_ns);
        std::erase(missing, record.id);
        return true;
      });
  if (!scanned.ok()) {
    return scanned;
  }
  if (runs.empty() || !missing.empty()) {
    return Status(Code::kUsage, "'" + path() + "' has no run " + (runs.empty() ? "" : missing.front()) +
                                    " under '" + name + "'; `stepscope baseline show " + name +
                                    "` lists them");
  }
  const StoredRecord record = decision_record({DecisionKind::kExpire,
                                               name,
                                               "",
                                               std::max(entry.now_ns, latest + 1),
                                               0,
                                               entry.by,
                                               reason,
                                               {runs.begin(), runs.end()}});
  return state_->store.append({&record, 1}).status();
}

Result<std::vector<BaselineRun>> BaselineStore::prunable(const std::optional<std::string>& name,
                                                         std::optional<size_t> keep, int64_t now_ns) const {
  const Result<std::vector<std::string>> names = state_->names();
  if (!names.ok()) {
    return names.status();
  }
  std::vector<BaselineRun> out;
  bool known = !name.has_value();
  for (const std::string& each : names.value()) {
    if (name.has_value() && *name != each) {
      continue;
    }
    known = true;
    std::vector<BaselineRun> all;
    const Status scanned = state_->scan_runs(
        each, std::nullopt, now_ns, [&](BaselineRun run) { return all.push_back(std::move(run)), true; });
    if (!scanned.ok()) {
      return scanned;
    }
    keep_newest(all, keep.value_or(all.size()));
    std::move(all.rbegin(), all.rend(), std::back_inserter(out));
  }
  return known ? Result<std::vector<BaselineRun>>(std::move(out)) : unknown_name(path(), *name);
}

Result<std::vector<BaselineRun>> BaselineStore::prune(const std::optional<std::string>& name,
                                                      std::optional<size_t> keep,
                                                      const BaselineEntry& entry) {
  Result<std::vector<BaselineRun>> out = prunable(name, keep, entry.now_ns);
  if (!out.ok() || out.value().empty()) {
    return out;
  }
  BaselineDecision decision{
      DecisionKind::kPrune,
      name.value_or(""),
      "",
      entry.now_ns,
      0,
      entry.by,
      keep.has_value() ? "all but the newest " + std::to_string(*keep) + " of each fingerprint" : "expired",
      {}};
  for (const BaselineRun& run : out.value()) {
    decision.runs.push_back(run.id);
  }
  const Result<size_t> removed = state_->store.remove(decision.runs, decision_record(decision));
  return removed.ok() ? out : removed.status();
}

Result<BaselineStore::Merged> BaselineStore::merge(const BaselineStore& other) {
  if (Status whole = other.state_->store.verify(); !whole.ok()) {
    return whole;
  }
  const Result<AppendStore::Merged> merged = state_->store.merge(other.state_->store);
  return merged.ok()
             ? Result<Merged>(Merged{merged.value().added, merged.value().present, merged.value().removed})
             : merged.status();
}

Result<std::vector<BaselineRun>> BaselineStore::window(const std::string& name,
                                                       const std::string& fingerprint, size_t n,
                                                       int64_t now_ns) const {
  std::vector<BaselineRun> out;
  const Status scanned = state_->scan_runs(name, fingerprint, now_ns, [&](BaselineRun run) {
    if (out.size() < n && run.state == BaselineState::kCurrent) {
      out.push_back(std::move(run));
    }
    return out.size() < n;
  });
  std::reverse(out.begin(), out.end());
  return scanned.ok() ? Result<std::vector<BaselineRun>>(std::move(out)) : scanned;
}

Result<std::vector<BaselineRun>> BaselineStore::runs(const std::string& name, int64_t now_ns) const {
  std::vector<BaselineRun> out;
  const Status scanned = state_->scan_runs(
      name, std::nullopt, now_ns, [&](BaselineRun run) { return out.push_back(std::move(run)), true; });
  if (!scanned.ok()) {
    return scanned;
  }
  std::reverse(out.begin(), out.end());
  return out.empty() ? Result<std::vector<BaselineRun>>(unknown_name(path(), name)) : out;
}

Result<std::vector<BaselineDecision>> BaselineStore::decisions(const std::string& name) const {
  return state_->decisions(name);
}

Result<std::vector<BaselineSeries>> BaselineStore::series(int64_t now_ns) const {
  const Result<std::vector<std::string>> names = state_->names();
  if (!names.ok()) {
    return names.status();
  }
  std::vector<BaselineSeries> out;
  for (const std::string& name : names.value()) {
    std::map<std::string, BaselineSeries> by_key;
    std::map<std::string, std::vector<int64_t>> medians;
    const Status scanned = state_->scan_runs(name, std::nullopt, now_ns, [&](BaselineRun run) {
      BaselineSeries& one = by_key[run.summary.fingerprint.key];
      if (one.runs++ == 0) {  // the newest
        one.name = name;
        one.fingerprint = run.summary.fingerprint;
        one.last_added_ns = run.added_ns;
      }
      one.current += run.state == BaselineState::kCurrent ? 1U : 0U;
      one.superseded += run.state == BaselineState::kSuperseded ? 1U : 0U;
      one.expired += run.state == BaselineState::kExpired ? 1U : 0U;
      if (run.state == BaselineState::kCurrent) {
        medians[run.summary.fingerprint.key].push_back(run.summary.median_step_ns);
      }
      return true;
    });
    if (!scanned.ok()) {
      return scanned;
    }
    for (auto& [key, one] : by_key) {
      if (std::vector<int64_t>& values = medians[key]; !values.empty()) {
        std::sort(values.begin(), values.end());
        const int64_t lower = values[(values.size() - 1) / 2];
        one.median_step_ns = lower + (values[values.size() / 2] - lower) / 2;
      }
      const Result<std::optional<std::string>> model = noise_model(key);
      if (!model.ok()) {
        return model.status();
      }
      one.noise_model = model.value().has_value();
      out.push_back(std::move(one));
    }
  }
  return out;
}

Status BaselineStore::record_noise_model(const std::string& fingerprint, const std::string& text,
                                         const BaselineEntry& entry) {
  StoredRecord record;
  record.kind = kNoiseModelKind;
  record.key = fingerprint;
  record.time_ns = entry.now_ns;
  record.expires_ns = entry.expires_ns;
  record.author = entry.by;
  record.text = text;
  record.id = trace::content_id({record.kind, record.key, std::to_string(record.time_ns), record.text});
  return state_->store.append({&record, 1}).status();
}

Result<std::optional<std::string>> BaselineStore::noise_model(const std::string& fingerprint) const {
  std::optional<std::string> out;
  const Status scanned = state_->store.scan({std::string(kNoiseModelKind), std::nullopt, fingerprint},
                                            [&](const StoredRecord& record) {
                                              out = record.text;
                                              return false;
                                            });
  return scanned.ok() ? Result<std::optional<std::string>>(std::move(out)) : scanned;
}

}  // namespace stepscope::analysis
