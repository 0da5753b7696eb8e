// SPDX-License-Identifier: Apache-2.0
//
// The two files of a spool inside a program that knows nothing of them: it may close descriptors, fill the disk, or
// run under a file size limit. Nothing here may raise a signal or touch a file that is not ours.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "trace/spool_state.hpp"

namespace stepscope::trace::spool {
namespace {

// fstat() itself is a symbol of glibc 2.33; the syscall is older.
bool identify(int fd, uint64_t* device, uint64_t* inode) noexcept {
  struct stat info;
  if (syscall(SYS_fstat, fd, &info) != 0) {
    return false;
  }
  *device = info.st_dev;
  *inode = info.st_ino;
  return true;
}

// Growing a file beyond RLIMIT_FSIZE would raise SIGXFSZ in the program.
bool within_size_limit(uint64_t bytes) noexcept {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur;
}

// Held as long as the descriptor lives: how a reader knows that the process does. Open-file-description locks are
// not lost when the program closes some other descriptor of the file. Not every file system has them.
void lock_file(int fd) noexcept {
  struct flock range;
  memset(&range, 0, sizeof range);
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  (void)fcntl(fd, F_OFD_SETLK, &range);
}

// Programs count on low descriptor numbers (shell redirections, daemons that close 0..9): ours are high.
int move_high(int fd) noexcept {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 128) {
    return fd;
  }
  const int wanted = limit.rlim_cur >= 1024 ? 960 : static_cast<int>(limit.rlim_cur) - 64;
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, wanted);
  if (high < 0) {
    return fd;
  }
  close(fd);
  return high;
}

// Created under a temporary name: a file with its final name is complete and locked.
int create_hidden(OwnedFile& file, char* hidden) noexcept {
  if (snprintf(hidden, kMaxPath, "%s.new", file.path) >= static_cast<int>(kMaxPath)) {
    return ENAMETOOLONG;
  }
  if (access(file.path, F_OK) == 0) {
    return EEXIST;
  }
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  int fd = open(hidden, kFlags, 0600);
  if (fd < 0 && errno == EEXIST && unlink(hidden) == 0) {  // left by a process killed while opening
    fd = open(hidden, kFlags, 0600);
  }
  if (fd < 0) {
    return errno;
  }
  file.fd = move_high(fd);
  (void)fchmod(file.fd, 0600);  // whatever the umask is
  lock_file(file.fd);
  return identify(file.fd, &file.device, &file.inode) ? 0 : EBADF;
}

int64_t clock_ns(clockid_t clock) noexcept {
  struct timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

bool is_ours(const OwnedFile& file, int fd) noexcept {
  uint64_t device = 0;
  uint64_t inode = 0;
  return fd >= 0 && identify(fd, &device, &inode) && device == file.device && inode == file.inode;
}

void close_if_ours(const OwnedFile& file) noexcept {
  if (is_ours(file, file.fd)) {
    close(file.fd);
  }
}

// The descriptor may be closed, or be another file by now. True when it is ours (again).
bool ensure_open(OwnedFile& file) noexcept {
  if (is_ours(file, file.fd)) {
    return true;
  }
  const int fd = open(file.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    return false;
  }
  if (!is_ours(file, fd)) {
    close(fd);
    return false;
  }
  file.fd = move_high(fd);
  lock_file(file.fd);
  return true;
}

void fill_ring_header(State& state) noexcept {
  RingFileHeader& header = *state.header;
  memcpy(header.magic, kRingMagic, sizeof header.magic);
  header.major = kMajor;
  header.minor = kMinor;
  header.header_bytes = sizeof(RingFileHeader);
  header.created_raw_ns = clock_ns(CLOCK_MONOTONIC_RAW);
  header.created_real_ns = clock_ns(CLOCK_REALTIME);
  header.pid = static_cast<uint32_t>(getpid());
  if (getrandom(&header.pair, sizeof header.pair, GRND_NONBLOCK) !=
      static_cast<ssize_t>(sizeof header.pair)) {
    header.pair = static_cast<uint64_t>(header.created_real_ns) * 0x9e3779b97f4a7c15U ^ header.pid;
  }
  header.block_bytes = kBlockBytes;
  header.slot_bytes = sizeof(RingSlot);
}

int create_ring(State& state, char* hidden) noexcept {
  if (const int error = create_hidden(state.ring_file, hidden); error != 0) {
    return error;
  }
  void* base = mmap(nullptr, kMaxRingFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, state.ring_file.fd, 0);
  if (base == MAP_FAILED) {
    return errno;
  }
  state.base = static_cast<uint8_t*>(base);
  state.header = static_cast<RingFileHeader*>(base);
  if (!within_size_limit(kBlockBytes) || posix_fallocate(state.ring_file.fd, 0, kBlockBytes) != 0) {
    return ENOSPC;
  }
  state.allocated = kBlockBytes;
  fill_ring_header(state);
  state.header->journal_offset = allocate(state, kJournalBytes);
  state.header->journal_capacity = kJournalBytes;
  if (state.header->journal_offset == 0 || !prepare_strings(state)) {
    return ENOSPC;
  }
  return 0;
}

int create_spool(State& state, char* hidden) noexcept {
  if (const int error = create_hidden(state.spool_file, hidden); error != 0) {
    return error;
  }
  SpoolHeader header;
  memset(&header, 0, sizeof header);
  memcpy(header.magic, kSpoolMagic, sizeof header.magic);
  header.major = kMajor;
  header.minor = kMinor;
  header.header_bytes = sizeof header;
  header.pair = state.header->pair;
  header.pid = state.header->pid;
  header.created_raw_ns = state.header->created_raw_ns;
  header.created_real_ns = state.header->created_real_ns;
  return append(state, reinterpret_cast<const uint8_t*>(&header), sizeof header) ? 0 : ENOSPC;
}

}  // namespace

void ColdLock::lock() noexcept {
  for (unsigned tries = 0; !try_lock(); ++tries) {
    if (tries < 64) {
      sched_yield();
    } else {
      const struct timespec pause { 0, 50000 };
      nanosleep(&pause, nullptr);
    }
  }
}

int create_files(State& state, const char* dir, const char* base) noexcept {
  char hidden_ring[kMaxPath];
  char hidden_spool[kMaxPath];
  state.ring_file.fd = -1;
  state.spool_file.fd = -1;
  const int length = snprintf(state.ring_file.path, kMaxPath, "%s/%s.ring", dir, base);
  if (length < 0 || length >= static_cast<int>(kMaxPath) - 8) {
    return ENAMETOOLONG;
  }
  snprintf(state.spool_file.path, kMaxPath, "%s/%s.spool", dir, base);
  int error = create_ring(state, hidden_ring);
  if (error == 0) {
    error = create_spool(state, hidden_spool);
    if (error == 0 && rename(hidden_ring, state.ring_file.path) != 0) {
      error = errno;
    }
    if (error == 0 && rename(hidden_spool, state.spool_file.path) != 0) {
      error = errno;
      unlink(state.ring_file.path);
    }
    if (error != 0 && state.spool_file.fd >= 0) {
      unlink(hidden_spool);
    }
  }
  if (error != 0) {
    if (state.ring_file.fd >= 0) {
      unlink(hidden_ring);
    }
    close_files(state);
  }
  return error;
}

void close_files(State& state) noexcept {
  if (state.base != nullptr) {
    munmap(state.base, kMaxRingFileBytes);
  }
  close_if_ours(state.ring_file);
  close_if_ours(state.spool_file);
}

void keep_private(State& state) noexcept {
  const bool ours = is_ours(state.ring_file, state.ring_file.fd);
  const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (ours ? 0 : MAP_ANONYMOUS);
  (void)mmap(state.base, kMaxRingFileBytes, PROT_READ | PROT_WRITE, flags, ours ? state.ring_file.fd : -1, 0);
  close_if_ours(state.ring_file);
  close_if_ours(state.spool_file);
}

uint64_t allocate(State& state, uint64_t size) noexcept {
  const uint64_t bytes = (size + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  const uint64_t offset = state.allocated;
  if (bytes > kMaxRingFileBytes - offset || !within_size_limit(offset + bytes) ||
      !ensure_open(state.ring_file)) {
    return 0;
  }
  int error = EINTR;
  for (int tries = 0; error == EINTR && tries < 16; ++tries) {
    error = posix_fallocate(state.ring_file.fd, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  }
  if (error != 0) {
    return 0;
  }
  state.allocated = offset + bytes;
  return offset;
}

bool append(State& state, const uint8_t* data, size_t size) noexcept {
  if (!ensure_open(state.spool_file)) {
    add_loss(state, kLossSpoolGone, 1);
    return false;
  }
  size_t done = 0;
  while (within_size_limit(state.spool_bytes + size) && done < size) {
    const ssize_t n =
        pwrite(state.spool_file.fd, data + done, size - done, static_cast<off_t>(state.spool_bytes + done));
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      break;
    }
  }
  if (done == size) {
    state.spool_bytes += size;
    return true;
  }
  if (done != 0) {
    (void)!ftruncate(state.spool_file.fd, static_cast<off_t>(state.spool_bytes));
  }
  add_loss(state, kLossSpoolWrite, 1);
  return false;
}

}  // namespace stepscope::trace::spool
