// SPDX-License-Identifier: Apache-2.0
//
// A small training job on one GPU that never ran: a host thread that launches kernels, a compute stream and a communication
// stream that run them when they can, and what a recording at level `api` says about it.
//
//   write_gpu_job(dir, "steps=40 kernels=60 kernel=200us launch=5us comm=3ms");
//   write_gpu_job(dir, "... kernel=262us sm_clock=1410 power_cap=1");   // the same job on a hot GPU
//
// What a key does stands in GpuJob below. Same text, same bytes. All kernels of a step take the same time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "tests/support/trace_builder.hpp"
#include "trace/kinds.hpp"

namespace stepscope::testing {

struct GpuJob {
  int64_t steps = 40, rank = 0, world_size = 8;
  int64_t kernels = 60;                    // per step: a third forward, half backward, the rest optimizer
  int64_t kernel = 200000, launch = 5000;  // ns each kernel runs, and ns the host needs to launch it
  int64_t data = 300000;                   // the host waits for a batch this long
  int64_t copy_bytes = 50000000, copy = 4000000, pageable = 0;  // one batch to the device
  int64_t comm = 3000000,
          comm_bytes = 100000000;  // an all-reduce that starts when half the backward is done; 0: none
  int64_t syncs = 1;               // cudaStreamSynchronize calls per step, one at its end
  int64_t graph = 0;        // launch forward and backward as one CUDA graph: 1 node by node, 2 as a whole
  int64_t node_gap = 0;     // between two nodes of the graph
  int64_t api = 1;          // CUDA calls are recorded
  int64_t collectives = 1;  // recorded with their kernel: 1; without: 2; not at all: 0
  int64_t health = 1, sm_clock = 1980, power_mw = 500000, power_cap = 0;
  int64_t allocs = 0,
          alloc = 2000000;  // per step, once the GPU has run dry: device memory freed and allocated
  int64_t failed = 0;       // each of them after an allocation that failed
  int64_t compiles = 0, modules = 0,
          compile = 3000000;   // per step, on a dry GPU: by the framework, by the driver
  int64_t scalar_gemm = 0;     // matrix products run without tensor cores, three times as long
  int64_t math_attention = 0;  // attention as two matrix products and a softmax
  int64_t unfused = 0;         // what Triton fused as two element-wise kernels
  int64_t socket = 0;          // between nodes the communicator uses: 1 InfiniBand, 2 sockets; 0: not known
  int64_t gc = 0, gc_every = 0, gc_first = 0;  // Python's collector, in every n-th step from that one on
  int64_t jitter_permille = 4, seed = 1;
};

class GpuJobWriter {
 public:
  GpuJobWriter(const GpuJob& job, const std::string& dir)
      : job_(job),
        pid_(static_cast<uint32_t>(1000 + 100 * job.rank)),
        out_(dir + "/main-r" + std::to_string(job.rank) + "-node0-" + std::to_string(pid_) + "-77.stepscope"),
        random_(static_cast<uint64_t>(job.seed) * 0x9E3779B97F4A7C15ULL + 11) {}

  void run() {
    describe();
    if (job_.socket != 0) {
      out_.event(trace::Kind::kCommunicator, kCommunicator,
                 {kBegin, 0, out_.name("default_pg"), 1, job_.world_size, job_.rank, 2,
                  out_.name(job_.socket == 1 ? "IB" : "Socket"), 6, 0});
    }
    for (step_ = 0; step_ < job_.steps; ++step_) {
      one_step();
    }
    if (job_.health != 0) {
      health();
    }
    out_.event(trace::Kind::kOverhead, kThread, {kBegin, 2000000, out_.name("CUPTI_BUFFER_FLUSH")});
    out_.finish();
  }

 private:
  static constexpr int64_t kBegin = 1000000000;
  static constexpr uint32_t kThread = 1, kCompute = 2, kComm = 3, kCommunicator = 4, kDevice = 5;
  static constexpr int64_t kLatency = 4000;

  void describe() {
    const auto meta = [&](const std::string& key, const std::string& value) {
      out_.builder().set_meta(key, value);
    };
    meta("process.role", "main");
    meta("process.rank", std::to_string(job_.rank));
    meta("process.world_size", std::to_string(job_.world_size));
    meta("process.host", "node0");
    meta("process.boot_id", "boot-a");
    meta("process.pid", std::to_string(pid_));
    meta("process.cmdline", "python train.py");
    meta("soft.torch", "2.9.0");
    meta("hw.cpu", "Example CPU @ 3 GHz");
    meta("device.0.name", "Example GPU 80GB");
    meta("device.0.uuid", "GPU-00000000");
    meta("cupti.version", "13.0");
    meta("cupti.state", "recording");
    meta("nccl.version", "2.27.5");
    meta("door.cuda", "opened");
    meta("run.level", job_.api != 0 ? "api" : "kernels");
    out_.line("anchor monotonic_raw_ns=0 realtime_ns=1700000000s");
    out_.line("lane 1 thread MainThread tid=" + std::to_string(pid_));
    out_.line("lane 2 stream \"GPU 0 stream 7\"");
    out_.line("lane 3 stream \"GPU 0 stream 13\"");
    out_.line("lane 4 communicator \"default_pg rank " + std::to_string(job_.rank) + "/" +
              std::to_string(job_.world_size) + "\"");
    out_.line("lane 5 device \"GPU 0\"");
  }

  int64_t vary(int64_t ns) {
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 7U;
    random_ ^= random_ << 17U;
    const int64_t spread = ns * job_.jitter_permille / 1000;
    return spread == 0 ? ns
                       : ns - spread + static_cast<int64_t>(random_ % static_cast<uint64_t>(2 * spread + 1));
  }

  void api(const std::string& name, int64_t begin, int64_t end, int64_t correlation, int64_t result = 0) {
    if (job_.api != 0) {
      out_.event(trace::Kind::kCudaApi, kThread, {begin, end - begin, out_.name(name), correlation, result});
    }
  }

  // A launch on the host and what it makes the stream do.
  int64_t enqueue(const std::string& call, int64_t* stream_free, int64_t not_before) {
    const int64_t begin = now_;
    now_ += vary(job_.launch);
    api(call, begin, now_, ++correlation_);
    return std::max({*stream_free, now_ + kLatency, not_before});
  }

  void kernel(const std::string& name, int64_t begin, int64_t dur, int64_t graph) {
    out_.event(trace::Kind::kKernel, kCompute,
               {begin, dur, out_.name(name), 0, 7, correlation_, graph, 0, 1, 0});
    compute_free_ = begin + dur;
  }

  void launch(const std::string& name, int64_t factor = 1) {
    const int64_t dur = vary(job_.kernel) * factor;  // before the launch is: both draw from one sequence
    kernel(name, enqueue("cudaLaunchKernel", &compute_free_, 0), dur, 0);
  }

  void launch_of_model(int64_t i) {
    const char* const scalar = "ampere_sgemm_128x64_tn";
    if (i % 4 == 0 && job_.scalar_gemm != 0) {
      launch(scalar, 3);
    } else if (i % 4 == 2 && job_.unfused != 0) {
      launch(forward_kernel(1));
      launch(forward_kernel(1));
    } else if (i % 4 == 3 && job_.math_attention != 0) {
      launch(forward_kernel(0));
      launch(
          "void (anonymous namespace)::softmax_warp_forward<float, float, float, 10, false, false>(float*)");
      launch(forward_kernel(0));
    } else {
      launch(forward_kernel(i));
    }
  }

  // What the host does while the GPU has nothing to run.
  void on_dry_gpu(const std::string& call, int64_t dur, int64_t result = 0) {
    now_ = std::max(now_, compute_free_);
    api(call, now_, now_ + dur, ++correlation_, result);
    now_ += dur;
  }

  void allocate_and_compile() {
    for (int64_t i = 0; i < job_.allocs; ++i) {
      if (job_.failed != 0) {
        on_dry_gpu("cudaMalloc", 100000, 2);
      }
      on_dry_gpu("cudaFree", vary(job_.alloc));
      on_dry_gpu("cudaMalloc", 100000);
    }
    for (int64_t i = 0; i < job_.modules; ++i) {
      on_dry_gpu("cuModuleLoadData", vary(job_.compile));
    }
    for (int64_t i = 0; i < job_.compiles; ++i) {
      now_ = std::max(now_, compute_free_);
      const int64_t dur = vary(job_.compile);
      out_.event(trace::Kind::kRange, kThread,
                 {now_, dur, out_.name("compile_fx.<locals>.fw_compiler_base")});
      now_ += dur;
    }
  }

  void phase(trace::PhaseOp op, int64_t begin, const std::string& name = {}) {
    out_.event(trace::Kind::kPhase, kThread,
               {begin, now_ - begin, out_.name(name), static_cast<int64_t>(op), 3, 0});
  }

  [[nodiscard]] static std::string forward_kernel(int64_t i) {
    constexpr const char* kNames[] = {
        "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_kernel__5x_"
        "cublas",
        "_ZN2at6native29vectorized_elementwise_kernelILi4ENS0_15CUDAFunctor_addIfEENS_"
        "6detail5ArrayIPcLi3EEEEEviT0_T1_",
        "triton_poi_fused__to_copy_add_mul_silu_12",
        "void pytorch_flash::flash_fwd_kernel<pytorch_flash::Flash_fwd_kernel_traits<64> "
        ">(Flash_fwd_params)"};
    return kNames[i % 4];
  }

  void copy_batch() {
    const int64_t bytes = job_.copy_bytes;
    const bool pageable = job_.pageable != 0;
    const int64_t host = now_;
    const int64_t begin = enqueue("cudaMemcpyAsync", &compute_free_, 0);
    const int64_t dur = vary(job_.copy) * (pageable ? 3 : 1);
    out_.event(
        trace::Kind::kMemcpy, kCompute,
        {begin, dur, 1, bytes, 0, 7, correlation_, 0, 1, pageable ? 1 : 2, 3, trace::kCopyAsync, 0, 0});
    compute_free_ = begin + dur;
    if (pageable) {
      now_ = std::max(host, compute_free_);
    }
  }

  void all_reduce(int64_t ready) {
    if (job_.comm == 0) {
      return;
    }
    const int64_t enqueued = now_;
    const int64_t begin = enqueue("cudaLaunchKernelExC", &comm_free_, ready);
    const int64_t dur = vary(job_.comm);
    out_.event(
        trace::Kind::kKernel, kComm,
        {begin, dur, out_.name("ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"),
         0, 13, correlation_, 0, 0, 1, 0});
    comm_free_ = begin + dur;
    if (job_.collectives != 0) {
      const bool joined = job_.collectives == 1;
      out_.event(
          trace::Kind::kCollective, kCommunicator,
          {joined ? begin : enqueued, joined ? dur : 20000, out_.name("AllReduce"), 1, step_, job_.comm_bytes,
           out_.name("bfloat16"), job_.world_size, job_.rank, -1, 6, job_.comm_bytes / 2, out_.name("RING"),
           out_.name("LL"), 8, enqueued, joined ? correlation_ : 0, joined ? 0 : trace::kCollectiveHostOnly});
    }
  }

  void model() {
    const int64_t forward = job_.kernels / 3;
    const int64_t backward = job_.kernels / 2;
    int64_t half = 0;
    if (job_.graph != 0 && step_ > 0) {
      const int64_t begin = enqueue("cudaGraphLaunch", &compute_free_, 0);
      if (job_.graph == 2 && step_ > 3) {
        const int64_t nodes = forward + backward;
        const int64_t dur = vary(job_.kernel) * nodes + job_.node_gap * (nodes - 1);
        out_.event(trace::Kind::kGraphLaunch, kCompute,
                   {begin, dur, 77, 0, 7, correlation_, 1, forward + backward});
        compute_free_ = begin + dur;
      } else {
        compute_free_ = begin;
        for (int64_t i = 0; i < forward + backward; ++i) {
          const int64_t gap = i == 0 ? 0 : job_.node_gap;
          kernel(forward_kernel(i), compute_free_ + gap, vary(job_.kernel), 77);
        }
      }
      half = begin + (compute_free_ - begin) * 2 / 3;
    } else {
      const int64_t begin = now_;
      for (int64_t i = 0; i < forward; ++i) {
        launch_of_model(i);
        maybe_synchronise(i, forward + backward);
      }
      phase(trace::PhaseOp::kForward, begin);
      allocate_and_compile();
      const int64_t middle = now_;
      for (int64_t i = 0; i < backward; ++i) {
        launch_of_model(i);
        maybe_synchronise(forward + i, forward + backward);
        half = i == backward / 2 ? compute_free_ : half;
      }
      phase(trace::PhaseOp::kBackward, middle);
    }
    all_reduce(half);
  }

  // All but one of the step's synchronising calls, spread over its `launches`.
  void maybe_synchronise(int64_t launch_index, int64_t launches) {
    const int64_t more = job_.syncs - 1;
    if (more > 0 && (launch_index + 1) * more / launches > launch_index * more / launches) {
      synchronise();
    }
  }

  void synchronise() {
    const int64_t begin = now_;
    now_ = std::max({now_ + 2000, compute_free_ + 3000, comm_free_ + 3000});
    api("cudaStreamSynchronize", begin, now_, ++correlation_);
  }

  void one_step() {
    const int64_t wait = now_;
    now_ += vary(job_.data);
    out_.event(trace::Kind::kBatch, kThread,
               {wait, now_ - wait, 1, 0, step_, -1, 0, 0, now_, 0, 0, 0, 0, 32, 0});
    if (job_.gc_every > 0 && step_ % job_.gc_every == job_.gc_first) {
      now_ = std::max(now_, compute_free_);
      const int64_t dur = vary(job_.gc);
      out_.event(trace::Kind::kGc, kThread, {now_, dur, 2, 100, 0});
      now_ += dur;
    }
    copy_batch();
    model();
    compute_free_ = std::max(compute_free_, comm_free_);
    const int64_t begin = now_;
    for (int64_t i = 0; i < job_.kernels - job_.kernels / 3 - job_.kernels / 2; ++i) {
      launch(
          "void at::native::(anonymous namespace)::multi_tensor_apply_kernel<at::native::(anonymous "
          "namespace)::FusedOptimizerTensorListMetadata<4>, FusedAdamMathFunctor<float, 4> >(long)");
    }
    phase(trace::PhaseOp::kOptimizer, begin, "AdamW");
    if (job_.syncs > 0) {
      synchronise();
    }
    out_.event(trace::Kind::kStep, kThread, {now_, step_, 3, 0, 1});
  }

  void health() {
    const int64_t end = std::max(now_, compute_free_);
    const auto reading = [&](int64_t at, const std::string& name, double value) {
      out_.event(trace::Kind::kHealth, kDevice, {at, out_.name(name), std::bit_cast<int64_t>(value), 0});
    };
    for (int64_t i = 0; i <= 10; ++i) {
      const int64_t at = kBegin + (end - kBegin) * i / 10;
      reading(at, "gpu.sm_clock_mhz", static_cast<double>(job_.sm_clock));
      reading(at, "gpu.mem_clock_mhz", 2619);
      reading(at, "gpu.power_mw", static_cast<double>(job_.power_mw));
      reading(at, "gpu.temperature_c", 61);
      reading(at, "gpu.utilization_pct", 98);
      reading(at, "gpu.throttle.power_cap_ns",
              job_.power_cap != 0 ? static_cast<double>(at - kBegin) * 0.9 : 0.0);
      reading(at, "gpu.throttle.idle_ns", 0);
    }
  }

  GpuJob job_;
  uint32_t pid_;
  TextRecording out_;
  uint64_t random_;
  int64_t now_ = kBegin;
  int64_t step_ = 0;
  int64_t correlation_ = 0;
  int64_t compute_free_ = 0, comm_free_ = 0;
};

inline GpuJob parse_gpu_job(const std::string& text) {
  struct Key {
    const char* name;
    int64_t GpuJob::*number;
  };
  static constexpr Key kKeys[] = {{"steps", &GpuJob::steps},
                                  {"rank", &GpuJob::rank},
                                  {"world_size", &GpuJob::world_size},
                                  {"kernels", &GpuJob::kernels},
                                  {"kernel", &GpuJob::kernel},
                                  {"launch", &GpuJob::launch},
                                  {"data", &GpuJob::data},
                                  {"copy_bytes", &GpuJob::copy_bytes},
                                  {"copy", &GpuJob::copy},
                                  {"pageable", &GpuJob::pageable},
                                  {"comm", &GpuJob::comm},
                                  {"comm_bytes", &GpuJob::comm_bytes},
                                  {"syncs", &GpuJob::syncs},
                                  {"graph", &GpuJob::graph},
                                  {"node_gap", &GpuJob::node_gap},
                                  {"api", &GpuJob::api},
                                  {"collectives", &GpuJob::collectives},
                                  {"health", &GpuJob::health},
                                  {"sm_clock", &GpuJob::sm_clock},
                                  {"power_mw", &GpuJob::power_mw},
                                  {"power_cap", &GpuJob::power_cap},
                                  {"allocs", &GpuJob::allocs},
                                  {"alloc", &GpuJob::alloc},
                                  {"failed", &GpuJob::failed},
                                  {"compiles", &GpuJob::compiles},
                                  {"modules", &GpuJob::modules},
                                  {"compile", &GpuJob::compile},
                                  {"scalar_gemm", &GpuJob::scalar_gemm},
                                  {"math_attention", &GpuJob::math_attention},
                                  {"unfused", &GpuJob::unfused},
                                  {"socket", &GpuJob::socket},
                                  {"gc", &GpuJob::gc},
                                  {"gc_every", &GpuJob::gc_every},
                                  {"gc_first", &GpuJob::gc_first},
                                  {"jitter_permille", &GpuJob::jitter_permille},
                                  {"seed", &GpuJob::seed}};
  GpuJob job;
  for (const std::string& word : split_words(text)) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto* const key =
        std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& one) { return name == one.name; });
    if (key == std::end(kKeys) || equals == std::string::npos) {
      throw std::runtime_error("a GPU job has no '" + word + "'");
    }
    job.*key->number = parse_quantity(word.substr(equals + 1));
  }
  return job;
}

// Writes the job's recording into `dir` (made if needed).
inline void write_gpu_job(const std::string& dir, const std::string& text) {
  std::filesystem::create_directories(dir);
  GpuJobWriter(parse_gpu_job(text), dir).run();
}

}  // namespace stepscope::testing
