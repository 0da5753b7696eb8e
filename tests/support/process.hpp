// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and keeps what it did: output, error output, exit code or signal.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace stepscope::testing {

struct Outcome {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  pid_t pid = 0;
  std::string out;
  std::string err;

  bool operator==(const Outcome& other) const {
    return exit_code == other.exit_code && signal == other.signal && out == other.out && err == other.err;
  }
};

inline std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << "exit " << outcome.exit_code << " signal " << outcome.signal << "\n--- stdout\n"
                << outcome.out << "\n--- stderr\n"
                << outcome.err;
}

// Variables on top of the test's own environment; an empty value removes one.
using Environment = std::map<std::string, std::string>;

// Runs until the program and everything that holds its output has ended. `directory` empty = the test's own.
inline Outcome run_program(const std::vector<std::string>& command, const Environment& environment = {},
                           const std::string& directory = "") {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    for (const auto& [name, value] : environment) {
      value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
    }
    if (directory.empty() || chdir(directory.c_str()) == 0) {
      execvp(arguments[0], arguments.data());
    }
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  Outcome outcome;
  outcome.pid = pid;
  pollfd ends[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* texts[2] = {&outcome.out, &outcome.err};
  for (int left = 2; left > 0 && poll(ends, 2, -1) >= 0;) {
    for (int i = 0; i < 2; ++i) {
      if (ends[i].revents == 0) {
        continue;
      }
      char buffer[65536];
      ssize_t n = read(ends[i].fd, buffer, sizeof(buffer));
      if (n > 0) {
        texts[i]->append(buffer, static_cast<size_t>(n));
      } else {
        ends[i].fd = -1;
        --left;
      }
    }
  }
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return outcome;
}

}  // namespace stepscope::testing
