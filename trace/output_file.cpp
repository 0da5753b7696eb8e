// SPDX-License-Identifier: Apache-2.0
#include "trace/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "trace/schema.hpp"

namespace stepscope::trace {
namespace {

constexpr char kRemedy[] = "check permissions and free space of the directory";

// After the lock is ours the name may already belong to another file: the previous writer published and renamed it.
bool still_named(int fd, const std::string& path) {
  struct stat by_fd = {};
  struct stat by_name = {};
  return fstat(fd, &by_fd) == 0 && stat(path.c_str(), &by_name) == 0 && by_fd.st_ino == by_name.st_ino &&
         by_fd.st_dev == by_name.st_dev;
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  const std::string temporary = path + ".tmp";
  for (;;) {
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
      return unwritable(path, std::strerror(errno), kRemedy);
    }
    OutputFile file(path, temporary, fd);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(std::exchange(file.fd_, -1));
      return unwritable(path, "another process is writing it", "wait for it and repeat");
    }
    if (!still_named(fd, temporary)) {
      ::close(std::exchange(file.fd_, -1));
      continue;
    }
    if (ftruncate(fd, 0) != 0 || fchmod(fd, 0600) != 0) {
      return unwritable(path, std::strerror(errno), kRemedy);
    }
    return file;
  }
}

OutputFile::OutputFile(std::string path, std::string temporary_path, int fd)
    : path_(std::move(path)), temporary_path_(std::move(temporary_path)), fd_(fd) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::move(other.temporary_path_)),
      fd_(std::exchange(other.fd_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this != &other) {
    discard();
    path_ = std::move(other.path_);
    temporary_path_ = std::move(other.temporary_path_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() noexcept {
  if (fd_ >= 0) {
    ::unlink(temporary_path_.c_str());
    ::close(std::exchange(fd_, -1));
  }
}

Status OutputFile::publish() {
  if (fsync(fd_) != 0 || std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    return unwritable(path_, std::strerror(errno), kRemedy);
  }
  ::close(std::exchange(fd_, -1));
  const int error = sync_directory_of(path_);
  return error == 0 ? Status() : unwritable(path_, std::strerror(error), kRemedy);
}

int sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  // Some file systems refuse to sync directories; their renames are as durable as they get.
  const int error = fsync(fd) != 0 && errno != EINVAL && errno != EROFS ? errno : 0;
  ::close(fd);
  return error;
}

}  // namespace stepscope::trace
