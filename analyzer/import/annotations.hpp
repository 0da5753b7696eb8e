// SPDX-License-Identifier: Apache-2.0
//
// Annotations: what PyTorch's own annotations in a trace say about the training loop, in the form in which a recording of
// ours would say it.
//
//   ProfilerStep#N                                step boundaries, as the hook of torch.profiler's step() records them
//   enumerate(DataLoader)#...__next__             phase data_next: the thread is in a data iterator
//   Optimizer.step#SGD.step                       phase optimizer, named SGD
//   autograd::engine::evaluate_function: ...      phase backward of the thread that drives the steps: it waits in backward()
//                                                 without an event of its own while autograd's thread works
//
// Steps and backward phases are known at the end: write() adds them. Memory: a step, and a run of autograd functions with
// gaps below 1 ms, 24 B each. One thread. Internal to analyzer/import.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trace/kinds.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::analysis::importing {

class Annotations {
 public:
  explicit Annotations(trace::RecordingBuilder& builder) : builder_(builder) {}

  // A range of a host thread. True: it became something else than a range; its row is written, or will be.
  [[nodiscard]] bool take(std::string_view name, uint32_t lane, int64_t start_ns, int64_t dur_ns);
  // Rows that need the whole trace. `main_lane`: the lane of the thread that drives when no step says so, 0 = none.
  [[nodiscard]] trace::Status write(uint32_t main_lane);
  [[nodiscard]] uint64_t rows() const { return rows_; }  // written so far
  // What the builder said to the rows of take().
  [[nodiscard]] const trace::Status& status() const { return status_; }

 private:
  struct ProfilerStep {
    int64_t number = 0;
    uint32_t lane = 0;
    int64_t begin_ns = 0;
    int64_t end_ns = 0;
  };
  struct Span {
    uint32_t lane = 0;
    int64_t begin_ns = 0;
    int64_t end_ns = 0;
  };

  void phase(std::string_view name, int64_t op, uint32_t lane, int64_t start_ns, int64_t dur_ns);
  void add_backward(uint32_t lane, int64_t begin_ns, int64_t end_ns);
  [[nodiscard]] trace::Status write_steps(uint32_t lane);
  [[nodiscard]] trace::Status write_backwards(uint32_t lane);
  [[nodiscard]] uint32_t step_lane() const;

  template <size_t N>
  [[nodiscard]] trace::Status add(trace::Kind kind, uint32_t lane, const std::array<int64_t, N>& row);

  trace::RecordingBuilder& builder_;
  uint64_t rows_ = 0;
  trace::Status status_;
  std::vector<ProfilerStep> steps_;
  std::vector<Span> backwards_;
  std::unordered_map<uint32_t, size_t> last_backward_;  // by lane
};

}  // namespace stepscope::analysis::importing
