// SPDX-License-Identifier: Apache-2.0
//
// How the stand-ins say that the program or the tool in it broke a rule of CUDA or CUPTI: one line each in the file that
// FAKE_CUDA_VIOLATIONS names (standard error without it). What the real libraries answer with a deadlock or a crash ends the
// process with SIGABRT; FAKE_CUDA_KEEP_GOING=1 only writes the line.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fakecuda {

// Only system calls: may run in a signal handler, in a forked child, and under any lock.
inline void violation(const char* rule, const char* detail = "") {
  char line[512];
  int length = snprintf(line, sizeof(line), "%s%s%s\n", rule, detail[0] == '\0' ? "" : ": ", detail);
  if (length < 0) {
    return;
  }
  size_t bytes = static_cast<size_t>(length) < sizeof(line) ? static_cast<size_t>(length) : sizeof(line) - 1;
  const char* path = getenv("FAKE_CUDA_VIOLATIONS");
  int file = path == nullptr ? 2 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || write(file, line, bytes) < 0) {
    abort();  // a rule broken in silence would be a test that passes
  }
  if (file != 2) {
    close(file);
  }
}

inline void fatal_violation(const char* rule, const char* detail = "") {
  violation(rule, detail);
  const char* keep_going = getenv("FAKE_CUDA_KEEP_GOING");
  if (keep_going == nullptr || strcmp(keep_going, "1") != 0) {
    abort();
  }
}

}  // namespace fakecuda
