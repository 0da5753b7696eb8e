// SPDX-License-Identifier: Apache-2.0
//
// Work in a process of its own, so that its peak memory is its own: what ran before it leaves no trace in the number.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <type_traits>

namespace stepscope::testing {

template <typename Result>
struct ChildResult {
  Result result{};
  double peak_mib = 0;  // resident memory
};

// CPU time of this process so far.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Runs work() in a forked child and returns what it returned, a plain struct or number. The caller has one thread, and little
// memory: a child begins with its parent's pages. An exception in the child is reported there and thrown here.
template <typename Work, typename Result = std::invoke_result_t<Work>>
ChildResult<Result> in_child(const Work& work) {
  static_assert(std::is_trivially_copyable_v<Result>);
  int ends[2];
  if (pipe(ends) != 0) {
    throw std::runtime_error("no pipe to a child process");
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    int status = 1;
    try {
      const Result result = work();
      status = write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(nullptr);
    _exit(status);
  }
  close(ends[1]);
  ChildResult<Result> out;
  const bool whole = child > 0 && read(ends[0], &out.result, sizeof out.result) == sizeof out.result;
  close(ends[0]);
  rusage usage{};
  int status = 0;
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0 || !whole) {
    throw std::runtime_error("a child process failed");
  }
  out.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return out;
}

}  // namespace stepscope::testing
