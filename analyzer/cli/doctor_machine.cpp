// SPDX-License-Identifier: Apache-2.0
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "analyzer/cli/doctor.hpp"
#include "analyzer/cli/locate.hpp"
#include "analyzer/cli/probe.hpp"

namespace stepscope::analysis::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kProbeLimit{20};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string read_text(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A private directory that is gone afterwards.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path(error_) / "stepscope-doctor-XXXXXX").string();
    if (!error_ && mkdtemp(pattern.data()) != nullptr) {
      path_ = pattern;
    }
  }
  ~Scratch() {
    if (!path_.empty()) {
      fs::remove_all(path_, error_);
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::error_code error_;
  std::string path_;
};

std::vector<std::string> recording_environment(const std::string& library, const std::string& directory) {
  return {"LD_PRELOAD=" + library, "STEPSCOPE_LIBRARY=" + library, "STEPSCOPE_DIR=" + directory};
}

Diagnosis check_loads(const std::string& library, const std::string& directory) {
  const ProbeResult probe = run_probe({"/bin/true"}, recording_environment(library, directory), kProbeLimit);
  if (probe.exit_code == 0 && probe.output.empty()) {
    return {Health::kGood, "preload", "loads into /bin/true without a word", ""};
  }
  const std::string said =
      probe.output.empty() ? fmt::format("exit code {}", probe.exit_code) : first_line(probe.output);
  return {Health::kBad, "preload", "does not load into /bin/true: " + said,
          "reinstall stepscope for this machine, or set STEPSCOPE_LIBRARY to a library built for it"};
}

Diagnosis check_python(const std::string& library, const std::string& directory) {
  const std::string python = find_on_path("python3");
  if (python.empty()) {
    return {Health::kNote, "python", "no python3 on PATH",
            "nothing to do unless the job is a Python program"};
  }
  constexpr const char* kScript =
      "import importlib.util, platform, sys\n"
      "hooks = 'stepscope_hooks' in sys.modules\n"
      "torch = importlib.util.find_spec('torch') is not None\n"
      "print(platform.python_version(), 'hooks' if hooks else '-', 'torch' if torch else '-')\n";
  const ProbeResult probe =
      run_probe({python, "-c", kScript}, recording_environment(library, directory), kProbeLimit);
  if (probe.timed_out || probe.exit_code != 0) {
    return {Health::kBad, "python",
            fmt::format("{} does not run with the collector: {}", python,
                        probe.timed_out ? "no answer" : first_line(probe.output)),
            "run it without stepscope to see whether it works at all"};
  }
  std::istringstream words(probe.output);
  std::string version;
  std::string hooks;
  std::string torch;
  words >> version >> hooks >> torch;
  if (hooks != "hooks") {
    return {Health::kBad, "python", fmt::format("{} ({}) runs without the hooks", python, version),
            "unset STEPSCOPE_PYTHON and STEPSCOPE_DISABLE, and do not start Python with -I, -E or -S"};
  }
  return {Health::kGood, "python",
          fmt::format("{} ({}): hooks are in, PyTorch is {}", python, version,
                      torch == "torch" ? "there" : "not installed"),
          ""};
}

Diagnosis check_directory() {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (error || access(here.c_str(), W_OK) != 0) {
    return {Health::kNote, "run directory", "the current directory cannot be written to",
            "give record a place with -o"};
  }
  // Rings are mapped files that many threads write: on a network file system every page fault is a round trip.
  struct statfs info {};
  constexpr std::array<long, 4> kRemote{0x6969, 0x0BD00BD0, 0x65735546, 0x01021997};  // nfs, lustre, fuse, 9p
  if (statfs(here.c_str(), &info) == 0) {
    for (const long type : kRemote) {
      if (info.f_type == type) {
        return {Health::kNote, "run directory", "the current directory is on a network or FUSE file system",
                "record to a local disk with -o and copy the run afterwards"};
      }
    }
  }
  return {Health::kGood, "run directory", "the current directory can be written to", ""};
}

Diagnosis check_cgroup() {
  std::error_code error;
  if (fs::exists("/sys/fs/cgroup/cgroup.controllers", error)) {
    return {Health::kGood, "cgroup", "version 2", ""};
  }
  const bool v1 = fs::exists("/sys/fs/cgroup/cpu", error) || fs::exists("/sys/fs/cgroup/cpu,cpuacct", error);
  return v1 ? Diagnosis{Health::kGood, "cgroup", "version 1", ""}
            : Diagnosis{Health::kNote, "cgroup", "not mounted at /sys/fs/cgroup",
                        "CPU quota and throttling stay unknown; mount it into the container"};
}

Diagnosis check_pressure() {
  return read_text("/proc/pressure/cpu").empty()
             ? Diagnosis{Health::kNote, "pressure", "/proc/pressure is not there",
                         "start the kernel with psi=1 to see pressure on CPU, I/O and memory"}
             : Diagnosis{Health::kGood, "pressure", "/proc/pressure can be read", ""};
}

Diagnosis check_schedstat() {
  std::istringstream text(read_text("/proc/self/schedstat"));
  uint64_t running_ns = 0;
  text >> running_ns;
  return running_ns == 0
             ? Diagnosis{Health::kNote, "schedstat", "/proc/self/schedstat tells nothing",
                         "waiting for a CPU stays unknown; it needs a kernel with CONFIG_SCHED_INFO"}
             : Diagnosis{Health::kGood, "schedstat", "time on and time waiting for a CPU can be read", ""};
}

std::optional<Diagnosis> check_other_tool(const char* variable, const std::string& library) {
  const char* value = getenv(variable);
  if (value == nullptr || *value == '\0' || value == library) {
    return std::nullopt;
  }
  const bool chained = std::string_view(variable) == "LD_PRELOAD";
  return Diagnosis{Health::kNote, "other tools", fmt::format("{}={}", variable, value),
                   chained ? "nothing to do: record puts the collector in front of it"
                           : "record leaves it alone; unset it to have its events recorded"};
}

Diagnosis check_viewer() {
  const std::string viewer = find_viewer();
  return viewer.empty() ? Diagnosis{Health::kNote, "viewer", "stepscope-viewer not found",
                                    "install the package stepscope-viewer to look at runs in a window"}
                        : Diagnosis{Health::kGood, "viewer", viewer, ""};
}

}  // namespace

std::vector<Diagnosis> diagnose_machine() {
  std::vector<Diagnosis> all;
  const Result<std::string> library = find_collector();
  if (!library.ok()) {
    all.push_back({Health::kBad, "library", library.status().message(), ""});
  } else {
    all.push_back({Health::kGood, "library", library.value(), ""});
    const Scratch scratch;
    if (scratch.path().empty()) {
      all.push_back({Health::kBad, "temporary files", "no temporary directory can be made", "set TMPDIR"});
    } else {
      all.push_back(check_loads(library.value(), scratch.path()));
      all.push_back(check_python(library.value(), scratch.path()));
    }
    for (const char* variable :
         {"LD_PRELOAD", "CUDA_INJECTION64_PATH", "NVTX_INJECTION64_PATH", "NCCL_PROFILER_PLUGIN"}) {
      if (std::optional<Diagnosis> found = check_other_tool(variable, library.value()); found.has_value()) {
        all.push_back(std::move(*found));
      }
    }
  }
  all.push_back(check_directory());
  all.push_back(check_cgroup());
  all.push_back(check_pressure());
  all.push_back(check_schedstat());
  all.push_back(check_viewer());
  return all;
}

}  // namespace stepscope::analysis::cli
