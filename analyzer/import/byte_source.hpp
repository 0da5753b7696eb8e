// SPDX-License-Identifier: Apache-2.0
//
// ByteSource: the content of a file, decompressed when it is gzip (by its magic number, not by its name), front to back.
//
// Holds one buffer of compressed input, whatever the size of the file. One thread. A compressed file that is cut off or
// damaged gives what could be decompressed and then ends: end() says how. Internal to analyzer/import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "trace/status.hpp"

namespace stepscope::analysis::importing {

// How a source ended.
enum class SourceEnd : uint8_t {
  kWhole,    // or it has not ended yet
  kCut,      // the compressed data ends too early
  kDamaged,  // the compressed data is not what was written
};

class ByteSource {
 public:
  // Errors, kUnreadable: it does not exist, is no regular file, cannot be read, is empty.
  [[nodiscard]] static trace::Result<ByteSource> open(const std::string& path);
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  // The first bytes of the content, up to 4 KiB; they are also what read() begins with.
  [[nodiscard]] std::string_view head() const;
  // Up to `capacity` bytes into `out`; 0 at the end. Error, kUnreadable: the file system failed.
  [[nodiscard]] trace::Result<size_t> read(char* out, size_t capacity);

  [[nodiscard]] SourceEnd end() const;
  [[nodiscard]] bool compressed() const;
  [[nodiscard]] const std::string& path() const;
  // Of the file as it lies on disk: how much of it was read, and its size.
  [[nodiscard]] uint64_t position_bytes() const;
  [[nodiscard]] uint64_t size_bytes() const;

 private:
  struct State;
  explicit ByteSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::analysis::importing
