// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/cli/program.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

struct Pipe {
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
  }
  std::array<int, 2> ends{-1, -1};
};

[[noreturn]] void become(const Invocation& invocation) {
  if (!invocation.directory.empty() && chdir(invocation.directory.c_str()) != 0) {
    _exit(120);
  }
  for (const std::string& variable : invocation.environment) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos) {
      unsetenv(variable.c_str());
    } else {
      setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
    }
  }
  std::vector<char*> argv;
  for (const std::string& word : invocation.command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  constexpr uid_t kNobody = 65534;
  if (invocation.as_nobody && (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0)) {
    _exit(120);
  }
  execvp(argv[0], argv.data());
  _exit(kNotStarted);
}

// Reads both until both ends are closed (a terminal's end reports EIO then).
void read_all(int out, int err, Outcome& outcome) {
  std::array<pollfd, 2> wanted{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  while (wanted[0].fd >= 0 || wanted[1].fd >= 0) {
    if (poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    for (pollfd& end : wanted) {
      if (end.fd < 0 || end.revents == 0) {
        continue;
      }
      std::array<char, 4096> block{};
      const ssize_t got = read(end.fd, block.data(), block.size());
      if (got <= 0) {
        end.fd = -1;
      } else {
        (&end == wanted.data() ? outcome.out : outcome.err).append(block.data(), static_cast<size_t>(got));
      }
    }
  }
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome run_on_terminal(const Invocation& invocation) {
  Outcome outcome;
  winsize size{};
  size.ws_col = 80;
  size.ws_row = 25;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    become(invocation);
  }
  read_all(terminal, -1, outcome);
  outcome.exit_code = wait_for(child);
  close(terminal);
  return outcome;
}

}  // namespace

Outcome run(const Invocation& invocation) {
  if (invocation.on_terminal) {
    return run_on_terminal(invocation);
  }
  Outcome outcome;
  Pipe in;
  Pipe out;
  Pipe err;
  const pid_t child = fork();
  if (child == 0) {
    dup2(in.ends[0], STDIN_FILENO);
    dup2(out.ends[1], STDOUT_FILENO);
    dup2(err.ends[1], STDERR_FILENO);
    become(invocation);
  }
  close(in.ends[0]);
  close(out.ends[1]);
  close(err.ends[1]);
  static_cast<void>(!write(in.ends[1], invocation.input.data(), invocation.input.size()));
  close(in.ends[1]);
  read_all(out.ends[0], err.ends[0], outcome);
  outcome.exit_code = wait_for(child);
  close(out.ends[0]);
  close(err.ends[0]);
  return outcome;
}

bool has_terminals() {
  int terminal = -1;
  int other_end = -1;
  if (openpty(&terminal, &other_end, nullptr, nullptr, nullptr) != 0) {
    return false;
  }
  close(terminal);
  close(other_end);
  return true;
}

std::string stepscope_path() {
  return STEPSCOPE_TEST_PROGRAM;
}

Outcome stepscope(const std::vector<std::string>& arguments, const std::string& directory) {
  Invocation invocation;
  invocation.command = {stepscope_path()};
  invocation.command.insert(invocation.command.end(), arguments.begin(), arguments.end());
  invocation.directory = directory;
  return run(invocation);
}

void expect_golden(const std::string& text, const std::string& name) {
  const std::string path = std::string(STEPSCOPE_GOLDEN_DIR) + "/" + name;
  if (getenv("STEPSCOPE_UPDATE_GOLDEN") != nullptr) {
    write_bytes(path, text);
    return;
  }
  EXPECT_EQ(text, read_bytes(path)) << "differs from " << name
                                    << "; STEPSCOPE_UPDATE_GOLDEN=1 writes it anew";
}

}  // namespace stepscope::testing
