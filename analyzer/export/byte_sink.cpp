// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/byte_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "trace/schema.hpp"

namespace stepscope::analysis::exporting {
namespace {

namespace fs = std::filesystem;
using trace::OutputFile;
using trace::Result;
using trace::Status;
using trace::unwritable;

Status write_error(const std::string& name, int error) {
  if (error == EPIPE) {
    return unwritable(name, "its reader went away before the end", "repeat with one that reads it all");
  }
  return unwritable(name, std::strerror(error), "check permissions and free space, or name another place");
}

}  // namespace

Result<ByteSink> ByteSink::open(const std::string& path) {
  if (path == "-") {
    return ByteSink("standard output", STDOUT_FILENO, false, std::nullopt);
  }
  std::string target = path;
  std::error_code error;
  if (fs::is_symlink(path, error)) {
    const fs::path real = fs::canonical(path, error);
    target = error ? path : real.string();
  }
  struct stat existing = {};
  if (stat(target.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode)) {
    if (S_ISDIR(existing.st_mode)) {
      return unwritable(path, "it is a directory", "name a file");
    }
    const int fd = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
      return write_error(path, errno);
    }
    return ByteSink(path, fd, true, std::nullopt);
  }
  Result<OutputFile> file = OutputFile::create(target);
  if (!file.ok()) {
    return file.status();
  }
  const int fd = ::open(file.value().temporary_path().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    return write_error(path, errno);
  }
  return ByteSink(path, fd, true, std::move(file).value());
}

ByteSink::ByteSink(std::string name, int fd, bool owns_fd, std::optional<OutputFile> file)
    : name_(std::move(name)), fd_(fd), owns_fd_(owns_fd), file_(std::move(file)) {}

ByteSink::ByteSink(ByteSink&& other) noexcept
    : name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      owns_fd_(other.owns_fd_),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)),
      written_(other.written_),
      status_(std::move(other.status_)) {}

ByteSink::~ByteSink() {
  close_fd();
}

void ByteSink::close_fd() noexcept {
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && owns_fd_) {
    ::close(fd);
  }
}

void ByteSink::write_out() {
  std::string_view rest = status_.ok() ? std::string_view(buffer_) : std::string_view();
  while (!rest.empty()) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      status_ = write_error(name_, errno);
      break;
    }
    rest.remove_prefix(static_cast<size_t>(count));
  }
  written_ += buffer_.size();
  buffer_.clear();
}

Status ByteSink::finish() {
  write_out();
  close_fd();
  if (status_.ok() && file_.has_value()) {
    status_ = file_->publish();
  }
  return status_;
}

}  // namespace stepscope::analysis::exporting
