// SPDX-License-Identifier: Apache-2.0
#include "collector/system_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stepscope::collector {
namespace {

struct FileFacts {
  uint64_t device;
  uint64_t inode;
  uint64_t size;
};

// stat() and fstat() got new symbol versions in glibc 2.33 and statx() came with 2.28's headers only; lseek and the
// raw system call have no such floor.
bool facts_of(int fd, const char* path, FileFacts& facts) noexcept {
  struct stat st;
#if defined(SYS_newfstatat)
  long rc = syscall(SYS_newfstatat, fd, path, &st, path[0] == '\0' ? AT_EMPTY_PATH : 0);
#else
  long rc = syscall(SYS_fstatat, fd, path, &st, path[0] == '\0' ? AT_EMPTY_PATH : 0);
#endif
  if (rc != 0) {
    return false;
  }
  facts = {st.st_dev, st.st_ino, static_cast<uint64_t>(st.st_size)};
  return true;
}

}  // namespace

long read_file(const char* path, char* buffer, size_t capacity) noexcept {
  buffer[0] = '\0';
  int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    return -1;
  }
  size_t size = 0;
  while (size + 1 < capacity) {
    ssize_t n = ::read(fd, buffer + size, capacity - 1 - size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      if (n < 0 && size == 0) {
        ::close(fd);
        return -1;
      }
      break;
    }
    size += static_cast<size_t>(n);
  }
  ::close(fd);
  buffer[size] = '\0';
  return static_cast<long>(size);
}

bool KeptFile::open(const char* path) noexcept {
  int opened = ::open(path, O_RDONLY | O_CLOEXEC);
  FileFacts facts;
  if (opened <= 2 || !facts_of(opened, "", facts)) {
    if (opened >= 0) {
      ::close(opened);  // a program without standard streams: never sit on their numbers
    }
    return false;
  }
  fd = opened;
  device = facts.device;
  inode = facts.inode;
  return true;
}

long KeptFile::read(char* buffer, size_t capacity) const noexcept {
  if (fd == 0) {
    return -1;
  }
  ssize_t n = ::pread(fd, buffer, capacity - 1, 0);
  if (n < 0) {
    return -1;
  }
  buffer[n] = '\0';
  return n;
}

void KeptFile::close() noexcept {
  FileFacts facts;
  if (fd != 0 && facts_of(fd, "", facts) && facts.device == device && facts.inode == inode) {
    ::close(fd);
  }
  fd = 0;
}

bool make_directory(const char* path) noexcept {
  if (::mkdir(path, 0700) == 0 || errno == EEXIST) {
    return true;
  }
  if (errno != ENOENT) {
    return false;
  }
  TextBuffer<4096> prefix;
  TextView rest(path);
  TextView part;
  while (next_field(rest, '/', part)) {
    prefix.add(part);
    if (!prefix.empty() && ::mkdir(prefix.c_str(), 0700) != 0 && errno != EEXIST) {
      return false;
    }
    prefix.add('/');
  }
  return !prefix.cut();
}

bool file_exists(const char* path) noexcept {
  return ::access(path, F_OK) == 0;
}

uint64_t file_size(const char* path) noexcept {
  FileFacts facts;
  return facts_of(AT_FDCWD, path, facts) ? facts.size : 0;
}

}  // namespace stepscope::collector
