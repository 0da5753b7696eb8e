// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/scenario.hpp"

namespace stepscope::scenarios {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr const char* kAttention = "attention";

Job transformer() {
  Job job;
  job.loader.sequence_length = 2048;
  return job;
}

Job resnet() {
  Job job;
  job.model = Model::kResnet;
  job.layers = 24;
  job.ranks = job.ranks_per_host = 1;
  job.copy_bytes = 38'535'168;  // 64 images of 224 x 224
  job.loader.batch_size = 64;
  return job;
}

Job two_hosts() {
  Job job = transformer();
  job.ranks = 4;
  return job;
}

// Small, since there are many.
Job eight_ranks() {
  Job job;
  job.ranks = 8;
  job.ranks_per_host = 4;
  job.layers = 4;
  return job;
}

// All gradients wait for the wire, and a second model runs meanwhile.
Job bound_by_network() {
  Job job;
  job.wire_bytes_per_ns = 12;
  job.teacher_layers = 2;
  return job;
}

// Kernels so short that the host cannot keep up without a graph.
Job small_graphs() {
  Job job;
  job.ranks = job.ranks_per_host = 1;
  job.kernel_scale = 0.05;
  job.layers = 10;
  job.graphs = true;
  return job;
}

Job pipeline() {
  Job job;
  job.ranks = job.ranks_per_host = 4;
  job.layers = 2;
  job.micro_batches = 4;
  job.kernel_scale = 0.5;
  return job;
}

Job with_steps(Job job, int64_t steps) {
  job.steps = steps;
  return job;
}

Job with_loader(Job job, int64_t workers, int64_t prefetch, int64_t sleep) {
  job.loader.workers = workers;
  job.loader.prefetch = prefetch;
  job.loader.sleep = sleep;
  return job;
}

Injection slower(const char* kernel, double factor, std::vector<std::string> names, int64_t rank = -1) {
  return {[=](Job& job) {
            job.kernels.push_back({kernel, factor, "", rank});
          },
          std::move(names), Measure::kStep, rank};
}

// Sequences are longer by `factor`, batches have as many as before.
Injection longer_sequences(double factor) {
  return {[=](Job& job) {
            const auto grown = [factor](int64_t value) {
              return static_cast<int64_t>(static_cast<double>(value) * factor);
            };
            job.length_scale *= factor;
            job.loader.sequence_length = grown(job.loader.sequence_length);
            job.loader.collate = grown(job.loader.collate);
            job.copy_bytes = grown(job.copy_bytes);
          },
          {"work"}};
}

// What a kernel costs however small the batch is leaves more than half of the time.
Injection half_batches() {
  return {[](Job& job) {
            job.batch_scale *= 0.55;
            job.loader.batch_size /= 2;
            job.loader.cpu /= 2;
            job.copy_bytes /= 2;
          },
          {"work"}};
}

std::vector<Scenario> make_table() {
  std::vector<Scenario> table;
  const auto add = [&table](const char* id, const char* name, const char* summary, Job base) -> Scenario& {
    Scenario& row = table.emplace_back();
    row.id = id;
    row.name = name;
    row.summary = summary;
    row.base = std::move(base);
    return row;
  };

  add("1", "same", "nothing: the job runs again", transformer()).expect = Expect::kNothing;

  add("2a", "loader_sleep", "the dataset sleeps 10 ms per batch, in the training thread",
      with_loader(resnet(), 0, 2, 0))
      .injections = {{[](Job& job) { job.loader.sleep = 10 * kMs; }, {"data.blocked"}}};

  Scenario& deep = add("2b", "loader_sleep_hidden",
                       "the dataset sleeps 10 ms per batch, in 4 workers with 4 batches ahead",
                       with_loader(resnet(), 4, 4, 0));
  deep.injections = {{[](Job& job) { job.loader.sleep = 10 * kMs; }, {"data.blocked"}}};
  deep.expect = Expect::kNothing;
  deep.hidden = {"data.blocked"};

  add("3", "slower_kernel", "attention kernels on the path take 1.5 times as long", transformer())
      .injections = {slower(kAttention, 1.5, {"compute/attention"})};

  Scenario& hidden =
      add("4", "slower_kernel_hidden",
          "attention kernels that run while gradients are reduced take twice as long", bound_by_network());
  hidden.injections = {slower("teacher.attention", 2, {"compute/attention"})};
  hidden.expect = Expect::kNothing;
  hidden.hidden = {"compute/attention"};

  Scenario& sync =
      add("5", "extra_synchronize", "cudaDeviceSynchronize before each optimizer step", transformer());
  sync.injections = {{[](Job& job) { job.extra_synchronize = true; }, {"idle.sync"}}};

  add("6", "pageable_copies", "the batch is copied from memory that is not pinned", resnet()).injections = {
      {[](Job& job) { job.pageable = true; }, {"copy.pageable"}}};

  Scenario& tiny = add("7", "tiny_kernels", "the optimizer is a loop of 2000 tiny kernels", transformer());
  tiny.injections = {{[](Job& job) { job.tiny_kernels = 2000; }, {"idle.launch"}, Measure::kGpuIdle}};
  tiny.consequences = {"compute/elementwise", "compute/optimizer", "comm.exposed/all_reduce"};

  Scenario& retuned = add("8", "retuned_kernel",
                          "matrix products of the MLP got another tile and take 20 % longer", transformer());
  retuned.injections = {{[](Job& job) {
                           job.kernels.push_back(
                               {"gemm.fc", 1.2,
                                "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize64x128x64_"
                                "warpgroupsize1x1x1_execute_segment_k_off_"
                                "kernel__5x_cublas"});
                         },
                         {"compute/gemm"}}};
  // The products of the backward pass got the layout of the forward pass too: that is another kernel in their place.
  retuned.groups = {"family retuned", "group replaced"};

  Scenario& fused =
      add("9a", "fused_kernels", "three element-wise kernels became one, which is faster", transformer());
  fused.injections = {
      {[](Job& job) { job.fusion = Fusion::kFused; }, {"compute/elementwise", "compute/triton/"}}};

  fused.groups = {"group fused"};

  Job one = transformer();
  one.fusion = Fusion::kFused;
  Scenario& split = add("9b", "split_kernel", "one fused kernel became three, which are slower", one);
  split.injections = {
      {[](Job& job) { job.fusion = Fusion::kSeparate; }, {"compute/elementwise", "compute/triton/"}}};

  split.groups = {"group split"};

  Scenario& graphs =
      add("10", "graphs_off", "forward and backward are no longer a CUDA graph", small_graphs());
  graphs.injections = {{[](Job& job) { job.graphs = false; }, {"idle.launch"}, Measure::kGpuIdle}};

  Scenario& late = add("11", "slow_rank", "matrix products of rank 3 take a third longer", two_hosts());
  late.injections = {slower("gemm", 1.33, {"compute/gemm"}, 3)};

  Scenario& high =
      add("11b", "slow_high_rank", "matrix products of rank 6 of 8 take twice as long", eight_ranks());
  high.injections = {slower("gemm", 2.0, {"compute/gemm"}, 6)};

  add("12", "slow_link", "transfers take twice as long", two_hosts()).injections = {
      {[](Job& job) { job.wire_bytes_per_ns /= 2; }, {"comm.exposed/all_reduce"}}};

  Scenario& clocks = add("13", "skewed_clocks",
                         "the wall clocks of the hosts are 50 ms apart and drift by 50 ppm", two_hosts());
  clocks.base.host_clock_offset = 50 * kMs;
  clocks.base.host_clock_drift = 50e-6;
  clocks.expect = Expect::kNothing;

  Scenario& stage = add("14", "slow_stage", "the last stage of a pipeline takes 20 % longer", pipeline());
  stage.injections = {slower("", 1.2, {"compute/"}, 3)};
  stage.consequences = {"comm.exposed/send_recv"};  // the busier stage hides more of them

  Scenario& pauses =
      add("15", "pauses", "Python's garbage collector pauses every 7th step for 45 ms; a checkpoint every 50",
          with_steps(transformer(), 76));
  pauses.injections = {{[](Job& job) {
                          job.gc_every = 7;
                          job.gc = 45 * kMs;
                          job.checkpoint_every = 50;
                          job.checkpoint = 400 * kMs;
                        },
                        {"idle.gc"}}};

  Scenario& hot = add("16", "thermal", "all that computes takes 8 % longer from step 60 of 150 on",
                      with_steps(transformer(), 150));
  hot.injections = {{[](Job& job) {
                       job.slow_clock_from = 60;
                       job.slow_clock = 1.08;
                     },
                     {"gpu.clock"}}};

  const std::pair<const char*, Damage> damages[] = {
      {"17a", Damage::kLostBuffers}, {"17b", Damage::kTruncated}, {"17c", Damage::kMissingRank}};
  const char* const names[][2] = {
      {"lost_buffers", "CUPTI gave up buffers: half of the GPU's records are missing"},
      {"truncated_file", "the end of a recording is missing"},
      {"missing_rank", "the recordings of a rank are missing"}};
  for (size_t i = 0; i < std::size(damages); ++i) {
    Scenario& row = add(damages[i].first, names[i][0], names[i][1], transformer());
    row.expect = Expect::kRefusal;
    row.damage = damages[i].second;
  }

  Job unmarked = transformer();
  unmarked.marks = false;
  add("18", "no_marks", "attention kernels take 1.5 times as long; nothing marks the steps", unmarked)
      .injections = {slower(kAttention, 1.5, {"compute/attention"})};

  Scenario& batch =
      add("19a", "batch_size", "batches are half as large; how many samples they have was not recorded",
          transformer());
  batch.base.loader.counted = false;
  batch.injections = {half_batches()};
  batch.expect = Expect::kRefusal;
  Scenario& world = add("19b", "world_size", "four ranks instead of two", transformer());
  world.injections = {{[](Job& job) { job.ranks = 4; }, {}}};
  world.expect = Expect::kRefusal;

  Scenario& both = add("20", "two_causes", "attention takes 6 ms more, the dataset sleeps 4 ms less",
                       with_loader(transformer(), 0, 2, 6 * kMs));
  both.injections = {slower(kAttention, 1.82, {"compute/attention"}),
                     {[](Job& job) { job.loader.sleep = 2 * kMs; }, {"data.blocked"}}};

  add("23a", "longer_sequences", "sequences are a quarter longer", transformer()).injections = {
      longer_sequences(1.25)};

  add("23b", "smaller_batches", "batches are half as large, and every kernel has fixed costs", transformer())
      .injections = {half_batches()};

  add("23c", "longer_and_slower",
      "sequences are a quarter longer, and matrix products take 15 % longer per token", transformer())
      .injections = {longer_sequences(1.25), slower("gemm", 1.15, {"compute/gemm"})};

  add("23d", "longer_and_slow_rank",
      "sequences are a quarter longer, and matrix products of rank 3 take a third longer per token",
      two_hosts())
      .injections = {longer_sequences(1.25), slower("gemm", 1.33, {"compute/gemm"}, 3)};
  return table;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> table = make_table();
  return table;
}

}  // namespace stepscope::scenarios
