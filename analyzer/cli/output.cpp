// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/terminal.hpp"

namespace stepscope::analysis::cli {
namespace {

// 0 or the errno of the write that failed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return errno;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

int print_result(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0 || error == EPIPE) {
    return kExitOk;
  }
  print_note(fmt::format("standard output: cannot write the result: {}; send it to a place with room",
                         strerror(error)));
  return kExitUnreadable;
}

int print_json(const nlohmann::ordered_json& document) {
  return print_result(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

Status write_form(const std::string& path, std::string_view text, FileMode mode) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == FileMode::kAppend ? O_APPEND : O_TRUNC);
  const int fd = open(path.c_str(), flags, 0666);
  int error = fd < 0 ? errno : write_all(fd, text);
  if (fd >= 0 && close(fd) != 0 && error == 0) {
    error = errno;
  }
  return error == 0
             ? Status()
             : Status(Code::kUnavailable,
                      fmt::format("cannot write '{}': {}; check that its directory exists, is writable "
                                  "and has room",
                                  path, strerror(error)));
}

void print_note(std::string_view sentence) {
  // One write, so that lines of several processes do not mix; a closed stderr is nobody's error.
  static_cast<void>(write_all(STDERR_FILENO, fmt::format("stepscope: {}\n", printable(sentence))));
}

int report_failure(const Status& status) {
  print_note(status.message());
  switch (status.code()) {
    case Code::kOk:
      return kExitOk;
    case Code::kUsage:
      return kExitUsage;
    case Code::kNotComparable:
      return kExitNotComparable;
    case Code::kUnreadable:
    case Code::kUnavailable:
      return kExitUnreadable;
  }
  return kExitUnreadable;
}

int report_usage(std::string_view command, std::string_view sentence) {
  print_note(command.empty() ? fmt::format("{}; see `stepscope --help`", sentence)
                             : fmt::format("{}: {}; see `stepscope {} --help`", command, sentence, command));
  return kExitUsage;
}

}  // namespace stepscope::analysis::cli
