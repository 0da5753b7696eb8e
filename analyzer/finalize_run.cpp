// SPDX-License-Identifier: Apache-2.0
#include "analyzer/finalize_run.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "trace/finalize.hpp"

namespace stepscope::analysis {
namespace {

namespace fs = std::filesystem;

using Facts = std::vector<std::pair<std::string, std::string>>;

Facts facts_of_job(const JobEnd& end) {
  Facts facts{{"job.exit_code", std::to_string(end.exit_code)}};
  if (end.signal != 0) {
    facts.emplace_back("job.exit_signal", std::to_string(end.signal));
  }
  return facts;
}

Facts facts_of_process(const JobEnd& end) {
  Facts facts = facts_of_job(end);
  facts.emplace_back("exit.code", std::to_string(end.exit_code));
  if (end.signal != 0) {
    facts.emplace_back("exit.signal", std::to_string(end.signal));
  }
  return facts;
}

// True for <role>-r<rank>-<host>-<pid>-<start ticks>, with -<n> behind it for the n-th program this process executed.
bool belongs_to(std::string_view base, uint32_t pid) {
  const std::string wanted = std::to_string(pid);
  for (int fields = 1; fields <= 3 && !base.empty(); ++fields) {
    const size_t dash = base.rfind('-');
    if (dash == std::string_view::npos) {
      return false;
    }
    if (fields > 1 && base.substr(dash + 1) == wanted) {
      return true;
    }
    base = base.substr(0, dash);
  }
  return false;
}

// Sorted, so that the work is repeatable.
std::vector<std::string> spools_of(const std::string& directory, uint32_t pid) {
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".spool" && belongs_to(entry.path().stem().string(), pid)) {
      found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Status add(const std::string& path, const trace::FinalizeOptions& options, RunFinalization& all) {
  const Result<trace::FinalizeResult> done = trace::finalize(path, options);
  if (!done.ok()) {
    return done.status();
  }
  const trace::FinalizeResult& result = done.value();
  all.recordings.insert(all.recordings.end(), result.recordings.begin(), result.recordings.end());
  all.problems.insert(all.problems.end(), result.problems.begin(), result.problems.end());
  all.still_running.insert(all.still_running.end(), result.still_running.begin(), result.still_running.end());
  return Status();
}

}  // namespace

Result<RunFinalization> finalize_run(const std::string& path, const std::optional<JobEnd>& end,
                                     const std::function<void(size_t done, size_t total)>& progress) {
  RunFinalization all;
  trace::FinalizeOptions options;
  options.progress = progress;
  if (end.has_value()) {
    options.extra_meta = facts_of_process(*end);
    for (const std::string& spool : spools_of(path, end->pid)) {
      if (const Status status = add(spool, options, all); !status.ok()) {
        return status;
      }
    }
    options.extra_meta = facts_of_job(*end);
  }
  if (const Status status = add(path, options, all); !status.ok()) {
    return status;
  }
  std::sort(all.still_running.begin(), all.still_running.end());
  all.still_running.erase(std::unique(all.still_running.begin(), all.still_running.end()),
                          all.still_running.end());
  return all;
}

}  // namespace stepscope::analysis
