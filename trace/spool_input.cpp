// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_input.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/spool_format.hpp"

namespace stepscope::trace::spool {

InputFile::~InputFile() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

int InputFile::open(const std::string& path) {
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe of that name must not block
  if (fd_ < 0) {
    return errno;
  }
  struct stat info {};
  if (fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd_);
    fd_ = -1;
    return EINVAL;
  }
  size_ = static_cast<uint64_t>(info.st_size);
  return 0;
}

bool InputFile::refresh() {
  struct stat info {};
  if (fd_ < 0 || fstat(fd_, &info) != 0) {
    return false;
  }
  size_ = static_cast<uint64_t>(info.st_size);
  return true;
}

bool InputFile::read(uint64_t offset, void* to, size_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) {
    return false;
  }
  auto* at = static_cast<uint8_t*>(to);
  while (bytes > 0) {
    const ssize_t n = pread(fd_, at, bytes, static_cast<off_t>(offset));
    if (n > 0) {
      at += n;
      offset += static_cast<uint64_t>(n);
      bytes -= static_cast<size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool InputFile::is_locked() const {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return fd_ >= 0 && fcntl(fd_, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

Understood understand(const InputFile& file, const char (&magic)[8], uint32_t least_header, uint16_t* major) {
  struct Start {
    char magic[8];
    uint16_t major;
    uint16_t minor;
    uint32_t header_bytes;
  } start{};
  static_assert(offsetof(RingFileHeader, header_bytes) == offsetof(Start, header_bytes));
  static_assert(offsetof(SpoolHeader, header_bytes) == offsetof(Start, header_bytes));
  if (!file.is_open()) {
    return Understood::kMissing;
  }
  if (!file.read(0, &start, sizeof start)) {
    return Understood::kDamaged;
  }
  if (memcmp(start.magic, magic, sizeof start.magic) != 0) {
    return Understood::kForeign;
  }
  *major = start.major;
  if (start.major > kMajor) {
    return Understood::kNewer;
  }
  if (start.major != kMajor || start.header_bytes < least_header || start.header_bytes > file.size()) {
    return Understood::kDamaged;
  }
  return Understood::kYes;
}

}  // namespace stepscope::trace::spool
