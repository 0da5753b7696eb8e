// SPDX-License-Identifier: Apache-2.0
//
// Reading small files of /proc, /sys and cgroupfs without stdio, without allocation and without leaving a
// descriptor behind. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector {

// Reads the beginning of a file into `buffer` (NUL-terminated). Returns the number of bytes, or -1.
long read_file(const char* path, char* buffer, size_t capacity) noexcept;

// A descriptor kept open for repeated reads. Programs that close every descriptor they do not know (daemons) may
// hand our number to one of their own files; so it is closed again only while it is still the file we opened.
struct KeptFile {
  int fd =
      0;  // 0 = closed (0 is never ours), so that thread-local storage is all zero and costs threads nothing
  uint64_t device = 0;
  uint64_t inode = 0;

  bool open(const char* path) noexcept;
  // Reads from the beginning; -1 when it cannot be read.
  long read(char* buffer, size_t capacity) const noexcept;
  void close() noexcept;
  // After fork: the descriptor belongs to the parent's thread.
  void forget() noexcept { fd = 0; }
};

// Creates `path` and its missing parents, mode 0700. True when it is there afterwards.
bool make_directory(const char* path) noexcept;
[[nodiscard]] bool file_exists(const char* path) noexcept;
// The size of a file in bytes, 0 when there is none.
[[nodiscard]] uint64_t file_size(const char* path) noexcept;

}  // namespace stepscope::collector
