// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/baseline/baseline_store.hpp"
#include "analyzer/cli/baseline_view.hpp"
#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_inputs.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/store_path.hpp"
#include "analyzer/cli/wall_clock.hpp"
#include "analyzer/gate/usable_run.hpp"

namespace stepscope::analysis::cli {
namespace {

using Mode = BaselineStore::Mode;

constexpr int64_t kDayNs = int64_t{86400} * 1'000'000'000;
constexpr size_t kMostDays = 36500;
constexpr size_t kShortestId = 4;  // of what may stand for a run

constexpr std::string_view kActions =
    "Actions:\n"
    "  add NAME RUN...      runs are normal\n"
    "  list                 names, fingerprints and how many runs they have\n"
    "  show NAME            its runs and the decisions about them\n"
    "  accept NAME RUN...   the level of these runs is the new normal; takes --reason\n"
    "  expire NAME ID...    these runs count no longer; ids as `show` prints them\n"
    "  prune [NAME]         take expired runs out of the file\n"
    "  merge FILE...        take over what other stores have\n"
    "Runs count together when their fingerprint is the same: workload, GPUs, versions, world size.\n"
    "Example: stepscope baseline add main run1 run2 run3\n"
    "         stepscope baseline accept main run9 --reason \"larger model since 4f2a91c\" --by eva";

struct BaselineArguments {
  std::string action;
  std::vector<std::string> words;
  std::string store;
  std::string reason;
  std::string by;
  std::string days;
  std::string older;
  std::string keep;
  bool dry_run = false;
  bool force = false;
  bool json = false;

  int64_t now_ns = 0;
  int64_t expires_ns = 0;

  [[nodiscard]] BaselineEntry entry() const { return {by, now_ns, expires_ns}; }
  [[nodiscard]] std::vector<std::string> after_name() const { return {words.begin() + 1, words.end()}; }
};

int misused(const std::string& sentence) {
  return report_usage("baseline", sentence);
}

std::optional<size_t> whole_number(const std::string& text, size_t most) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= most ? std::optional(value)
                                                                                   : std::nullopt;
}

// Opens the store for an action that writes; the file is made where there is none.
Result<BaselineStore> store_for_writing(const BaselineArguments& arguments) {
  return BaselineStore::open(store_path(arguments.store), Mode::kAppend);
}

// Opens one that has to be there already. Expiring and pruning make no store.
Result<BaselineStore> existing_store(const BaselineArguments& arguments, Mode mode) {
  const std::string path = store_path(arguments.store);
  Result<BaselineStore> reading = BaselineStore::open(path, Mode::kRead);
  return !reading.ok() || mode == Mode::kRead ? std::move(reading) : BaselineStore::open(path, mode);
}

// 0 or an exit code; runs of which no number may be trusted are named and stop everything.
int summarise(const std::vector<std::string>& paths, bool force, std::vector<RunSummary>& out) {
  for (const std::string& path : paths) {
    Result<RunSummary> summary = summary_of_recording(path);
    if (!summary.ok()) {
      return report_failure(summary.status());
    }
    Policy any;  // what no gate could count, whatever its policy
    any.min_steps = kFewestSteps;
    const std::string against = why_unusable(summary.value(), any);
    if (summary.value().median_step_ns <= 0 || (!against.empty() && !force)) {
      print_note(fmt::format("{}: no baseline can rest on it: {}; {}", path, against,
                             summary.value().median_step_ns <= 0 ? "record a run with training steps"
                                                                 : "record again, or add --force"));
      return kExitInconclusive;
    }
    out.push_back(std::move(summary).value());
  }
  return kExitOk;
}

int add_runs(const BaselineArguments& arguments) {
  std::vector<RunSummary> summaries;
  if (const int exit = summarise(arguments.after_name(), arguments.force, summaries); exit != kExitOk) {
    return exit;
  }
  Result<BaselineStore> store = store_for_writing(arguments);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  const std::string& name = arguments.words.front();
  size_t added = 0;
  std::string out;
  for (const RunSummary& summary : summaries) {
    const Result<bool> fresh = store.value().add(name, summary, arguments.entry());
    if (!fresh.ok()) {
      return report_failure(fresh.status());
    }
    added += fresh.value() ? 1U : 0U;
    out += fmt::format("{} {}: {} ms per step, fingerprint {}\n",
                       fresh.value() ? "added" : "known already:", summary.run,
                       milliseconds(static_cast<double>(summary.median_step_ns)), summary.fingerprint.key);
  }
  return print_result(
      out + fmt::format("{} added to {} in {}\n", counted(added, "run"), name, store.value().path()));
}

int accept_runs(const BaselineArguments& arguments) {
  if (arguments.reason.empty()) {
    return misused("accept: --reason is missing: why is this level the new normal?");
  }
  std::vector<RunSummary> summaries;
  if (const int exit = summarise(arguments.after_name(), arguments.force, summaries); exit != kExitOk) {
    return exit;
  }
  Result<BaselineStore> store = store_for_writing(arguments);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  const std::string& name = arguments.words.front();
  if (const Status status = store.value().accept(name, summaries, arguments.reason, arguments.entry());
      !status.ok()) {
    return report_failure(status);
  }
  return print_result(fmt::format("{} is the level of {} from now on: {}\n", name,
                                  counted(summaries.size(), "run"), arguments.reason));
}

// The ids that the words stand for, and with `older` those of the runs that were added before it.
Result<std::vector<std::string>> chosen_runs(const std::vector<BaselineRun>& runs,
                                             const std::vector<std::string>& words,
                                             std::optional<int64_t> before_ns) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    const auto fits = [&](const BaselineRun& run) {
      return word.size() >= kShortestId && run.id.starts_with(word);
    };
    const auto count = std::count_if(runs.begin(), runs.end(), fits);
    if (count != 1) {
      return Status(Code::kUsage,
                    fmt::format("{}: {}; `stepscope baseline show` lists ids", word,
                                count == 0 ? "no run has this id" : "several ids begin like this"));
    }
    out.push_back(std::find_if(runs.begin(), runs.end(), fits)->id);
  }
  for (const BaselineRun& run : runs) {
    if (before_ns.has_value() && run.added_ns < *before_ns && run.state != BaselineState::kExpired) {
      out.push_back(run.id);
    }
  }
  return out;
}

int expire_runs(const BaselineArguments& arguments) {
  const std::optional<size_t> days = whole_number(arguments.older, kMostDays);
  if (!arguments.older.empty() && !days.has_value()) {
    return misused(fmt::format("--older-than {}: not a number of days", arguments.older));
  }
  if (arguments.words.size() < 2 && !days.has_value()) {
    return misused("expire: say which runs: ids, or --older-than DAYS");
  }
  Result<BaselineStore> store = existing_store(arguments, Mode::kAppend);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  const std::string& name = arguments.words.front();
  const Result<std::vector<BaselineRun>> runs = store.value().runs(name, arguments.now_ns);
  if (!runs.ok()) {
    return report_failure(runs.status());
  }
  const Result<std::vector<std::string>> chosen =
      chosen_runs(runs.value(), arguments.after_name(),
                  days.has_value() ? std::optional(arguments.now_ns - static_cast<int64_t>(*days) * kDayNs)
                                   : std::nullopt);
  if (!chosen.ok()) {
    return report_failure(chosen.status());
  }
  if (!chosen.value().empty()) {
    if (const Status status = store.value().expire(name, chosen.value(), arguments.reason, arguments.entry());
        !status.ok()) {
      return report_failure(status);
    }
  }
  return print_result(fmt::format("{} of {} expired\n", counted(chosen.value().size(), "run"), name));
}

int prune_runs(const BaselineArguments& arguments) {
  const std::optional<size_t> keep = whole_number(arguments.keep, 1'000'000);
  if (!arguments.keep.empty() && !keep.has_value()) {
    return misused(fmt::format("--keep {}: not a number of runs", arguments.keep));
  }
  Result<BaselineStore> store = existing_store(arguments, arguments.dry_run ? Mode::kRead : Mode::kAppend);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  const std::optional<std::string> name =
      arguments.words.empty() ? std::nullopt : std::optional(arguments.words.front());
  const Result<std::vector<BaselineRun>> pruned = arguments.dry_run
                                                      ? store.value().prunable(name, keep, arguments.now_ns)
                                                      : store.value().prune(name, keep, arguments.entry());
  if (!pruned.ok()) {
    return report_failure(pruned.status());
  }
  std::string out;
  for (const BaselineRun& run : pruned.value()) {
    out += fmt::format("{}  {}  {}\n", short_id(run.id), baseline_state_name(run.state), run.summary.run);
  }
  return print_result(out + fmt::format("{} {}\n", counted(pruned.value().size(), "run"),
                                        arguments.dry_run ? "would be taken out" : "taken out"));
}

int merge_stores(const BaselineArguments& arguments) {
  std::vector<BaselineStore> others;  // all of them are read before the first is taken over
  for (const std::string& path : arguments.words) {
    Result<BaselineStore> other = BaselineStore::open(path, Mode::kRead);
    if (!other.ok()) {
      return report_failure(other.status());
    }
    others.push_back(std::move(other).value());
  }
  Result<BaselineStore> store = store_for_writing(arguments);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  std::string out;
  for (const BaselineStore& other : others) {
    const Result<BaselineStore::Merged> merged = store.value().merge(other);
    if (!merged.ok()) {
      return report_failure(merged.status());
    }
    out += fmt::format(
        "{}: {} taken over, {} known already{}\n", other.path(), counted(merged.value().added, "record"),
        merged.value().present,
        merged.value().pruned == 0 ? "" : fmt::format(", {} pruned here before", merged.value().pruned));
  }
  return print_result(out);
}

int list_names(const BaselineArguments& arguments) {
  const Result<BaselineStore> store = existing_store(arguments, Mode::kRead);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  const Result<std::vector<BaselineSeries>> series = store.value().series(arguments.now_ns);
  if (!series.ok()) {
    return report_failure(series.status());
  }
  return arguments.json ? print_json(baseline_list_json(store.value().path(), series.value()))
                        : print_result(baseline_list_text(store.value().path(), series.value(),
                                                          inspect_terminal(STDOUT_FILENO)));
}

int show_name(const BaselineArguments& arguments) {
  const Result<BaselineStore> store = existing_store(arguments, Mode::kRead);
  if (!store.ok()) {
    return report_failure(store.status());
  }
  const std::string& name = arguments.words.front();
  Result<std::vector<BaselineRun>> runs = store.value().runs(name, arguments.now_ns);
  if (!runs.ok()) {
    return report_failure(runs.status());
  }
  Result<std::vector<BaselineDecision>> decisions = store.value().decisions(name);
  if (!decisions.ok()) {
    return report_failure(decisions.status());
  }
  const BaselineContent content{store.value().path(), name, std::move(runs).value(),
                                std::move(decisions).value()};
  return arguments.json ? print_json(baseline_show_json(content))
                        : print_result(baseline_show_text(content, inspect_terminal(STDOUT_FILENO)));
}

struct BaselineAction {
  std::string_view name;
  size_t fewest_words;
  size_t most_words;
  std::string_view words;    // for whoever gave too few or too many
  std::string_view options;  // that mean something here, each between blanks
  int (*run)(const BaselineArguments& arguments);
};

constexpr size_t kAny = 1'000'000;
constexpr BaselineAction kBaselineActions[] = {
    {"add", 2, kAny, "NAME RUN...", " --by --expires --force ", add_runs},
    {"list", 0, 0, "no more", " --json ", list_names},
    {"show", 1, 1, "NAME", " --json ", show_name},
    {"accept", 2, kAny, "NAME RUN...", " --by --expires --force --reason ", accept_runs},
    {"expire", 1, kAny, "NAME ID...", " --by --older-than --reason ", expire_runs},
    {"prune", 0, 1, "at most a NAME", " --by --dry-run --keep ", prune_runs},
    {"merge", 1, kAny, "FILE...", " ", merge_stores},
};

// What does not fit the action, in one clause.
std::string objection(const BaselineAction& action, const BaselineArguments& arguments) {
  if (arguments.words.size() < action.fewest_words || arguments.words.size() > action.most_words) {
    return fmt::format("{} takes {}", action.name, action.words);
  }
  const std::pair<std::string_view, bool> given[] = {{"--by", !arguments.by.empty()},
                                                     {"--dry-run", arguments.dry_run},
                                                     {"--expires", !arguments.days.empty()},
                                                     {"--force", arguments.force},
                                                     {"--json", arguments.json},
                                                     {"--keep", !arguments.keep.empty()},
                                                     {"--older-than", !arguments.older.empty()},
                                                     {"--reason", !arguments.reason.empty()}};
  for (const auto& [option, is_given] : given) {
    if (is_given && action.options.find(fmt::format(" {} ", option)) == std::string_view::npos) {
      return fmt::format("{} does not go with {}", option, action.name);
    }
  }
  return "";
}

}  // namespace

int run_baseline(const Command& command, const std::vector<std::string>& args) {
  BaselineArguments arguments;
  OptionSet options(command);
  options.positional("ACTION", arguments.action, "add, list, show, accept, expire, prune or merge");
  options.positionals("ARG", arguments.words, "what it is about; see below", false);
  store_option(&options, arguments.store);
  options.value("--reason", arguments.reason, "TEXT", "accept, expire: why");
  options.value("--by", arguments.by, "WHO", "who decides or adds");
  options.value("--expires", arguments.days, "DAYS", "add, accept: the runs count for so many days");
  options.value("--older-than", arguments.older, "DAYS", "expire: the runs added before that");
  options.value("--keep", arguments.keep, "N", "prune: also all but the newest N of each fingerprint");
  options.flag("--dry-run", arguments.dry_run, "prune: only say what would go");
  options.flag("--force", arguments.force, "add, accept: also runs that lost data or did not end");
  options.flag("--json", arguments.json, "list, show: print JSON");
  options.note(kActions);
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const auto* const action =
      std::find_if(std::begin(kBaselineActions), std::end(kBaselineActions),
                   [&](const BaselineAction& one) { return one.name == arguments.action; });
  if (action == std::end(kBaselineActions)) {
    return misused(fmt::format("unknown action {}", arguments.action));
  }
  if (const std::string sentence = objection(*action, arguments); !sentence.empty()) {
    return misused(sentence);
  }
  arguments.now_ns = wall_now_ns();
  if (!arguments.days.empty()) {
    const std::optional<size_t> days = whole_number(arguments.days, kMostDays);
    if (!days.has_value() || *days == 0) {
      return misused(fmt::format("--expires {}: not a number of days", arguments.days));
    }
    arguments.expires_ns = arguments.now_ns + static_cast<int64_t>(*days) * kDayNs;
  }
  return action->run(arguments);
}

}  // namespace stepscope::analysis::cli
