// SPDX-License-Identifier: Apache-2.0
//
// The CUDA stand-ins of tests/fakes/cuda, from a test's side: the environment in which a program finds them, the fake
// training job, and what it, they and the rule keeper said afterwards.
//
// A program that uses this defines FAKE_CUDA_LIBRARIES, FAKE_CUDA_JOB and FAKE_CUDA_JOB_LINKED (CMake: fake_cuda_programs).
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {

inline const std::vector<std::string>& cupti_versions() {
  static const std::vector<std::string> versions = {"11.8", "12.0", "12.4", "12.8", "13.0", "13.3"};
  return versions;
}

inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Where the stand-ins write, inside a directory of the test.
struct CudaFiles {
  explicit CudaFiles(const std::string& directory)
      : violations(directory + "/violations"), report(directory + "/report"), truth(directory + "/truth") {}
  std::string violations;
  std::string report;
  std::string truth;
};

// A machine with this CUPTI ("" = none) and a driver of the same age.
inline Environment cuda_environment(const std::string& version, const CudaFiles& files) {
  Environment environment;
  std::string libraries = FAKE_CUDA_LIBRARIES;
  std::string cupti = version.empty() ? "" : ":" + libraries + "/cupti-" + version;
  environment["LD_LIBRARY_PATH"] = libraries + "/driver" + cupti;
  environment["FAKE_CUDA_VIOLATIONS"] = files.violations;
  environment["FAKE_CUDA_REPORT"] = files.report;
  environment["FAKE_KINETO_CUPTI"] =
      "libcupti.so." + (version == "11.8" ? version : version.substr(0, version.find('.')));
  if (!version.empty()) {
    int major = std::stoi(version);
    int minor = std::stoi(version.substr(version.find('.') + 1));
    environment["FAKE_CUDA_DRIVER_VERSION"] = std::to_string(major * 1000 + minor * 10);
  }
  return environment;
}

struct NameTotal {
  uint64_t count = 0;
  uint64_t ns = 0;
  bool operator==(const NameTotal&) const = default;
};

inline std::ostream& operator<<(std::ostream& stream, const NameTotal& total) {
  return stream << total.count << " in " << total.ns << " ns";
}

// One piece of work the job did, as the stand-in for the driver placed it.
struct TrueWork {
  std::string type;  // kernel, memcpy, memset
  uint64_t start = 0;
  uint64_t end = 0;
  uint32_t device = 0;
  uint32_t context = 0;
  uint32_t stream = 0;
  uint32_t correlation = 0;
  uint32_t graph = 0;
  uint64_t node = 0;
  uint64_t bytes = 0;
  uint32_t thread = 0;
  std::string name;
};

// What a job printed (tests/fakes/cuda/job_truth.hpp).
struct JobOutcome {
  Outcome process;
  std::map<std::string, NameTotal> totals;   // by type: kernel, memcpy, memset, graph
  std::map<std::string, NameTotal> kernels;  // by (mangled) name
  std::vector<TrueWork> work;                // when asked for
  std::vector<int> kineto_starts;            // results of the other profiler's starts
  std::vector<NameTotal> kineto_kernels;     // what it counted, per stop
  int child_status = -1;
  std::string violations;
  std::map<std::string, uint64_t> report;  // the libcupti stand-in's counters; empty after a kill
};

inline std::vector<TrueWork> read_truth(const std::string& path) {
  std::vector<TrueWork> all;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    TrueWork work;
    fields >> work.type >> work.start >> work.end >> work.device >> work.context >> work.stream >>
        work.correlation >> work.graph >> work.node >> work.bytes >> work.thread >> std::ws;
    std::getline(fields, work.name);
    all.push_back(work);
  }
  return all;
}

inline JobOutcome understand(const Outcome& process, const CudaFiles& files) {
  JobOutcome job;
  job.process = process;
  std::istringstream lines(process.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string what;
    fields >> what;
    NameTotal total;
    if (what == "total") {
      std::string type;
      fields >> type >> total.count >> total.ns;
      job.totals[type] = total;
    } else if (what == "name") {
      std::string name;
      fields >> total.count >> total.ns >> std::ws;
      std::getline(fields, name);
      job.kernels[name] = total;
    } else if (what == "child") {
      fields >> job.child_status;
    } else if (what == "kineto") {
      fields >> what;
      if (what == "start") {
        fields >> job.kineto_starts.emplace_back();
      } else {
        fields >> total.count >> total.ns;
        job.kineto_kernels.push_back(total);
      }
    }
  }
  job.violations = read_text(files.violations);
  std::istringstream report(read_text(files.report));
  for (std::string name, value; report >> name >> value;) {
    if (name != "version") {
      job.report[name] = std::stoull(value);
    }
  }
  job.work = read_truth(files.truth);
  return job;
}

}  // namespace stepscope::testing
