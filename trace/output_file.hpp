// SPDX-License-Identifier: Apache-2.0
//
// OutputFile: PATH comes into being whole or not at all.
//
// The content is written to PATH.tmp (mode 0600, locked against a second writer); publish() makes it durable and
// renames it over PATH. A PATH.tmp that a killed writer left is taken over and emptied. Without publish() the destructor
// removes it.
#pragma once

#include <string>

#include "trace/status.hpp"

namespace stepscope::trace {

class OutputFile {
 public:
  // Errors: kUnavailable (no permission, no directory, another process is writing it).
  [[nodiscard]] static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  [[nodiscard]] const std::string& temporary_path() const { return temporary_path_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // fsync, rename, fsync of the directory.
  [[nodiscard]] Status publish();

 private:
  OutputFile(std::string path, std::string temporary_path, int fd);
  void discard() noexcept;

  std::string path_;
  std::string temporary_path_;
  int fd_ = -1;
};

// Makes renames and removals in the directory of `path` durable. 0 or an errno.
[[nodiscard]] int sync_directory_of(const std::string& path);

}  // namespace stepscope::trace
