// SPDX-License-Identifier: Apache-2.0
//
// A job so small that its replay and its chains can be said by hand.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analyzer/replay/replay_run.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {

inline constexpr int kSmallJobSteps = 6;

// One rank, times in us from the beginning of each step: a launch at 1000, a kernel that runs from 1010 for `kernel`, a
// synchronising call at `sync` that returns 10 behind the kernel (or 10 after it was called), 2000 more of host work; then the step is
// over. With `slowest`, an all-reduce of 1000 follows the kernel, and ends when that of the slowest rank does.
struct SmallJob {
  int64_t kernel = 6000;
  int64_t sync = 8000;
  int64_t slowest = 0;  // the kernel of the slowest rank; 0: no all-reduce

  [[nodiscard]] int64_t gpu_done() const { return slowest == 0 ? 1010 + kernel : 1010 + slowest + 1000; }
  [[nodiscard]] int64_t step_us() const { return std::max(sync, gpu_done()) + 10 + 2000; }

  [[nodiscard]] std::string text(bool calls = true) const {
    std::string out = "lane 2 stream \"GPU 0 stream 7\"\nlane 3 communicator c\n";
    for (int64_t k = 0; k <= kSmallJobSteps; ++k) {
      const int64_t t = k * step_us();
      out += fmt::format("step start_ns={}us index={} source=1\n", t, k);
      if (k == kSmallJobSteps) {
        break;
      }
      if (calls) {
        out += fmt::format("cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n",
                           t + 1000, 4 * k + 1);
        out += fmt::format("cuda_api start_ns={}us dur_ns={}us name=cudaDeviceSynchronize correlation={}\n",
                           t + sync, std::max(sync, gpu_done()) + 10 - sync, 4 * k + 2);
      }
      out += fmt::format("kernel lane=2 start_ns={}us dur_ns={}us name=sm90_gemm correlation={}\n", t + 1010,
                         kernel, 4 * k + 1);
      if (slowest > 0) {
        out += fmt::format("cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n",
                           t + 1100, 4 * k + 3);
        out += fmt::format(
            "kernel lane=2 start_ns={}us dur_ns={}us name=ncclDevKernel_AllReduce correlation={}\n",
            t + 1010 + kernel, gpu_done() - 1010 - kernel, 4 * k + 3);
        out += fmt::format(
            "collective lane=3 start_ns={}us dur_ns={}us op=AllReduce comm=9 seq={} ranks=2 kernel={}\n",
            t + 1010 + kernel, gpu_done() - 1010 - kernel, k, 4 * k + 3);
      }
    }
    return out;
  }
};

class SmallJobTest : public RunTest {
 protected:
  // A run of two ranks; the second one's clock is 3 s ahead.
  analysis::Run two_ranks(const std::string& name, const std::string& first, const std::string& second) {
    std::filesystem::create_directories(path(name));
    int rank = 0;
    for (const std::string& text : {first, second}) {
      ::stepscope::testing::write_recording(
          fmt::format("{}/main-r{}.stepscope", path(name), rank),
          fmt::format(
              "meta process.role main\nmeta process.pid {}\nmeta process.rank {}\nmeta process.world_size 2\n"
              "meta process.host node{}\nlane 1 thread main tid={}\n",
              100 + rank, rank, rank, 100 + rank) +
              text);
      ++rank;
    }
    return open(name);
  }
  // The mean step when all time of a leaf takes `factor` times as long, us.
  static double step_us(const ReplayedRun& replay, const std::string& leaf_name, double factor) {
    std::vector<int64_t> weights = replay.recorded().graph().weights();
    for (size_t e = 0; e < weights.size(); ++e) {
      if (replay.recorded().parts()[replay.recorded().edge_parts()[e]].leaf == leaf_name) {
        weights[e] = static_cast<int64_t>(static_cast<double>(weights[e]) * factor);
      }
    }
    return replay.mean_step_ns(weights) / 1e3;
  }
};

}  // namespace stepscope::analysis
