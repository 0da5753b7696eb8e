// SPDX-License-Identifier: Apache-2.0
#include "collector/preload_door.hpp"

#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <initializer_list>

#include "collector/doors.hpp"
#include "collector/system_file.hpp"

namespace stepscope::collector {
namespace {

void set_directory() noexcept {
  const char* given = getenv("STEPSCOPE_DIR");
  if (given == nullptr || given[0] == '\0') {
    TextBuffer<PATH_MAX> directory;
    default_directory(directory);
    if (!directory.empty()) {
      setenv("STEPSCOPE_DIR", directory.c_str(), 1);
    }
  } else if (given[0] != '/') {
    // Children and later chdir() calls must mean the same place.
    char cwd[PATH_MAX];
    TextBuffer<PATH_MAX> absolute;
    if (getcwd(cwd, sizeof(cwd)) != nullptr) {
      absolute.add(cwd).add('/').add(given);
      setenv("STEPSCOPE_DIR", absolute.c_str(), 1);
    }
  }
}

// The program as it was executed or, for a script with "#!", argv[0]: the kernel puts the interpreter there. Reading
// /proc/self/exe would take as long as everything else here together.
bool runs_python(const char* argument0) noexcept {
  const void* executed = reinterpret_cast<const void*>(getauxval(AT_EXECFN));
  return is_python(TextView(static_cast<const char*>(executed))) || is_python(TextView(argument0));
}

void set_python_path() noexcept {
  TextBuffer<PATH_MAX> hooks;
  const char* given = getenv("STEPSCOPE_PYTHON_DIR");
  if (given != nullptr && given[0] != '\0') {
    hooks.add(given);
  } else {
    TextView path(own_path());
    size_t length = path.size;
    while (length > 0 && path.data[length - 1] != '/') {
      --length;
    }
    hooks.add(path.substr(0, length)).add("python");
  }
  TextBuffer<PATH_MAX> probe;
  probe.add(hooks.view()).add("/sitecustomize.py");
  if (!file_exists(probe.c_str())) {
    return;
  }
  const char* current = getenv("PYTHONPATH");
  TextBuffer<2 * PATH_MAX> path;
  prepend_path(TextView(current), hooks.view(), path);
  if (!path.cut()) {
    setenv("PYTHONPATH", path.c_str(), 1);
  }
}

// glibc gives constructors the arguments of main.
__attribute__((constructor)) void on_load(int argument_count, char** arguments) noexcept {
  if (!is_enabled() || own_path()[0] == '\0') {
    return;
  }
  // Loaded later through another door, threads may be reading the environment: leave it alone.
  const char* preload = getenv("LD_PRELOAD");
  if (preload == nullptr || strstr(preload, "libstepscope") == nullptr) {
    return;
  }
  mark_door_opened(Door::kPreload);
  set_directory();
  for (Door door : {Door::kCuda, Door::kNvtx, Door::kNccl}) {
    setenv(door_variable(door), own_path(), 0);
  }
  if (runs_python(argument_count > 0 ? arguments[0] : nullptr)) {
    set_python_path();
  }
}

}  // namespace

bool is_enabled() noexcept {
  return getauxval(AT_SECURE) == 0 && getenv("STEPSCOPE_DISABLE") == nullptr;
}

void default_directory(TextBuffer<PATH_MAX>& out) noexcept {
  char cwd[PATH_MAX];
  if (getcwd(cwd, sizeof(cwd)) != nullptr) {
    out.add(cwd).add("/stepscope-run-").add_u64(static_cast<uint64_t>(getpid()));
  }
}

bool is_python(TextView executable) noexcept {
  size_t slash = executable.size;
  while (slash > 0 && executable.data[slash - 1] != '/') {
    --slash;
  }
  TextView name = executable.substr(slash);
  if (!name.starts_with("python")) {
    return false;
  }
  // "python3.11", "python3-dbg" are interpreters; "python-config" and "pythonista" are not.
  TextView rest = name.substr(6);
  return rest.empty() ||
         (rest.data[0] >= '2' && rest.data[0] <= '9' && !contains_ignoring_case(rest, "config"));
}

void prepend_path(TextView current, TextView directory, TextBuffer<2 * PATH_MAX>& out) noexcept {
  TextView rest = current;
  TextView entry;
  while (next_field(rest, ':', entry)) {
    if (entry.size == directory.size && memcmp(entry.data, directory.data, entry.size) == 0) {
      out.add(current);
      return;
    }
  }
  out.add(directory);
  if (!current.empty()) {
    out.add(':').add(current);
  }
}

}  // namespace stepscope::collector
