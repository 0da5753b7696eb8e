// SPDX-License-Identifier: Apache-2.0
//
// A job of several ranks that never ran, and whose every number can be told by hand. In each step
//
//   rank 0   gemm ------|all-reduce ..waits..==transfer==|optimizer --|
//   rank 1   gemm ---------------------------|==transfer==|optimizer --|
//
// a rank runs a matrix product as long as `gemm` says, and another as long as `extra` says, then meets the others in an all-reduce that ends `transfer` after the
// last one has come, then its optimizer. All ranks begin all steps at the same true time; each has a host and a clock of its own.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/trace_builder.hpp"
#include "trace/kinds.hpp"

namespace stepscope::testing {

inline constexpr int64_t kMillisecond = 1000000;  // ns

struct RankJob {
  int64_t ranks = 2, steps = 20;
  std::function<int64_t(int64_t rank, int64_t step)> gemm = [](int64_t, int64_t) { return 10'000'000; };
  std::function<int64_t(int64_t rank, int64_t step)> extra = [](int64_t, int64_t) { return 0; };  // 0: none
  std::function<double(int64_t rank)> sm_clock = [](int64_t) { return 0; };  // MHz; 0: not read
  int64_t transfer = 2'000'000, optimizer = 1'000'000;                       // ns
  std::function<int64_t(int64_t rank)> clock_offset = [](int64_t) {
    return 0;
  };  // ns that its clock is ahead
  std::function<double(int64_t rank)> clock_drift = [](int64_t) { return 0.0; };  // and gains per ns
  int64_t wall_error = 0;   // ns that the wall clock of rank r is wrong by, times r
  int64_t unrecorded = -1;  // this rank has no recording
  int64_t end_jitter = 0;   // odd ranks leave every other collective this much later
  int64_t send =
      0;  // before the all-reduce rank 0 sends so long, into a buffer; rank 1 receives it in as much time
  int64_t overlapped = 0;  // 1: who comes early computes something else until the last one has come
  int64_t kernels = 1;     // recorded; 0: the level `steps`
  int64_t numbered = 1;    // collectives have NCCL's number; 0: all have 0
};

class RankJobWriter {
 public:
  RankJobWriter(const RankJob& job, const std::string& dir) : job_(job), dir_(dir) {}

  void write() {
    std::filesystem::create_directories(dir_);
    for (int64_t rank = 0; rank < job_.ranks; ++rank) {
      if (rank != job_.unrecorded) {
        write_rank(rank);
      }
    }
  }

 private:
  static constexpr int64_t kBegin = 1'000'000'000;
  static constexpr int64_t kNoCall = 1'000'000;  // correlation of a kernel whose launch nobody asks for
  static constexpr uint32_t kThread = 1, kCompute = 2, kComm = 3, kCommunicator = 4;

  [[nodiscard]] int64_t clock(int64_t rank, int64_t ns) const {
    return ns + job_.clock_offset(rank) +
           static_cast<int64_t>(job_.clock_drift(rank) * static_cast<double>(ns - kBegin));
  }

  void write_rank(int64_t rank) {
    const std::string number = std::to_string(rank);
    TextRecording out(dir_ + "/main-r" + number + "-node" + number + "-100-77.stepscope");
    out.lines("meta process.role main\nmeta process.rank " + number +
              "\nmeta process.local_rank 0\nmeta process.world_size " + std::to_string(job_.ranks) +
              "\nmeta process.host node" + number + "\nmeta process.boot_id boot-" + number +
              "\nmeta process.pid 100\n");
    out.lines(
        "lane 1 thread MainThread tid=100\nlane 2 stream \"GPU 0 stream 7\"\nlane 3 stream \"GPU 0 stream "
        "13\"\n");
    out.line("lane 4 communicator \"default_pg rank " + number + "/" + std::to_string(job_.ranks) + "\"");
    trace::ClockAnchor anchor;
    anchor.monotonic_raw_ns = clock(rank, kBegin);
    anchor.realtime_ns = 1'700'000'000'000'000'000 + kBegin + rank * job_.wall_error;
    out.builder().add_anchor(anchor);
    const auto event = [&](trace::Kind kind, uint32_t lane, int64_t begin, int64_t end,
                           std::initializer_list<int64_t> rest) {
      std::vector<int64_t> values = {clock(rank, begin), clock(rank, end) - clock(rank, begin)};
      values.insert(values.end(), rest);
      require(out.builder().add(kind, lane, values));
    };
    const auto kernel = [&](uint32_t lane, const char* name, int64_t begin, int64_t end,
                            int64_t correlation) {
      if (job_.kernels == 0) {
        return;
      }
      event(trace::Kind::kKernel, lane, begin, end,
            {out.name(name), 0, lane == kComm ? 13 : 7, correlation, 0, 0, 1, 0});
    };
    const auto collective = [&](const char* op, const char* name, int64_t peer, int64_t begin, int64_t end,
                                int64_t step, int64_t correlation) {
      kernel(kComm, name, begin, end, correlation);
      event(trace::Kind::kCollective, kCommunicator, begin, end,
            {out.name(op), 7, job_.numbered != 0 ? step : 0, 1'000'000, out.name("bfloat16"), job_.ranks,
             rank, peer, 6, 500'000, 0, 0, 0, clock(rank, begin), correlation,
             peer >= 0 ? trace::kCollectivePointToPoint : 0});
    };
    int64_t now = kBegin;
    for (int64_t step = 0; step <= job_.steps; ++step) {
      out.event(trace::Kind::kStep, kThread, {clock(rank, now), step, 3, 0, 1});
      if (step == job_.steps) {
        break;
      }
      const int64_t multiplied = now + job_.gemm(rank, step);
      const int64_t computed = multiplied + job_.extra(rank, step);
      int64_t last = now;
      for (int64_t other = 0; other < job_.ranks; ++other) {
        last = std::max(last,
                        now + job_.gemm(other, step) + job_.extra(other, step) + (other < 2 ? job_.send : 0));
      }
      const int64_t came = computed + (rank < 2 ? job_.send : 0);
      const int64_t end = last + job_.transfer;
      const int64_t left = end + (rank % 2 == 1 && step % 2 == 1 ? job_.end_jitter : 0);
      kernel(kCompute, "sm90_xmma_gemm_bf16", now, multiplied, 4 * step + 1);
      if (computed > multiplied) {
        kernel(kCompute, "ampere_bf16_s16816gemm_bf16_128x128", multiplied, computed, kNoCall);
      }
      if (job_.sm_clock(rank) > 0) {
        out.event(
            trace::Kind::kHealth, kThread,
            {clock(rank, now), out.name("gpu.sm_clock_mhz"), std::bit_cast<int64_t>(job_.sm_clock(rank)), 0});
      }
      if (came > computed) {
        collective(rank == 0 ? "Send" : "Recv", "ncclDevKernel_SendRecv", 1 - rank, computed, came, step,
                   4 * step + 2);
      }
      collective("AllReduce", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL", -1, came, left, step, 4 * step + 3);
      if (job_.overlapped != 0 && came < last) {
        kernel(kCompute, "vectorized_elementwise_kernel", came, last, 4 * step);
      }
      kernel(kCompute, "multi_tensor_apply_kernel_adam", left, end + job_.optimizer, 4 * step + 4);
      now = end + job_.optimizer;
    }
    out.finish();
  }

  const RankJob& job_;
  std::string dir_;
};

inline void write_rank_job(const std::string& dir, const RankJob& job) {
  RankJobWriter(job, dir).write();
}

}  // namespace stepscope::testing
