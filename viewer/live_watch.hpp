// SPDX-License-Identifier: Apache-2.0
//
// LiveWatch: whether runs that are open are still being recorded, and whether there is more of them than at the last look. Looks at
// the sizes of spools (a directory listing and a stat each); reads nothing of them. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stepscope::viewer {

class LiveWatch {
 public:
  // Paths as they were opened: directories, or files (which never grow as recordings). Takes the first look.
  explicit LiveWatch(std::vector<std::string> paths);

  // Some process has a spool still: it runs, or ended since the last look.
  [[nodiscard]] bool live() const { return !sizes_.empty(); }
  // Looks again. True when a spool grew, came or went since the look before.
  [[nodiscard]] bool changed();

 private:
  using Sizes = std::map<std::string, uint64_t>;  // by path
  [[nodiscard]] Sizes look() const;
  std::vector<std::string> paths_;
  Sizes sizes_;
};

}  // namespace stepscope::viewer
