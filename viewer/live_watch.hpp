// SPDX-License-Identifier: Apache-2.0
//
// LiveWatch: whether a run that is open is still being recorded, and whether there is more of it than when it was read. Looks at
// sizes and locks of spools (a directory listing and a few calls each); reads nothing of them. One thread.
//
//   LiveWatch watch(path);               // before opening it: what is written from here on is news
//   Run run = Run::open(path, ...);
//   watch.opened(run.snapshots());
//   while (watch.live()) ... if (watch.changed()) open it again, with a new watch
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stepscope::viewer {

class LiveWatch {
 public:
  LiveWatch() = default;  // of nothing, which is not live
  // `path` as it is opened: a directory, or a file (which never grows as a recording). Takes the first look.
  explicit LiveWatch(std::string path);
  // `running`: the spools of which the run that was opened holds as much as there was then. All others have ended.
  void opened(const std::vector<std::string>& running);

  // Some process was still running when the run was opened: there will be news.
  [[nodiscard]] bool live() const { return live_; }
  // Looks again. True when a spool grew, came or went or its process ended since the look before.
  [[nodiscard]] bool changed();

 private:
  struct Spool {
    uint64_t bytes = 0;
    bool running = false;
    friend bool operator==(const Spool&, const Spool&) = default;
  };
  using Spools = std::map<std::string, Spool>;  // by path
  [[nodiscard]] Spools look() const;
  std::string path_;
  Spools seen_;
  bool live_ = false;
};

}  // namespace stepscope::viewer
