// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/gate_inputs.hpp"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "analyzer/baseline/baseline_store.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/store_path.hpp"
#include "analyzer/cli/wall_clock.hpp"

namespace stepscope::analysis::cli {
namespace {

// The name is known, but not with runs like the candidate's; or not at all.
Status no_window(const BaselineStore& store, const std::string& name, const std::string& fingerprint) {
  const Result<std::vector<BaselineSeries>> all = store.series(wall_now_ns());
  if (!all.ok()) {
    return all.status();
  }
  const BaselineSeries* other = nullptr;
  for (const BaselineSeries& series : all.value()) {
    if (series.name == name && series.fingerprint.key == fingerprint) {
      return {Code::kUsage,
              fmt::format("{}: all runs of {} have expired; add new ones: stepscope baseline add {} RUN",
                          store.path(), name, name)};
    }
    other = series.name == name ? &series : other;
  }
  if (other != nullptr) {
    std::string facts;
    for (const auto& [fact, value] : other->fingerprint.facts) {
      facts += value.empty() ? "" : fmt::format("{}{} {}", facts.empty() ? "" : ", ", fact, value);
    }
    return {Code::kNotComparable,
            fmt::format(
                "{}: {} has no run made under the candidate's conditions (fingerprint {}); it has runs of {} "
                "({}); add a run made under these: stepscope baseline add {} RUN",
                store.path(), name, fingerprint, other->fingerprint.key, facts, name)};
  }
  return {Code::kUsage, fmt::format("{}: there is no baseline {}; add runs: stepscope baseline add {} RUN",
                                    store.path(), name, name)};
}

Result<GateBase> load_name(const BaseSource& source, const std::string& fingerprint) {
  const Result<BaselineStore> store =
      BaselineStore::open(store_path(source.store), BaselineStore::Mode::kRead);
  if (!store.ok()) {
    return store.status();
  }
  const std::string& name = source.words.front();
  Result<std::vector<BaselineRun>> window =
      store.value().window(name, fingerprint, source.window, wall_now_ns());
  if (!window.ok()) {
    return window.status();
  }
  if (window.value().empty()) {
    return no_window(store.value(), name, fingerprint);
  }
  GateBase base;
  for (BaselineRun& run : window.value()) {
    base.runs.push_back(std::move(run.summary));
  }
  return base;
}

// Runs that are given by their paths may still have a noise model, where the user names a store.
Status load_noise(const std::string& path, const std::string& fingerprint, GateBase* base) {
  const Result<BaselineStore> store = BaselineStore::open(path, BaselineStore::Mode::kRead);
  if (!store.ok()) {
    return store.status();
  }
  const Result<std::optional<std::string>> text = store.value().noise_model(fingerprint);
  if (!text.ok() || !text.value().has_value()) {
    return text.status();
  }
  Result<NoiseModel> model = noise_model_from_json(*text.value(), path);
  if (!model.ok()) {
    return model.status();
  }
  base->noise = std::move(model).value();
  return {};
}

}  // namespace

Result<RunSummary> summary_of_recording(const std::string& path) {
  const Result<Run> run = open_run(path);
  return run.ok() ? summarise_run(run.value(), {}) : Result<RunSummary>(run.status());
}

bool is_baseline_name(const std::vector<std::string>& words) {
  std::error_code ignored;
  return words.size() == 1 && words.front().find('/') == std::string::npos &&
         !std::filesystem::exists(words.front(), ignored);
}

Result<GateBase> load_base(const BaseSource& source, const std::string& fingerprint) {
  GateBase base;
  const bool by_name = is_baseline_name(source.words);
  if (by_name) {
    Result<GateBase> loaded = load_name(source, fingerprint);
    if (!loaded.ok()) {
      return loaded;
    }
    base = std::move(loaded).value();
  } else {
    for (const std::string& path : source.words) {
      Result<RunSummary> summary = summary_of_recording(path);
      if (!summary.ok()) {
        return summary.status();
      }
      base.runs.push_back(std::move(summary).value());
      base.recordings.push_back(path);
    }
  }
  if (by_name || !source.store.empty()) {
    if (Status status = load_noise(store_path(source.store), fingerprint, &base); !status.ok()) {
      return status;
    }
  }
  return base;
}

}  // namespace stepscope::analysis::cli
