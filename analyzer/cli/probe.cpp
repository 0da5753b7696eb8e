// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kMostOutput = 65536;
constexpr int kCannotRun = 127;

[[noreturn]] void become(const std::vector<std::string>& command, const std::vector<std::string>& extra,
                         int output) {
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  setpgid(0, 0);  // so that a timeout reaches what it started, too
  for (const std::string& variable : extra) {
    const size_t equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(kCannotRun);
}

// True when the other end was closed before the deadline.
bool read_until(int fd, std::chrono::steady_clock::time_point deadline, std::string& out) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wanted{fd, POLLIN, 0};
    const int ready = left.count() > 0 ? poll(&wanted, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0) {
      return false;
    }
    std::array<char, 4096> block{};
    const ssize_t got = read(fd, block.data(), block.size());
    if (got <= 0) {
      return true;
    }
    if (out.size() < kMostOutput) {
      out.append(block.data(), static_cast<size_t>(got));
    }
  }
}

}  // namespace

ProbeResult run_probe(const std::vector<std::string>& command, const std::vector<std::string>& extra,
                      std::chrono::seconds limit) {
  ProbeResult result;
  std::array<int, 2> output{-1, -1};
  if (pipe2(output.data(), O_CLOEXEC) != 0) {
    return result;
  }
  const pid_t child = fork();
  if (child == 0) {
    become(command, extra, output[1]);
  }
  close(output[1]);
  if (child > 0) {
    result.timed_out = !read_until(output[0], std::chrono::steady_clock::now() + limit, result.output);
    if (result.timed_out) {
      kill(-child, SIGKILL);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.started = result.exit_code != kCannotRun;
  }
  close(output[0]);
  return result;
}

}  // namespace stepscope::analysis::cli
