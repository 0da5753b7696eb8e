// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>

#include "tests/fuzz/targets.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::fuzz {

const std::string& scratch_directory() {
  static const testing::TempDir dir = [] {
    if (access("/dev/shm", W_OK) == 0) {
      setenv("TMPDIR", "/dev/shm", 0);
    }
    return testing::TempDir();
  }();
  static const std::string path = dir.path();
  return path;
}

}  // namespace stepscope::fuzz
