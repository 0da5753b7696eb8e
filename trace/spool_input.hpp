// SPDX-License-Identifier: Apache-2.0
//
// Inside of the spool reader: a file that may be anything, read at offsets. Host side, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "trace/status.hpp"

namespace stepscope::trace::spool {

class InputFile {
 public:
  InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  // 0 or an errno. The size is taken now: what a living writer appends later is not read before refresh().
  [[nodiscard]] int open(const std::string& path);
  // Takes the size again; false when the file cannot be asked.
  [[nodiscard]] bool refresh();
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] uint64_t size() const { return size_; }
  // False when [offset, offset + bytes) is not all there.
  [[nodiscard]] bool read(uint64_t offset, void* to, size_t bytes) const;
  // True when another open file holds the writer's lock: the recorded process lives.
  [[nodiscard]] bool is_locked() const;

 private:
  int fd_ = -1;
  uint64_t size_ = 0;
};

// What the first bytes of a file say about it.
enum class Understood { kYes, kMissing, kForeign, kNewer, kDamaged };

// Sorts out an opened file by its magic and version; both headers begin alike.
[[nodiscard]] Understood understand(const InputFile& file, const char (&magic)[8], uint32_t least_header,
                                    uint16_t* major);

}  // namespace stepscope::trace::spool
