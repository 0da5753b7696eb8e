// SPDX-License-Identifier: Apache-2.0
//
// What the files of the libcuda stand-in share.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "tests/fakes/cuda/clock.hpp"
#include "tests/fakes/cuda/driver.hpp"

namespace fakecuda {

inline constexpr int kInvalidValue = 1;  // CUresult
inline constexpr int kNotInitialized = 3;

struct Stream {
  StreamInfo info;
  Context* context = nullptr;
  std::mutex lock;
  uint64_t free_at_ns = 0;
};

struct Context {
  ContextInfo info;
  Stream null_stream;
};

struct Graph {
  uint32_t id = 0;
};

struct GraphExec {
  uint32_t id = 0;
  Graph graph;
  Context* context = nullptr;
  std::vector<Work> nodes;
  uint64_t first_node = 0;
};

struct State {
  std::mutex lock;
  std::vector<Context*> contexts;
  std::vector<Stream*> streams;
  std::map<uint32_t, uint64_t> events;                            // by id: when the GPU reaches it
  std::map<uint64_t, std::pair<uint64_t, uint32_t>> allocations;  // by address: bytes, context
  uint32_t last_context = 0;
  uint32_t last_stream = 12;  // the real one starts where its internal streams end
  uint32_t last_graph = 0;
  uint64_t last_node = 100;
  uint64_t last_address = 0x7f0000000000;
  std::atomic<uint32_t> correlation{0};
  std::atomic<const ProfilerHooks*> hooks{nullptr};
};

// Never destroyed: threads may still call while the process ends.
State& state();
// False = CUDA is not initialised in this process (any more). Every entry point asks.
bool usable();

inline const ProfilerHooks* hooks() {
  return state().hooks.load(std::memory_order_acquire);
}

bool nested_calls_are_told();

// A CUDA call as the profiler sees it: enter and leave.
class Call {
 public:
  Call(Domain domain, uint32_t cbid, const char* name, Context* context, const char* kernel = nullptr,
       const void* params = nullptr)
      : hooks_(hooks()) {
    call_.domain = domain;
    call_.cbid = cbid;
    call_.name = name;
    call_.kernel = kernel;
    call_.params = params;
    call_.context = context;
    call_.context_id = context == nullptr ? 0 : context->info.id;
    call_.correlation_id = state().correlation.fetch_add(1, std::memory_order_relaxed) + 1;
    call_.start_ns = now_ns();
    if (hooks_ != nullptr) {
      hooks_->api_enter(&call_);
    }
  }
  ~Call() {
    call_.end_ns = now_ns();
    if (hooks_ != nullptr) {
      hooks_->api_exit(&call_);
    }
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] uint32_t correlation() const { return call_.correlation_id; }
  [[nodiscard]] uint64_t start() const { return call_.start_ns; }

 private:
  const ProfilerHooks* hooks_;
  ApiCall call_;
};

// The driver call inside a runtime call. The real CUPTI does not tell of those that the runtime makes by itself (of CUDA 12.1
// there is output that shows it); FAKE_CUDA_NESTED=1 is for a version that would.
class NestedCall {
 public:
  template <typename... Arguments>
  explicit NestedCall(Arguments... arguments) {
    if (nested_calls_are_told()) {
      call_.emplace(arguments...);
    }
  }

 private:
  std::optional<Call> call_;
};

// Gives work its place on a stream: after what is there, and not before the launch has travelled.
Execution place(Stream& stream, const Work& work, uint32_t correlation, uint64_t submitted_ns);

// The table's functions, by file. cuda_calls.cpp:
int submit(Stream* stream, const Work* work, Through through, Execution* done);
int synchronize_stream(Stream* stream);
int synchronize_context(Context* context);
int record_event(Stream* stream, uint32_t event_id);
int synchronize_event(Context* context, uint32_t event_id);
int wait_event(Stream* stream, uint32_t event_id);
int allocate(Context* context, uint64_t bytes, uint64_t* address);
int release(Context* context, uint64_t address);
int compile(Context* context, uint64_t duration_ns);
int peek();
int profiler_start();
int profiler_stop();
// cuda_objects.cpp:
Context* create_context(uint32_t device);
void destroy_context(Context* context);
Stream* create_stream(Context* context, uint32_t priority);
Stream* null_stream(Context* context);
GraphExec* instantiate(Context* context, const Work* nodes, size_t count);
int launch_graph(GraphExec* graph, Stream* stream, Through through, Execution* done);
void destroy_graph(GraphExec* graph);
size_t devices(DeviceInfo* out, size_t capacity);
size_t contexts(ContextInfo* out, size_t capacity);
size_t streams(StreamInfo* out, size_t capacity);
uint32_t device_count();

}  // namespace fakecuda
