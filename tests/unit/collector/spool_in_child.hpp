// SPDX-License-Identifier: Apache-2.0
//
// Runs a part of the collector in a child process that has the collector's spool open, and gives what it left there.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <gtest/gtest.h>

#include "collector/process_state.hpp"
#include "tests/support/spool_contents.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::collector {

// `body` runs in the child: what it finds out it must put into the spool.
inline testing::SpoolContents spool_in_child(const std::function<void()>& body) {
  const testing::TempDir directory;
  const pid_t child = fork();
  if (child == 0) {
    if (spool().open(directory.path().c_str(), "main-r0-host-1-2") != 0) {
      _exit(3);
    }
    body();
    spool().close();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return testing::SpoolContents::read(directory.file("main-r0-host-1-2"));
}

}  // namespace stepscope::collector
