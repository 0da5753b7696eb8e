// SPDX-License-Identifier: Apache-2.0
#include "viewer/live_watch.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "analyzer/run.hpp"

namespace stepscope::viewer {

LiveWatch::LiveWatch(std::string path) : path_(std::move(path)), seen_(look()) {}

void LiveWatch::opened(const std::vector<std::string>& running) {
  // What was finalized in the meantime is in the run, and its spool is gone; one that nobody can read stays.
  const Spools now = look();
  std::erase_if(seen_, [&](const auto& spool) { return !now.contains(spool.first); });
  for (const std::string& path : running) {
    seen_[path].running = true;  // as the run shows it, whatever became of it since
  }
  live_ = !running.empty();
}

bool LiveWatch::changed() {
  Spools now = look();
  const bool different = now != seen_;
  seen_ = std::move(now);
  return different;
}

LiveWatch::Spools LiveWatch::look() const {
  namespace fs = std::filesystem;
  Spools spools;
  const auto add = [&](const fs::path& path) {
    if (path.extension() == ".spool") {
      std::error_code unreadable;
      const auto bytes = fs::file_size(path, unreadable);
      spools[path.string()] = {unreadable ? 0 : bytes, analysis::is_being_recorded(path.string())};
    }
  };
  std::error_code error;
  if (fs::is_regular_file(path_, error)) {
    add(path_);
    return spools;
  }
  // A spool that goes while we look is not there: errors are no news.
  for (fs::directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error)) {
    add(entry->path());
  }
  return spools;
}

}  // namespace stepscope::viewer
