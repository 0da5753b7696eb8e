// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/descriptor.hpp"

#include "collector/sources/nccl/nccl_abi.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::nccl {
namespace {

// v1 has numbers where later versions have texts: ncclFunc_t, ncclDataType_t and the tuner's algorithms and protocols.
constexpr const char* kFunctions[] = {"Broadcast", "Reduce",   "AllGather", "ReduceScatter",
                                      "AllReduce", "SendRecv", "Send",      "Recv"};
constexpr const char* kTypes[] = {"ncclInt8",    "ncclUint8",    "ncclInt32",      "ncclUint32",
                                  "ncclInt64",   "ncclUint64",   "ncclFloat16",    "ncclFloat32",
                                  "ncclFloat64", "ncclBfloat16", "ncclFloat8e4m3", "ncclFloat8e5m2"};
constexpr const char* kAlgorithms[] = {"TREE",      "RING", "COLLNET_DIRECT", "COLLNET_CHAIN", "NVLS",
                                       "NVLS_TREE", "PAT"};
constexpr const char* kProtocols[] = {"LL", "LL128", "SIMPLE"};

template <size_t N>
const char* name_of(const char* const (&names)[N], uint8_t number) noexcept {
  return number < N ? names[number] : nullptr;
}

struct TypeSize {
  const char* name;  // lower case
  size_t size;
};
constexpr TypeSize kSizes[] = {  // the most frequent first
    {"bfloat16", 2}, {"float32", 4}, {"float16", 2}, {"int8", 1},   {"uint8", 1},      {"int32", 4},
    {"int64", 8},    {"float64", 8}, {"uint32", 4},  {"uint64", 8}, {"float8e4m3", 1}, {"float8e5m2", 1},
    {"half", 2},     {"float", 4},   {"double", 8},  {"int", 4},    {"char", 1}};

// A descriptor is read where it lies: NCCL aligns it.
template <typename T>
const T& as(const void* raw) noexcept {
  return *static_cast<const T*>(raw);
}

template <typename Coll>
void read_comm(const Coll& from, Descriptor& to) noexcept {
  to.has_comm = true;
  to.comm_name = from.name;
  to.comm_id = from.comm_hash;
}

template <typename Coll>
void read_texts(const Coll& from, Descriptor& to) noexcept {
  to.func = from.func;
  to.dtype = from.dtype;
  to.algo = from.algo;
  to.proto = from.proto;
}

void read_coll(const CollV1& from, Descriptor& to) noexcept {
  read_comm(from, to);
  to.func = name_of(kFunctions, from.func);
  to.dtype = name_of(kTypes, from.dtype);
  to.algo = name_of(kAlgorithms, from.algo);
  to.proto = name_of(kProtocols, from.proto);
  to.channels = from.max_channels;
}
void read_coll(const CollV2& from, Descriptor& to) noexcept {
  read_comm(from, to);
  read_texts(from, to);
  to.channels = from.max_channels;
}
void read_coll(const CollV3& from, Descriptor& to) noexcept {
  read_comm(from, to);
  read_texts(from, to);
  to.channels = from.max_channels;
}
void read_coll(const CollV4& from, Descriptor& to) noexcept {
  read_texts(from, to);
  to.channels = from.channels;
}

void read_p2p(const P2pV1& from, Descriptor& to) noexcept {
  read_comm(from, to);
  to.func = name_of(kFunctions, from.func);
  to.dtype = name_of(kTypes, from.dtype);
}
void read_p2p(const P2pV2& from, Descriptor& to) noexcept {
  read_comm(from, to);
  to.func = from.func;
  to.dtype = from.dtype;
}
void read_p2p(const P2pV4& from, Descriptor& to) noexcept {
  to.func = from.func;
  to.dtype = from.dtype;
  to.channels = from.channels;
}

// The part of the union that v5 put in front of what it added.
template <typename T>
const T& base_of(const T& from) noexcept {
  return from;
}
const CollV4& base_of(const CollV5& from) noexcept {
  return from.base;
}
const P2pV4& base_of(const P2pV5& from) noexcept {
  return from.base;
}

// The types every version has.
template <typename D>
void read_common(const D& from, Descriptor& to) noexcept {
  to.type = from.head.type;
  to.parent = from.head.parent;
  switch (to.type) {
    case kColl:
      read_coll(base_of(from.coll), to);
      to.seq = base_of(from.coll).seq;
      to.count = base_of(from.coll).count;
      to.rank = from.head.rank;
      break;
    case kP2p:
      read_p2p(base_of(from.p2p), to);
      to.count = base_of(from.p2p).count;
      to.peer = base_of(from.p2p).peer;
      to.rank = from.head.rank;
      break;
    case kProxyOp:
      to.pid = from.proxy_op.pid;
      break;
    default:
      break;
  }
}

template <typename D>
void read_api(const D& from, Descriptor& to) noexcept {
  if (to.type == kGroupApi) {
    to.captured = from.group_api.captured != 0;
  } else if (to.type == kCollApi) {
    to.captured = from.coll_api.captured != 0;
  } else if (to.type == kP2pApi) {
    to.captured = from.p2p_api.captured != 0;
  }
}

void read_ce_coll(const CeColl& from, Descriptor& to) noexcept {
  to.func = from.func;
  to.dtype = from.dtype;
  to.algo = "CE";
  to.seq = from.seq;
  to.count = from.count;
}

template <typename D>
void replace_parents_of(D& raw, void* (*translate)(const void*)) noexcept {
  raw.head.parent = translate(raw.head.parent);
}

template <typename D>
void replace_groups_of(D& raw, void* (*translate)(const void*)) noexcept {
  if (raw.head.type == kColl) {
    raw.coll.parent_group = translate(raw.coll.parent_group);
  } else if (raw.head.type == kP2p) {
    raw.p2p.parent_group = translate(raw.p2p.parent_group);
  }
}

}  // namespace

Descriptor read_descriptor(int version, const void* raw) noexcept {
  Descriptor to;
  switch (version) {
    case 1:
      read_common(as<DescriptorV1>(raw), to);
      break;
    case 2:
      read_common(as<DescriptorV2>(raw), to);
      break;
    case 3:
      read_common(as<DescriptorV3>(raw), to);
      break;
    case 4:
      read_common(as<DescriptorV4>(raw), to);
      break;
    case 5:
      read_common(as<DescriptorV5>(raw), to);
      read_api(as<DescriptorV5>(raw), to);
      break;
    default:
      read_common(as<DescriptorV6>(raw), to);
      read_api(as<DescriptorV6>(raw), to);
      if (to.type == kCeColl) {
        read_ce_coll(as<DescriptorV6>(raw).ce_coll, to);
      }
      break;
  }
  if (to.type == kKernelCh && version >= 4) {
    // At the same place from v4 on.
    to.p_timer =
        version == 4 ? as<DescriptorV4>(raw).kernel_ch.p_timer : as<DescriptorV5>(raw).kernel_ch.p_timer;
  }
  return to;
}

uint64_t read_kernel_stop(int version, int state, const void* arguments) noexcept {
  if (version < 4 || state != kStateKernelChStop || arguments == nullptr) {
    return 0;
  }
  return as<ArgumentsV4>(arguments).p_timer;
}

void replace_parents(int version, void* raw, void* (*translate)(const void*)) noexcept {
  if (version < 5) {
    replace_parents_of(*static_cast<DescriptorV1*>(raw), translate);  // the head is the same in v1 to v4
    return;
  }
  // v6 differs from v5 only in members that hold no handle.
  replace_parents_of(*static_cast<DescriptorV5*>(raw), translate);
  replace_groups_of(*static_cast<DescriptorV5*>(raw), translate);
}

size_t dtype_size(const char* dtype) noexcept {
  if (dtype == nullptr) {
    return 0;
  }
  char name[16];
  size_t length = 0;
  for (const char* from = strncmp(dtype, "nccl", 4) == 0 ? dtype + 4 : dtype; *from != '\0'; ++from) {
    if (length == sizeof(name) - 1) {
      return 0;
    }
    name[length++] = to_lower(*from);
  }
  for (const TypeSize& type : kSizes) {
    if (TextView(name, length).equals(type.name)) {
      return type.size;
    }
  }
  return 0;
}

}  // namespace stepscope::collector::nccl
