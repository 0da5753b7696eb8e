// SPDX-License-Identifier: Apache-2.0
//
// NCCL's profiler plugin interface, versions 1 to 6, declared by ourselves: NCCL's headers are not needed to build, and
// one build serves every NCCL from 2.23 on. Layouts are those of x86-64 and aarch64; every offset is asserted.
//
// A descriptor is only ever read through the structures of the version that NCCL called. Members we never read are here
// where they keep another one in its place.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::nccl {

// ncclResult_t
inline constexpr int kSuccess = 0;
inline constexpr int kInternalError = 3;

inline constexpr int kOldestVersion = 1;
inline constexpr int kNewestVersion = 6;

// Types of events, and the bits of the event mask.
enum EventType : uint64_t {
  kGroup = 1,
  kColl = 2,
  kP2p = 4,
  kProxyOp = 8,
  kProxyStep = 16,
  kProxyCtrl = 32,
  kKernelCh = 64,    // v3
  kNetPlugin = 128,  // v3
  kGroupApi = 256,   // v5
  kCollApi = 512,
  kP2pApi = 1024,
  kKernelLaunch = 2048,
  kCeColl = 4096,  // v6: collectives run by the copy engines
  kCeSync = 8192,
  kCeBatch = 16384,
};

inline constexpr uint64_t kAllEvents = 2 * kCeBatch - 1;

// recordEventState: a channel of a kernel stopped, and Arguments::p_timer says when.
inline constexpr int kStateKernelChStop = 22;

// ---- the members of the descriptors' union, which begins at byte 24

struct CollV1 {
  const char* name;  // of the communicator
  uint64_t comm_hash;
  uint64_t seq;
  uint8_t func;
  const void* send;
  void* recv;
  size_t count;
  int32_t root;
  uint8_t dtype;
  uint32_t op;
  size_t traffic_bytes;
  uint8_t max_channels;
  uint8_t warps;
  uint8_t algo;
  uint8_t proto;
  int32_t is_collnet;
  int32_t is_nvls;
};

struct CollV2 {
  const char* name;
  uint64_t comm_hash;
  uint64_t seq;
  const char* func;
  const void* send;
  void* recv;
  size_t count;
  int32_t root;
  const char* dtype;
  size_t traffic_bytes;
  uint8_t max_channels;
  uint8_t warps;
  const char* algo;
  const char* proto;
};

struct CollV3 {
  const char* name;
  uint64_t comm_hash;
  uint64_t seq;
  const char* func;
  const void* send;
  void* recv;
  size_t count;
  int32_t root;
  const char* dtype;
  uint8_t max_channels;
  uint8_t warps;
  const char* algo;
  const char* proto;
};

struct CollV4 {
  uint64_t seq;
  const char* func;
  const void* send;
  void* recv;
  size_t count;
  int32_t root;
  const char* dtype;
  uint8_t channels;
  uint8_t warps;
  const char* algo;
  const char* proto;
};

struct CollV5 {
  CollV4 base;
  void* parent_group;
};

struct P2pV1 {
  const char* name;
  uint64_t comm_hash;
  uint8_t func;
  void* buffer;
  uint8_t dtype;
  size_t count;
  int32_t peer;
};

struct P2pV2 {
  const char* name;
  uint64_t comm_hash;
  const char* func;
  void* buffer;
  const char* dtype;
  size_t count;
  int32_t peer;
};

struct P2pV4 {
  const char* func;
  void* buffer;
  const char* dtype;
  size_t count;
  int32_t peer;
  uint8_t channels;
};

struct P2pV5 {
  P2pV4 base;
  void* parent_group;
};

struct ProxyOp {
  int32_t
      pid;  // of the process whose event the parent is: another one when a neighbour's proxy does the sending
  uint8_t channel;
  int32_t peer;
  int32_t steps;
  int32_t chunk_size;
  int32_t is_send;
};

struct KernelChV4 {
  uint8_t channel;
  uint64_t p_timer;  // the GPU's globaltimer, ns, when the channel started
};

struct GroupApi {
  uint8_t captured;  // a bool: inside the capture of a CUDA graph
  int32_t depth;
};

struct CollApi {
  const char* func;
  size_t count;
  const char* dtype;
  int32_t root;
  void* stream;
  uint8_t captured;
};

struct P2pApi {
  const char* func;
  size_t count;
  const char* dtype;
  void* stream;
  uint8_t captured;
};

struct CeColl {
  uint64_t seq;
  const char* func;
  const void* send;
  void* recv;
  size_t count;
  int32_t root;
  const char* dtype;
  const char* sync_strategy;
  uint8_t intra_batch_sync;
  uint32_t batch_size;
  uint32_t batches;
  uint32_t ce_seq;
  void* stream;
};

// ---- descriptors of startEvent

template <typename Type>
struct DescriptorHead {
  Type type;
  void* parent;
  int32_t rank;  // set for Coll and P2p only
};

struct DescriptorV1 {
  DescriptorHead<uint8_t> head;
  union {
    CollV1 coll;
    P2pV1 p2p;
    ProxyOp proxy_op;
  };
};

struct DescriptorV2 {
  DescriptorHead<uint8_t> head;
  union {
    CollV2 coll;
    P2pV2 p2p;
    ProxyOp proxy_op;
  };
};

struct DescriptorV3 {
  DescriptorHead<uint8_t> head;
  union {
    CollV3 coll;
    P2pV2 p2p;
    ProxyOp proxy_op;
  };
};

struct DescriptorV4 {
  DescriptorHead<uint8_t> head;
  union {
    CollV4 coll;
    P2pV4 p2p;
    ProxyOp proxy_op;
    KernelChV4 kernel_ch;
  };
};

struct DescriptorV5 {
  DescriptorHead<uint64_t> head;
  union {
    CollV5 coll;
    P2pV5 p2p;
    ProxyOp proxy_op;
    KernelChV4 kernel_ch;
    GroupApi group_api;
    CollApi coll_api;
    P2pApi p2p_api;
  };
};

struct DescriptorV6 {
  DescriptorHead<uint64_t> head;
  union {
    CollV5 coll;
    P2pV5 p2p;
    ProxyOp proxy_op;
    KernelChV4 kernel_ch;
    GroupApi group_api;
    CollApi coll_api;
    P2pApi p2p_api;
    CeColl ce_coll;
  };
};

// The size of a descriptor of `version`, for whoever has to copy one.
[[nodiscard]] constexpr size_t descriptor_size(int version) noexcept {
  constexpr size_t kSizes[] = {sizeof(DescriptorV1), sizeof(DescriptorV2), sizeof(DescriptorV3),
                               sizeof(DescriptorV4), sizeof(DescriptorV5), sizeof(DescriptorV6)};
  return kSizes[version - kOldestVersion];
}
inline constexpr size_t kLargestDescriptor = sizeof(DescriptorV2);

// The argument of recordEventState. 16 bytes in v1 to v3, where nothing in it is of use to us.
union ArgumentsV4 {
  uint64_t p_timer;
  void* data;
};

// ---- the exported tables

using LogFunction = void (*)(int level, unsigned long flags, const char* file, int line, const char* format,
                             ...);
using InitV1 = int (*)(void** context, int* mask);
using InitV4 = int (*)(void** context, int* mask, const char* name, uint64_t comm_id, int nodes, int ranks,
                       int rank, LogFunction log);
using InitV5 = int (*)(void** context, uint64_t comm_id, int* mask, const char* name, int nodes, int ranks,
                       int rank, LogFunction log);

template <typename Init>
struct Plugin {
  const char* name;
  Init init;
  int (*start_event)(void* context, void** handle, void* descriptor);
  int (*stop_event)(void* handle);
  int (*record_event_state)(void* handle, int state, void* arguments);
  int (*finalize)(void* context);
};
static_assert(sizeof(Plugin<InitV1>) == 48 && sizeof(Plugin<InitV4>) == 48 && sizeof(Plugin<InitV5>) == 48);
static_assert(offsetof(Plugin<InitV1>, init) == 8 && offsetof(Plugin<InitV1>, start_event) == 16 &&
              offsetof(Plugin<InitV1>, stop_event) == 24 &&
              offsetof(Plugin<InitV1>, record_event_state) == 32 && offsetof(Plugin<InitV1>, finalize) == 40);

// ---- every offset

#define STEPSCOPE_AT(TYPE, MEMBER, OFFSET) \
  static_assert(offsetof(TYPE, MEMBER) == (OFFSET), #TYPE "::" #MEMBER)

STEPSCOPE_AT(DescriptorV1, head.parent, 8);
STEPSCOPE_AT(DescriptorV1, head.rank, 16);
STEPSCOPE_AT(DescriptorV1, coll, 24);
STEPSCOPE_AT(DescriptorV1, coll.name, 24);
STEPSCOPE_AT(DescriptorV1, coll.comm_hash, 32);
STEPSCOPE_AT(DescriptorV1, coll.seq, 40);
STEPSCOPE_AT(DescriptorV1, coll.func, 48);
STEPSCOPE_AT(DescriptorV1, coll.send, 56);
STEPSCOPE_AT(DescriptorV1, coll.recv, 64);
STEPSCOPE_AT(DescriptorV1, coll.count, 72);
STEPSCOPE_AT(DescriptorV1, coll.root, 80);
STEPSCOPE_AT(DescriptorV1, coll.dtype, 84);
STEPSCOPE_AT(DescriptorV1, coll.op, 88);
STEPSCOPE_AT(DescriptorV1, coll.traffic_bytes, 96);
STEPSCOPE_AT(DescriptorV1, coll.max_channels, 104);
STEPSCOPE_AT(DescriptorV1, coll.warps, 105);
STEPSCOPE_AT(DescriptorV1, coll.algo, 106);
STEPSCOPE_AT(DescriptorV1, coll.proto, 107);
STEPSCOPE_AT(DescriptorV1, coll.is_collnet, 108);
STEPSCOPE_AT(DescriptorV1, coll.is_nvls, 112);
STEPSCOPE_AT(DescriptorV1, p2p.name, 24);
STEPSCOPE_AT(DescriptorV1, p2p.comm_hash, 32);
STEPSCOPE_AT(DescriptorV1, p2p.func, 40);
STEPSCOPE_AT(DescriptorV1, p2p.buffer, 48);
STEPSCOPE_AT(DescriptorV1, p2p.dtype, 56);
STEPSCOPE_AT(DescriptorV1, p2p.count, 64);
STEPSCOPE_AT(DescriptorV1, p2p.peer, 72);
STEPSCOPE_AT(DescriptorV1, proxy_op.pid, 24);
STEPSCOPE_AT(DescriptorV1, proxy_op.channel, 28);
STEPSCOPE_AT(DescriptorV1, proxy_op.peer, 32);
STEPSCOPE_AT(DescriptorV1, proxy_op.steps, 36);
STEPSCOPE_AT(DescriptorV1, proxy_op.chunk_size, 40);
STEPSCOPE_AT(DescriptorV1, proxy_op.is_send, 44);
static_assert(sizeof(DescriptorV1) == 120);

STEPSCOPE_AT(DescriptorV2, coll.seq, 40);
STEPSCOPE_AT(DescriptorV2, coll.func, 48);
STEPSCOPE_AT(DescriptorV2, coll.count, 72);
STEPSCOPE_AT(DescriptorV2, coll.root, 80);
STEPSCOPE_AT(DescriptorV2, coll.dtype, 88);
STEPSCOPE_AT(DescriptorV2, coll.traffic_bytes, 96);
STEPSCOPE_AT(DescriptorV2, coll.max_channels, 104);
STEPSCOPE_AT(DescriptorV2, coll.warps, 105);
STEPSCOPE_AT(DescriptorV2, coll.algo, 112);
STEPSCOPE_AT(DescriptorV2, coll.proto, 120);
STEPSCOPE_AT(DescriptorV2, p2p.func, 40);
STEPSCOPE_AT(DescriptorV2, p2p.dtype, 56);
STEPSCOPE_AT(DescriptorV2, p2p.count, 64);
STEPSCOPE_AT(DescriptorV2, p2p.peer, 72);
static_assert(sizeof(DescriptorV2) == 128);

STEPSCOPE_AT(DescriptorV3, coll.dtype, 88);
STEPSCOPE_AT(DescriptorV3, coll.max_channels, 96);
STEPSCOPE_AT(DescriptorV3, coll.warps, 97);
STEPSCOPE_AT(DescriptorV3, coll.algo, 104);
STEPSCOPE_AT(DescriptorV3, coll.proto, 112);
static_assert(sizeof(DescriptorV3) == 120);

STEPSCOPE_AT(DescriptorV4, coll.seq, 24);
STEPSCOPE_AT(DescriptorV4, coll.func, 32);
STEPSCOPE_AT(DescriptorV4, coll.send, 40);
STEPSCOPE_AT(DescriptorV4, coll.recv, 48);
STEPSCOPE_AT(DescriptorV4, coll.count, 56);
STEPSCOPE_AT(DescriptorV4, coll.root, 64);
STEPSCOPE_AT(DescriptorV4, coll.dtype, 72);
STEPSCOPE_AT(DescriptorV4, coll.channels, 80);
STEPSCOPE_AT(DescriptorV4, coll.warps, 81);
STEPSCOPE_AT(DescriptorV4, coll.algo, 88);
STEPSCOPE_AT(DescriptorV4, coll.proto, 96);
STEPSCOPE_AT(DescriptorV4, p2p.func, 24);
STEPSCOPE_AT(DescriptorV4, p2p.buffer, 32);
STEPSCOPE_AT(DescriptorV4, p2p.dtype, 40);
STEPSCOPE_AT(DescriptorV4, p2p.count, 48);
STEPSCOPE_AT(DescriptorV4, p2p.peer, 56);
STEPSCOPE_AT(DescriptorV4, p2p.channels, 60);
STEPSCOPE_AT(DescriptorV4, kernel_ch.channel, 24);
STEPSCOPE_AT(DescriptorV4, kernel_ch.p_timer, 32);
static_assert(sizeof(DescriptorV4) == 104);

STEPSCOPE_AT(DescriptorV5, head.parent, 8);
STEPSCOPE_AT(DescriptorV5, head.rank, 16);
STEPSCOPE_AT(DescriptorV5, coll.parent_group, 104);
STEPSCOPE_AT(DescriptorV5, p2p.parent_group, 64);
STEPSCOPE_AT(DescriptorV5, group_api.captured, 24);
STEPSCOPE_AT(DescriptorV5, group_api.depth, 28);
STEPSCOPE_AT(DescriptorV5, coll_api.func, 24);
STEPSCOPE_AT(DescriptorV5, coll_api.count, 32);
STEPSCOPE_AT(DescriptorV5, coll_api.dtype, 40);
STEPSCOPE_AT(DescriptorV5, coll_api.root, 48);
STEPSCOPE_AT(DescriptorV5, coll_api.stream, 56);
STEPSCOPE_AT(DescriptorV5, coll_api.captured, 64);
STEPSCOPE_AT(DescriptorV5, p2p_api.func, 24);
STEPSCOPE_AT(DescriptorV5, p2p_api.count, 32);
STEPSCOPE_AT(DescriptorV5, p2p_api.dtype, 40);
STEPSCOPE_AT(DescriptorV5, p2p_api.stream, 48);
STEPSCOPE_AT(DescriptorV5, p2p_api.captured, 56);
static_assert(sizeof(DescriptorV5) == 112);

STEPSCOPE_AT(DescriptorV6, ce_coll.seq, 24);
STEPSCOPE_AT(DescriptorV6, ce_coll.func, 32);
STEPSCOPE_AT(DescriptorV6, ce_coll.send, 40);
STEPSCOPE_AT(DescriptorV6, ce_coll.recv, 48);
STEPSCOPE_AT(DescriptorV6, ce_coll.count, 56);
STEPSCOPE_AT(DescriptorV6, ce_coll.root, 64);
STEPSCOPE_AT(DescriptorV6, ce_coll.dtype, 72);
STEPSCOPE_AT(DescriptorV6, ce_coll.sync_strategy, 80);
STEPSCOPE_AT(DescriptorV6, ce_coll.intra_batch_sync, 88);
STEPSCOPE_AT(DescriptorV6, ce_coll.batch_size, 92);
STEPSCOPE_AT(DescriptorV6, ce_coll.batches, 96);
STEPSCOPE_AT(DescriptorV6, ce_coll.ce_seq, 100);
STEPSCOPE_AT(DescriptorV6, ce_coll.stream, 104);
static_assert(sizeof(DescriptorV6) == 112);

static_assert(sizeof(ArgumentsV4) == 8);
#undef STEPSCOPE_AT

}  // namespace stepscope::collector::nccl
