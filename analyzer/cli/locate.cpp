// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/locate.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace stepscope::analysis::cli {
namespace {

namespace fs = std::filesystem;

fs::path program_directory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

// Programs of the build tree lie in the folders of their targets; an installed program must not look there.
bool in_build_tree(const fs::path& directory) {
  const fs::path expected(STEPSCOPE_BUILD_SUBDIR);
  return directory.filename() == expected.filename() &&
         directory.parent_path().filename() == expected.parent_path().filename();
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string resolved(const fs::path& path) {
  std::error_code error;
  const fs::path result = fs::canonical(path, error);
  return error ? path.string() : result.string();
}

}  // namespace

Result<std::string> find_collector() {
  if (const char* given = getenv("STEPSCOPE_LIBRARY"); given != nullptr && *given != '\0') {
    if (is_file(given)) {
      return resolved(given);
    }
    return Status(
        Code::kUsage,
        fmt::format("STEPSCOPE_LIBRARY={}: no such file; unset it or point it at libstepscope.so", given));
  }
  const fs::path directory = program_directory();
  std::vector<fs::path> candidates{
      directory / "libstepscope.so",
      directory / "../lib/stepscope/libstepscope.so",
      directory / ".." / STEPSCOPE_LIBDIR / "stepscope/libstepscope.so",
  };
  if (in_build_tree(directory)) {
    candidates.push_back(directory / STEPSCOPE_BUILD_COLLECTOR);
  }
  for (const fs::path& candidate : candidates) {
    if (is_file(candidate)) {
      return resolved(candidate);
    }
  }
  return Status(
      Code::kUsage,
      fmt::format("libstepscope.so not found beside {} nor in ../lib/stepscope; install the package "
                  "stepscope or set STEPSCOPE_LIBRARY",
                  (directory / "stepscope").string()));
}

std::string find_viewer() {
  const fs::path directory = program_directory();
  if (is_file(directory / "stepscope-viewer")) {
    return resolved(directory / "stepscope-viewer");
  }
  if (in_build_tree(directory) && is_file(directory / STEPSCOPE_BUILD_VIEWER)) {
    return resolved(directory / STEPSCOPE_BUILD_VIEWER);
  }
  return find_on_path("stepscope-viewer");
}

std::string find_on_path(const std::string& name) {
  const auto runnable = [](const fs::path& path) { return is_file(path) && access(path.c_str(), X_OK) == 0; };
  if (name.empty() || name.find('/') != std::string::npos) {
    return runnable(name) ? name : "";
  }
  const char* variable = getenv("PATH");
  std::string_view path = variable == nullptr ? "/bin:/usr/bin" : variable;
  while (true) {
    const size_t colon = path.find(':');
    const std::string_view entry = path.substr(0, colon);
    const fs::path candidate = fs::path(entry.empty() ? "." : entry) / name;
    if (runnable(candidate)) {
      return candidate.string();
    }
    if (colon == std::string_view::npos) {
      return "";
    }
    path.remove_prefix(colon + 1);
  }
}

}  // namespace stepscope::analysis::cli
