// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_job.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace stepscope::analysis::cli {
namespace {

constexpr std::array<int, 6> kForwarded{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (const std::string& word : words) {
    result.push_back(const_cast<char*>(word.c_str()));  // execve's signature predates const
  }
  result.push_back(nullptr);
  return result;
}

// Blocks what we wait for and makes SIGCHLD countable; restores both for the command and at the end.
class SignalHold {
 public:
  SignalHold() {
    sigemptyset(&waited_);
    sigaddset(&waited_, SIGCHLD);
    for (const int signal : kForwarded) {
      sigaddset(&waited_, signal);
    }
    // A caller that ignores SIGCHLD would make the command's exit status vanish.
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &plain, &old_child_);
    // A reader of stderr that goes away must not end us before the recording is finished.
    plain.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &plain, &old_pipe_);
    sigprocmask(SIG_BLOCK, &waited_, &old_mask_);
  }
  ~SignalHold() {
    // A ^C that came with the end of the command was meant for it, not for what we do afterwards.
    const timespec now{};
    while (sigtimedwait(&waited_, nullptr, &now) > 0) {
    }
    sigaction(SIGCHLD, &old_child_, nullptr);
    sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
  }
  SignalHold(const SignalHold&) = delete;
  SignalHold& operator=(const SignalHold&) = delete;

  // In the child, between fork and exec.
  void give_back() const {
    sigaction(SIGCHLD, &old_child_, nullptr);
    sigaction(SIGPIPE, &old_pipe_, nullptr);
    sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
  }
  [[nodiscard]] const sigset_t& waited() const { return waited_; }

 private:
  sigset_t waited_{};
  sigset_t old_mask_{};
  struct sigaction old_child_ {};
  struct sigaction old_pipe_ {};
};

// The terminal sends to the whole foreground group, so the command has the signal already.
bool came_from_terminal(const siginfo_t& info) {
  return info.si_code == SI_KERNEL;
}

void wait_for(const Job& job, const SignalHold& hold, JobOutcome& outcome) {
  const timespec tick{job.tick.count() / 1000, (job.tick.count() % 1000) * 1'000'000};
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(outcome.pid, &status, WNOHANG);
    if (ended == outcome.pid && (WIFEXITED(status) || WIFSIGNALED(status))) {
      outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      outcome.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      return;
    }
    siginfo_t info{};
    const int signal = job.tick.count() > 0 ? sigtimedwait(&hold.waited(), &info, &tick)
                                            : sigwaitinfo(&hold.waited(), &info);
    if (signal < 0 && errno == EAGAIN) {
      job.on_tick();
    } else if (signal > 0 && signal != SIGCHLD && !came_from_terminal(info)) {
      kill(outcome.pid, signal);
    }
  }
}

}  // namespace

JobOutcome run_job(const Job& job) {
  JobOutcome outcome;
  std::array<int, 2> report{-1, -1};  // closed by a successful exec, carries the errno of a failed one
  if (pipe2(report.data(), O_CLOEXEC) != 0) {
    outcome.start_error = errno;
    return outcome;
  }
  const std::vector<char*> argv = pointers(job.command);
  const std::vector<char*> environment = pointers(job.environment);
  const SignalHold hold;
  outcome.pid = fork();
  if (outcome.pid == 0) {
    hold.give_back();
    execvpe(argv[0], argv.data(), environment.data());
    const int error = errno;
    static_cast<void>(!write(report[1], &error, sizeof error));
    _exit(127);
  }
  const int fork_error = outcome.pid < 0 ? errno : 0;
  close(report[1]);
  int exec_error = 0;
  while (read(report[0], &exec_error, sizeof exec_error) < 0 && errno == EINTR) {
  }
  close(report[0]);
  if (fork_error != 0) {
    outcome.start_error = fork_error;
    return outcome;
  }
  wait_for(job, hold, outcome);
  outcome.start_error = exec_error;
  return outcome;
}

void end_like(const JobOutcome& outcome) {
  if (outcome.signal != 0) {
    const rlimit no_core{};
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    signal(outcome.signal, SIG_DFL);
    sigset_t only{};
    sigemptyset(&only);
    sigaddset(&only, outcome.signal);
    sigprocmask(SIG_UNBLOCK, &only, nullptr);
    raise(outcome.signal);
  }
  exit(outcome.exit_code);
}

}  // namespace stepscope::analysis::cli
