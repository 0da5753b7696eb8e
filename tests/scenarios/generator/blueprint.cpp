// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/blueprint.hpp"

#include <algorithm>
#include <string_view>

#include "tests/scenarios/generator/kernels.hpp"

namespace stepscope::scenarios {
namespace {

using Kind = Op::Kind;

constexpr int64_t kMicro = 1000;
constexpr int64_t kGroupOfAll = 1;  // a link between two stages is kGroupOfAll + 1 + its lower rank

class Programmer {
 public:
  Programmer(const Job& job, int64_t rank) : job_(job), rank_(rank) {}

  std::vector<Op> step() {
    batch();
    if (job_.micro_batches > 0) {
      pipeline();
    } else {
      data_parallel();
    }
    optimizer();
    add(Kind::kMark);
    loss_to_host();
    add(Kind::kCheckpointPoint);
    return std::move(program_);
  }

 private:
  // Noise is drawn for a section and an id: the same work has the same key wherever it stands in the program.
  void section(std::string_view name, int64_t index = 0, int64_t second = 0) {
    section_ =
        identity(identity(identity(name), static_cast<uint64_t>(index)), static_cast<uint64_t>(second));
  }

  Op& add(Kind kind, std::string_view id = {}) {
    Op& op = program_.emplace_back();
    op.kind = kind;
    op.thread = thread_;
    op.key = identity(section_, identity(id));
    return op;
  }

  void python(std::string_view id, int64_t ns) { add(Kind::kHost, id).host_ns = ns; }

  void open_phase(trace::PhaseOp phase, const char* name = "") {
    Op& op = add(Kind::kOpen);
    op.phase = phase;
    op.name = name;
  }
  void open_range(const char* name) {
    Op& op = add(Kind::kOpen);
    op.range = true;
    op.name = name;
  }
  void close() { add(Kind::kClose); }

  [[nodiscard]] double work_scale(std::string_view id) const {
    const bool of_parameters = id.starts_with("optimizer") || id.starts_with("tiny");
    const bool square = id.find("attention") != std::string_view::npos;
    return of_parameters ? 1 : job_.batch_scale * job_.length_scale * (square ? job_.length_scale : 1);
  }

  void kernel(const KernelSpec& spec, const char* prefix = "", bool node = false) {
    const std::string id = std::string(prefix) + spec.id;
    Op& op = add(node ? Kind::kNode : Kind::kLaunch, id);
    op.name = spec.name;
    op.host_ns = thread_ == Thread::kAutograd ? job_.launch_autograd : job_.launch_python;
    op.call_ns = job_.launch_call;
    double ns = spec.us * 1e3 * job_.kernel_scale * work_scale(id);
    for (const KernelChange& change : job_.kernels) {
      if (id.starts_with(change.kernel) && (change.rank < 0 || change.rank == rank_)) {
        ns *= change.factor;
        op.name = change.name.empty() ? op.name : change.name;
      }
    }
    op.gpu_ns = static_cast<int64_t>(ns);
  }

  void kernels(std::span<const KernelSpec> specs, const char* prefix = "") {
    for (const KernelSpec& spec : specs) {
      const bool activation = std::string_view(spec.id).starts_with("activation");
      if (activation && job_.fusion == Fusion::kFused) {
        if (std::string_view(spec.id) == "activation.bias") {
          kernel(fused_activation(), prefix, job_.graphs);
        }
        continue;
      }
      kernel(spec, prefix, job_.graphs);
    }
  }

  void wait(Stream waiting, Stream other) {
    Op& op = add(Kind::kWaitStream);
    op.stream = waiting;
    op.other = other;
  }

  void collective(const char* operation, const char* kernel_name, int64_t bytes, int64_t group,
                  int64_t group_ranks, int64_t peer, std::string_view id) {
    wait(Stream::kCommunication, Stream::kCompute);
    Op& op = add(Kind::kCollective, id);
    op.stream = Stream::kCommunication;
    op.name = kernel_name;
    op.collective = operation;
    op.bytes = bytes;
    op.group = group;
    op.group_ranks = group_ranks;
    op.peer = peer;
    op.computes = false;
    op.host_ns = 6 * kMicro;
    op.call_ns = 9 * kMicro;
    op.gpu_ns = 18 * kMicro + static_cast<int64_t>(static_cast<double>(bytes) / job_.wire_bytes_per_ns);
  }

  void reduce_gradients(int64_t bytes, int64_t index) {
    if (job_.ranks > 1) {
      section("bucket", index);
      collective("AllReduce", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
                 bytes, kGroupOfAll, job_.ranks, -1, "all_reduce");
    }
  }

  // Between this rank and one of its neighbours in the pipeline.
  void exchange(bool send, int64_t peer, std::string_view id) {
    constexpr int64_t kActivations = 4 * 1000 * 1000;
    collective(send ? "Send" : "Recv", "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)",
               kActivations, kGroupOfAll + 1 + std::min(rank_, peer), 2, peer, id);
  }

  void batch() {
    section("batch");
    add(Kind::kBatch, "batch");
    python("zero_grad", 120 * kMicro);
    for (const bool labels : {false, true}) {
      Op& op = add(Kind::kCopy, labels ? "labels" : "inputs");
      op.name = "cudaMemcpyAsync";
      op.bytes = labels ? 32768 : job_.copy_bytes;
      op.pageable = job_.pageable && !labels;
      const double rate = op.pageable ? job_.pageable_bytes_per_ns : job_.pinned_bytes_per_ns;
      op.gpu_ns = 2 * kMicro + static_cast<int64_t>(static_cast<double>(op.bytes) / rate);
      op.host_ns = 12 * kMicro;
      op.call_ns = 7 * kMicro;
      op.computes = false;
    }
  }

  void open_graph() {
    if (job_.graphs) {
      Op& op = add(Kind::kGraph, "graph");
      op.name = "cudaGraphLaunch";
      op.host_ns = 20 * kMicro;
      op.call_ns = 35 * kMicro;
    }
  }

  void forward_layers(int64_t micro) {
    const bool transformer = job_.model == Model::kTransformer;
    for (int64_t layer = 0; layer < job_.layers; ++layer) {
      section("forward", layer, micro);
      kernels(transformer ? transformer_forward() : resnet_forward());
      if (layer == job_.layers / 2 && micro == 0) {
        add(Kind::kGcPoint);
      }
    }
  }

  void backward_layers(int64_t micro) {
    constexpr int64_t kLayersPerBucket = 2;
    const bool transformer = job_.model == Model::kTransformer;
    for (int64_t layer = job_.layers - 1; layer >= 0; --layer) {
      section("backward", layer, micro);
      kernels(transformer ? transformer_backward() : resnet_backward());
      if (layer % kLayersPerBucket == 0 && job_.micro_batches == 0) {
        reduce_gradients(job_.gradient_bytes * kLayersPerBucket, layer);
      }
    }
  }

  void data_parallel() {
    const bool transformer = job_.model == Model::kTransformer;
    section("forward");
    python("module", 40 * kMicro);
    open_phase(trace::PhaseOp::kForward);
    open_graph();
    if (transformer) {
      kernels(transformer_head_forward());
    }
    forward_layers(0);
    close();
    section("loss");
    if (!job_.graphs) {
      open_range("loss");
    }
    kernels(transformer ? transformer_loss() : resnet_loss());
    if (!job_.graphs) {
      close();
    }
    section("backward");
    open_phase(trace::PhaseOp::kBackward);
    python("backward", 60 * kMicro);
    thread_ = Thread::kAutograd;
    if (transformer) {
      kernels(transformer_head_backward());
    }
    backward_layers(0);
    thread_ = Thread::kMain;
    close();
    teacher();
    if (job_.ranks > 1) {
      wait(Stream::kCompute, Stream::kCommunication);
    }
  }

  // A second model whose outputs the next step needs: it runs while the last gradients are reduced.
  void teacher() {
    if (job_.teacher_layers == 0) {
      return;
    }
    open_range("teacher");
    for (int64_t layer = 0; layer < job_.teacher_layers; ++layer) {
      section("teacher", layer);
      kernels(transformer_forward(), "teacher.");
    }
    close();
  }

  void pipeline() {
    const bool first = rank_ == 0;
    const bool last = rank_ == job_.ranks - 1;
    section("forward");
    python("module", 40 * kMicro);
    open_phase(trace::PhaseOp::kForward);
    for (int64_t micro = 0; micro < job_.micro_batches; ++micro) {
      section("exchange forward", micro);
      if (!first) {
        exchange(false, rank_ - 1, "receive");
        wait(Stream::kCompute, Stream::kCommunication);
      }
      forward_layers(micro);
      section("exchange forward", micro, 1);
      if (!last) {
        exchange(true, rank_ + 1, "send");
      }
    }
    close();
    section("backward");
    open_phase(trace::PhaseOp::kBackward);
    python("backward", 60 * kMicro);
    thread_ = Thread::kAutograd;
    for (int64_t micro = 0; micro < job_.micro_batches; ++micro) {
      section("exchange backward", micro);
      if (!last) {
        exchange(false, rank_ + 1, "receive");
        wait(Stream::kCompute, Stream::kCommunication);
      }
      backward_layers(micro);
      section("exchange backward", micro, 1);
      if (!first) {
        exchange(true, rank_ - 1, "send");
      }
    }
    thread_ = Thread::kMain;
    close();
    wait(Stream::kCompute, Stream::kCommunication);
  }

  void synchronize(const char* call, bool whole_device) {
    Op& op = add(Kind::kSynchronize, call);
    op.name = call;
    op.whole_device = whole_device;
    op.call_ns = 3 * kMicro;
  }

  void optimizer() {
    section("optimizer");
    if (job_.extra_synchronize) {
      synchronize("cudaDeviceSynchronize", true);
    }
    open_phase(trace::PhaseOp::kOptimizer, "AdamW");
    python("optimizer", job_.optimizer_python);
    for (int64_t i = 0; i < job_.tiny_kernels; ++i) {
      const std::span<const KernelSpec> specs = tiny_optimizer();
      section("tiny", i);
      kernel(specs[static_cast<size_t>(i) % specs.size()]);
    }
    section("optimizer");
    for (const KernelSpec& spec : job_.tiny_kernels > 0 ? std::span<const KernelSpec>() : fused_optimizer()) {
      kernel(spec);  // never part of the graph
    }
    close();
  }

  // loss.item() for the log.
  void loss_to_host() {
    section("log");
    Op& op = add(Kind::kCopy, "loss");
    op.name = "cudaMemcpyAsync";
    op.copy = trace::CopyKind::kDeviceToHost;
    op.bytes = 4;
    op.gpu_ns = 1400;
    op.host_ns = 10 * kMicro;
    op.call_ns = 6 * kMicro;
    op.computes = false;
    synchronize("cudaStreamSynchronize", false);
    python("log", 90 * kMicro);
  }

  const Job& job_;
  int64_t rank_;
  std::vector<Op> program_;
  Thread thread_ = Thread::kMain;
  uint64_t section_ = 0;
};

}  // namespace

std::vector<Op> step_program(const Job& job, int64_t rank) {
  return Programmer(job, rank).step();
}

}  // namespace stepscope::scenarios
