// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the CUPTI source share: the shipped libstepscope.so in a fake training job on the CUDA stand-ins, and the
// comparison of its recording with what the job really did.
#pragma once

#include "tests/integration/collector/collector_test.hpp"
#include "tests/support/cuda_job.hpp"

namespace stepscope::testing {

// Columns, in the order of trace/kinds.cpp.
namespace kernel_column {
enum : size_t {
  kStart,
  kDur,
  kName,
  kDevice,
  kStream,
  kCorrelation,
  kGraph,
  kGraphNode,
  kContext,
  kSignature
};
}
namespace memcpy_column {
enum : size_t {
  kStart,
  kDur,
  kCopyKind,
  kBytes,
  kDevice,
  kStream,
  kCorrelation,
  kPeerDevice,
  kContext,
  kSrcKind,
  kDstKind,
  kFlags,
  kGraph,
  kGraphNode
};
}
namespace memset_column {
enum : size_t {
  kStart,
  kDur,
  kBytes,
  kDevice,
  kStream,
  kCorrelation,
  kContext,
  kMemoryKind,
  kGraph,
  kGraphNode
};
}

struct Recorded {
  JobOutcome job;
  SpoolContents contents;
};

class CuptiTest : public CollectorTest {
 protected:
  CuptiTest() : files_(scratch_.path()) {}

  static std::string cupti_path(const std::string& version) {
    std::string soname = version == "11.8" ? version : version.substr(0, version.find('.'));
    return std::string(FAKE_CUDA_LIBRARIES) + "/cupti-" + version + "/libcupti.so." + soname;
  }

  // Everything but what the tool sets itself; without the stand-ins' directory a real libcupti could be found first.
  [[nodiscard]] Environment environment_of(const std::string& version) const {
    Environment environment = cuda_environment(version, files_);
    environment["STEPSCOPE_CUPTI_LIBRARY"] = version.empty() ? "" : cupti_path(version);
    for (const char* name : {"STEPSCOPE_LEVEL", "STEPSCOPE_CUPTI", "STEPSCOPE_WINDOW",
                             "STEPSCOPE_CUPTI_MEMORY_MIB", "STEPSCOPE_CUPTI_RECORDS"}) {
      environment[name] = "";
    }
    return environment;
  }

  // The job under stepscope; fails the test when the job broke a rule of CUDA or CUPTI.
  JobOutcome run_job(const std::string& version, std::vector<std::string> job, const Environment& extra = {},
                     const char* program = FAKE_CUDA_JOB) {
    std::filesystem::remove(files_.violations);
    std::filesystem::remove(files_.report);
    std::filesystem::remove(files_.truth);
    std::filesystem::remove_all(run_directory());
    Environment environment = environment_of(version);
    for (const auto& [name, value] : extra) {
      environment[name] = value;
    }
    job.insert(job.begin(), program);
    job.push_back("truth=" + files_.truth);
    JobOutcome outcome = understand(record(job, environment), files_);
    EXPECT_EQ(outcome.violations, "");
    return outcome;
  }

  Recorded record_job(const std::string& version, const std::vector<std::string>& job,
                      const Environment& extra = {}, const char* program = FAKE_CUDA_JOB) {
    Recorded recorded;
    recorded.job = run_job(version, job, extra, program);
    recorded.contents = only();
    return recorded;
  }

  CudaFiles files_;
};

inline std::string lane_name(const SpoolContents& contents, const Event& event) {
  auto lane = contents.lanes.find(event.lane);
  return lane == contents.lanes.end() ? "" : lane->second.name;
}

inline std::vector<Event> by_start(std::vector<Event> events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.column(0) < b.column(0); });
  return events;
}

inline std::vector<TrueWork> truth_of(const JobOutcome& job, const std::string& type) {
  std::vector<TrueWork> work;
  std::copy_if(job.work.begin(), job.work.end(), std::back_inserter(work),
               [&](const TrueWork& one) { return one.type == type; });
  std::stable_sort(work.begin(), work.end(),
                   [](const TrueWork& a, const TrueWork& b) { return a.start < b.start; });
  return work;
}

// Kernels by name: how many, and their time (which the conversion of clocks changes by parts per million).
inline std::map<std::string, uint64_t> kernel_counts(const SpoolContents& contents) {
  std::map<std::string, uint64_t> counts;
  for (const std::string& name : contents.names(trace::Kind::kKernel, kernel_column::kName)) {
    ++counts[name];
  }
  return counts;
}

inline std::map<std::string, uint64_t> kernel_counts(const JobOutcome& job) {
  std::map<std::string, uint64_t> counts;
  for (const auto& [name, total] : job.kernels) {
    counts[name] = total.count;
  }
  return counts;
}

// What two clocks may make of the same span.
inline void expect_same_span(int64_t recorded, uint64_t true_ns) {
  EXPECT_NEAR(static_cast<double>(recorded), static_cast<double>(true_ns),
              2.0 + static_cast<double>(true_ns) * 1e-3);
}

// Every losses entry but the ones about the machine the test runs on.
inline std::map<std::string, uint64_t> cupti_losses(const SpoolContents& contents) {
  std::map<std::string, uint64_t> losses;
  for (const auto& [name, count] : contents.losses) {
    if (name.rfind("cupti.", 0) == 0) {
      losses[name] = count;
    }
  }
  return losses;
}

}  // namespace stepscope::testing
