// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace stepscope::analysis::cli {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPrivate = 0700;
constexpr int kMostRunsPerSecond = 100;

std::string dated_name() {
  const time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> text{};
  strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &local);
  return fmt::format("stepscope-run-{}", text.data());
}

Status cannot(const std::string& path, std::string_view what, int error) {
  return {Code::kUsage,
          fmt::format("{}: {}: {}; choose another directory with -o", path, what, strerror(error))};
}

// An existing directory will do when it is empty and ours to write.
Result<RecordDirectory> use_existing(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return Status(Code::kUsage,
                  fmt::format("{}: is a file, not a directory; choose another name with -o", path));
  }
  const bool empty = fs::is_empty(path, error);
  if (error) {
    return cannot(path, "cannot be read", error.value());
  }
  if (!empty) {
    return Status(
        Code::kUsage,
        fmt::format("{}: already holds files; a run wants a directory of its own, choose another with -o or "
                    "remove this one",
                    path));
  }
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return cannot(path, "cannot be written to", errno);
  }
  return RecordDirectory{path, fs::absolute(path, error).lexically_normal().string(), false};
}

}  // namespace

Result<RecordDirectory> make_record_directory(const std::string& wanted) {
  std::error_code error;
  const std::string name = wanted.empty() ? dated_name() : wanted;
  const fs::path parent = fs::path(name).lexically_normal().parent_path();
  if (!parent.empty()) {
    fs::create_directories(parent, error);  // a failure shows in mkdir
  }
  std::string path = name;
  for (int attempt = 2; mkdir(path.c_str(), kPrivate) != 0; ++attempt) {
    if (errno != EEXIST) {
      return cannot(path, "cannot be made", errno);
    }
    if (!wanted.empty()) {
      return use_existing(path);
    }
    if (attempt > kMostRunsPerSecond) {
      return cannot(path, "cannot be made", EEXIST);
    }
    path = fmt::format("{}-{}", name, attempt);
  }
  const std::string absolute = fs::absolute(path, error).lexically_normal().string();
  if (error) {
    return cannot(path, "has no absolute path", error.value());
  }
  return RecordDirectory{path, absolute, true};
}

void remove_if_unused(const RecordDirectory& directory) {
  if (directory.created) {
    rmdir(directory.absolute.c_str());
  }
}

}  // namespace stepscope::analysis::cli
