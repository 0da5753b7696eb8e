// SPDX-License-Identifier: Apache-2.0
//
// ByteSink: where an exporter writes to. A file comes into being whole or not at all.
//
//   Result<ByteSink> sink = ByteSink::open("run.json");
//   sink.value().buffer() += "..."; sink.value().spill();   // as often as there is something
//   Status status = sink.value().finish();                  // flushes, and gives the file its name
//
// "-" is standard output. What exists and is no regular file (a pipe, a device) is written to directly; a symbolic link is
// followed. Without finish() no file is left. After the first error everything is swallowed and ok() is false: a loop may
// ask now and then. Memory: what is in buffer(). One thread. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "trace/output_file.hpp"
#include "trace/status.hpp"

namespace stepscope::analysis::exporting {

class ByteSink {
 public:
  // Errors: kUnavailable (no permission, no directory, a directory), naming the path, the cause and the remedy.
  [[nodiscard]] static trace::Result<ByteSink> open(const std::string& path);
  ByteSink(ByteSink&& other) noexcept;
  ByteSink& operator=(ByteSink&&) = delete;
  ~ByteSink();

  // Append here, then call spill().
  [[nodiscard]] std::string& buffer() { return buffer_; }
  // Writes the buffer out when it is large.
  void spill() {
    if (buffer_.size() >= kSpillAt) {
      write_out();
    }
  }
  // Bytes given so far.
  [[nodiscard]] uint64_t position() const { return written_ + buffer_.size(); }

  [[nodiscard]] bool ok() const { return status_.ok(); }
  // The first error: kUnavailable (disk full, reader gone away).
  [[nodiscard]] const trace::Status& status() const { return status_; }
  [[nodiscard]] trace::Status finish();

 private:
  static constexpr size_t kSpillAt = size_t{256} << 10U;

  ByteSink(std::string name, int fd, bool owns_fd, std::optional<trace::OutputFile> file);
  void write_out();
  void close_fd() noexcept;

  std::string name_;  // for messages
  int fd_ = -1;
  bool owns_fd_ = false;
  std::optional<trace::OutputFile> file_;
  std::string buffer_;
  uint64_t written_ = 0;
  trace::Status status_;
};

}  // namespace stepscope::analysis::exporting
