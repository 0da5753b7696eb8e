// SPDX-License-Identifier: Apache-2.0
//
// What the stand-ins for libcuda and libcupti and the jobs that use them agree on. It imitates the private table through
// which the real libcupti reaches into the real driver; none of it exists under these names in CUDA.
//
// A job calls Driver's functions to put work on a GPU that does not exist. The "GPU" runs the work of one stream in order,
// each piece as long as the job says, in the time of CLOCK_REALTIME (CUPTI's own clock on Linux). Nothing waits but sync.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fakecuda {

struct Context;    // CUcontext
struct Stream;     // CUstream
struct Graph;      // CUgraph
struct GraphExec;  // CUgraphExec

enum Domain : uint32_t { kDriverApi = 1, kRuntimeApi = 2 };

// Callback ids of the calls the jobs make (cupti_{driver,runtime}_cbid.h).
namespace cbid {
enum Driver : uint32_t {
  kCuInit = 1,
  kCuCtxSynchronize = 17,
  kCuEventRecord = 119,
  kCuEventSynchronize = 121,
  kCuStreamSynchronize = 126,
  kCuMemsetD8Async = 216,
  kCuMemAlloc = 243,
  kCuMemFree = 245,
  kCuMemcpyHtoDAsync = 277,
  kCuCtxGetCurrent = 304,
  kCuLaunchKernel = 307,
  kCuProfilerStart = 308,
  kCuProfilerStop = 309,
  kCuGraphLaunch = 514
};
enum Runtime : uint32_t {
  kCudaGetLastError = 10,
  kCudaMalloc = 20,
  kCudaFree = 22,
  kCudaMemcpyAsync = 41,
  kCudaMemsetAsync = 51,
  kCudaStreamSynchronize = 131,
  kCudaEventRecord = 135,
  kCudaEventSynchronize = 137,
  kCudaStreamWaitEvent = 147,
  kCudaMemcpyPeerAsync = 161,
  kCudaDeviceSynchronize = 165,
  kCudaProfilerStart = 171,
  kCudaProfilerStop = 172,
  kCudaLaunchKernel = 211,
  kCudaGraphLaunch = 311
};
}  // namespace cbid

enum class WorkType : uint32_t { kKernel, kMemcpy, kPeerCopy, kMemset };

// One piece of work as a job describes it. `name` must outlive the process's use of CUDA, as a loaded module's names do.
struct Work {
  WorkType type = WorkType::kKernel;
  uint64_t duration_ns = 1000;
  const char* name = nullptr;
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {32, 1, 1};
  uint32_t cluster[3] = {0, 0, 0};
  uint16_t registers = 32;
  uint32_t static_shared = 0;
  uint32_t dynamic_shared = 0;
  uint8_t copy_kind = 1;    // CUPTI's: 1 host to device, 2 device to host, 8 device to device, 10 peer
  uint8_t source_kind = 2;  // CUPTI's memory kinds: 1 pageable, 2 pinned, 3 device
  uint8_t target_kind = 3;
  uint64_t bytes = 0;
  uint32_t value = 0;        // of a memset
  uint32_t peer_device = 0;  // target of a peer copy
};

// What the GPU made of it. correlation_id: of the outermost CUDA call that submitted it.
struct Execution {
  Work work;
  uint32_t device = 0;
  uint32_t context = 0;
  uint32_t stream = 0;
  uint32_t correlation_id = 0;
  uint64_t queued_ns = 0;
  uint64_t submitted_ns = 0;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  uint32_t graph_id = 0;  // of the executable graph; 0 = not part of one
  uint64_t node_id = 0;
};

struct GraphLaunch {
  const Execution* nodes = nullptr;
  size_t count = 0;
  uint32_t graph_id = 0;
};

// cudaGraphLaunch and cuGraphLaunch have the same parameters.
struct GraphLaunchParams {
  GraphExec* graph_exec;
  Stream* stream;
};

// One call into the runtime or the driver, as it enters and leaves. `scratch` is the profiler's.
struct ApiCall {
  Domain domain = kDriverApi;
  uint32_t cbid = 0;
  const char* name = "";
  const char* kernel = nullptr;
  const void* params = nullptr;  // of a graph launch: GraphLaunchParams
  Context* context = nullptr;
  uint32_t context_id = 0;
  uint32_t correlation_id = 0;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  int result = 0;
  uint64_t scratch = 0;
  uint64_t tool_data = 0;
};

enum class SyncType : uint32_t { kEvent = 1, kStreamWaitEvent = 2, kStream = 3, kContext = 4 };  // CUPTI's

struct Sync {
  SyncType type = SyncType::kContext;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  uint32_t correlation_id = 0;
  uint32_t context = 0;
  uint32_t stream = 0;
  uint32_t event_id = 0;
};

struct EventRecord {
  uint32_t correlation_id = 0;
  uint32_t device = 0;
  uint32_t context = 0;
  uint32_t stream = 0;
  uint32_t event_id = 0;
  uint64_t device_ns = 0;
};

struct MemoryOperation {
  bool release = false;
  uint32_t correlation_id = 0;
  uint64_t address = 0;
  uint64_t bytes = 0;
  uint64_t timestamp_ns = 0;
  uint32_t device = 0;
  uint32_t context = 0;
  uint32_t stream = 0;
  bool is_async = false;
};

struct Compilation {
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  uint32_t device = 0;
  uint32_t correlation_id = 0;
  uint32_t operation = 3;  // CUPTI's: 1 cache load, 2 cache store, 3 compile
};

struct DeviceInfo {
  uint32_t id = 0;
  const char* name = "";
  uint8_t uuid[16] = {};
  uint64_t memory_bytes = 0;
  uint32_t multiprocessors = 0;
};

struct ContextInfo {
  Context* handle = nullptr;
  uint32_t id = 0;
  uint32_t device = 0;
  uint32_t null_stream = 0;
};

struct StreamInfo {
  Stream* handle = nullptr;
  uint32_t id = 0;
  uint32_t context = 0;
  uint32_t priority = 0;
  uint32_t flag = 1;  // CUPTI's: 1 default, 2 non-blocking, 3 the null stream
};

// Resource callbacks (CUPTI_CBID_RESOURCE_*).
enum class Resource : uint32_t {
  kContextCreated = 1,
  kContextDestroyed = 2,
  kStreamCreated = 3,
  kInitFinished = 5,
  kModuleLoaded = 6,
  kGraphNodeCreated = 13,
  kGraphExecCreated = 18,
  kGraphExecDestroyed = 19
};

struct ResourceEvent {
  Resource what = Resource::kInitFinished;
  ContextInfo context;
  StreamInfo stream;
  Graph* graph = nullptr;
  GraphExec* graph_exec = nullptr;
  uint32_t node_type = 0;  // CUgraphNodeType: 0 kernel, 1 memcpy, 2 memset
};

// What libcupti hears of the driver. Called on the thread that made the CUDA call, under no lock of the driver.
struct ProfilerHooks {
  void (*api_enter)(ApiCall*);
  void (*api_exit)(ApiCall*);
  void (*execution)(const Execution*);
  void (*graph_launch)(const GraphLaunch*);
  void (*sync)(const Sync*);
  void (*event_record)(const EventRecord*);
  void (*memory)(const MemoryOperation*);
  void (*compilation)(const Compilation*);
  void (*resource)(const ResourceEvent*);
};

enum class Through : uint32_t { kRuntime, kDriver };  // a runtime call contains a driver call

// The table of the libcuda stand-in. Int results are CUresults: 0 success, 3 not initialised (also: in a forked child).
struct Driver {
  // The job's side. Thread-safe. `done` may be null.
  Context* (*create_context)(uint32_t device);
  void (*destroy_context)(Context*);
  Stream* (*create_stream)(Context*, uint32_t priority);
  Stream* (*null_stream)(Context*);
  int (*submit)(Stream*, const Work*, Through, Execution* done);
  int (*synchronize_stream)(Stream*);
  int (*synchronize_context)(Context*);  // cudaDeviceSynchronize
  int (*record_event)(Stream*, uint32_t event_id);
  int (*synchronize_event)(Context*, uint32_t event_id);
  int (*wait_event)(Stream*, uint32_t event_id);
  int (*allocate)(Context*, uint64_t bytes, uint64_t* address);
  int (*release)(Context*, uint64_t address);
  int (*compile)(Context*, uint64_t duration_ns);
  GraphExec* (*instantiate)(Context*, const Work* nodes, size_t count);
  int (*launch_graph)(GraphExec*, Stream*, Through, Execution* done /* one per node, or null */);
  void (*destroy_graph)(GraphExec*);
  int (*profiler_start)();  // cudaProfilerStart
  int (*profiler_stop)();
  int (*peek)();  // a call of no interest, as cudaGetLastError
  // The profiler's side.
  void (*attach)(const ProfilerHooks*);  // null detaches
  bool (*initialized)();
  bool (*torn_down)();  // the driver's own exit handler has run
  size_t (*devices)(DeviceInfo* out, size_t capacity);
  size_t (*contexts)(ContextInfo* out, size_t capacity);
  size_t (*streams)(StreamInfo* out, size_t capacity);
  uint32_t (*context_id)(const Context*);
  uint32_t (*context_device)(const Context*);
  uint32_t (*stream_id)(const Stream*);
  uint32_t (*graph_id)(const Graph*);
  uint32_t (*graph_exec_id)(const GraphExec*);
};

using GetDriver = const Driver* (*)();
inline constexpr char kGetDriverSymbol[] = "fake_cuda_driver";

}  // namespace fakecuda
