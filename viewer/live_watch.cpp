// SPDX-License-Identifier: Apache-2.0
#include "viewer/live_watch.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace stepscope::viewer {

LiveWatch::LiveWatch(std::vector<std::string> paths) : paths_(std::move(paths)), sizes_(look()) {}

bool LiveWatch::changed() {
  Sizes now = look();
  const bool different = now != sizes_;
  sizes_ = std::move(now);
  return different;
}

LiveWatch::Sizes LiveWatch::look() const {
  namespace fs = std::filesystem;
  Sizes sizes;
  for (const std::string& path : paths_) {
    std::error_code error;
    // A spool that goes while we look is not there: errors are no news.
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code unreadable;
      if (entry->path().extension() == ".spool") {
        const auto size = entry->file_size(unreadable);
        sizes[entry->path().string()] = unreadable ? 0 : size;
      }
    }
  }
  return sizes;
}

}  // namespace stepscope::viewer
