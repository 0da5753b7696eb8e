// SPDX-License-Identifier: Apache-2.0
#include "viewer/user_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace stepscope::viewer {
namespace {

using analysis::Code;
using analysis::Result;
using analysis::Status;

struct Descriptor {
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) {
      close(fd);
    }
  }
  int fd;
};

bool write_all(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return false;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Beside `path`, so that the rename stays within one file system.
bool write_beside(const std::string& path, const std::string& temporary, const std::string& content) {
  const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd < 0) {
    return false;
  }
  if (write_all(file.fd, content) && fsync(file.fd) == 0 && rename(temporary.c_str(), path.c_str()) == 0) {
    return true;
  }
  const int error = errno;
  unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace

std::string user_file(UserDirectory kind, const std::string& name) {
  struct Row {
    const char* variable;
    const char* below_home;
  };
  constexpr std::array<Row, 3> kRows{{{"XDG_CONFIG_HOME", "/.config"},
                                      {"XDG_STATE_HOME", "/.local/state"},
                                      {"XDG_DATA_HOME", "/.local/share"}}};
  const Row& row = kRows.at(static_cast<size_t>(kind));
  const char* directory = std::getenv(row.variable);
  if (directory != nullptr && directory[0] == '/') {  // a relative one is to be ignored
    return std::string(directory) + "/stepscope/" + name;
  }
  const char* home = std::getenv("HOME");
  return home == nullptr || home[0] != '/' ? "" : std::string(home) + row.below_home + "/stepscope/" + name;
}

Result<std::optional<std::string>> read_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return std::optional<std::string>();
  }
  std::string content;
  std::array<char, 65536> chunk{};
  ssize_t got = file.fd < 0 ? -1 : 1;
  while (got > 0) {
    got = read(file.fd, chunk.data(), chunk.size());
    content.append(chunk.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }
  if (got < 0) {
    return Status(Code::kUnreadable,
                  path + ": cannot be read (" + std::strerror(errno) + "); make it a readable file");
  }
  return std::optional<std::string>(std::move(content));
}

Status replace_file(const std::string& path, const std::string& content) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!directory.empty()) {
    std::filesystem::create_directories(directory, error);
  }
  if (!error && write_beside(path, path + "." + std::to_string(getpid()) + ".new", content)) {
    return {};
  }
  return {Code::kUnavailable, path + ": cannot be written (" +
                                  (error ? error.message() : std::strerror(errno)) +
                                  "); make the directory writable, or some room on the disk"};
}

}  // namespace stepscope::viewer
