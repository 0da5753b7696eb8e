// SPDX-License-Identifier: Apache-2.0
//
// Descriptors as NCCL's profiler interface lays them out, written byte by byte from the table of offsets, and not from the
// collector's own declarations: a mistake there does not hide here. Bytes nobody sets are 0xEE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace stepscope::testing {

enum NcclType : uint64_t {
  kNcclGroup = 1,
  kNcclColl = 2,
  kNcclP2p = 4,
  kNcclProxyOp = 8,
  kNcclProxyStep = 16,
  kNcclKernelCh = 64,
  kNcclGroupApi = 256,
  kNcclCollApi = 512,
  kNcclP2pApi = 1024,
  kNcclCeColl = 4096,
};

class NcclDescriptor {
 public:
  NcclDescriptor(int version, uint64_t type, const void* parent) : version_(version) {
    std::memset(bytes_, 0xEE, sizeof(bytes_));
    if (version <= 4) {
      put(0, static_cast<uint8_t>(type));
    } else {
      put(0, type);
    }
    put(8, parent);
  }

  template <typename T>
  NcclDescriptor& put(size_t offset, T value) {
    std::memcpy(bytes_ + offset, &value, sizeof(value));
    return *this;
  }
  [[nodiscard]] void* data() { return bytes_; }
  [[nodiscard]] int version() const { return version_; }

 private:
  int version_;
  alignas(16) unsigned char bytes_[160];
};

// Functions and types by name and, for version 1, by number.
struct NcclName {
  const char* text;
  uint8_t number;
};
inline constexpr NcclName kAllReduce = {"AllReduce", 4};
inline constexpr NcclName kSend = {"Send", 6};
inline constexpr NcclName kRecv = {"Recv", 7};
inline constexpr NcclName kBfloat16 = {"ncclBfloat16", 9};
inline constexpr NcclName kFloat32 = {"ncclFloat32", 7};

struct NcclCollective {
  uint64_t seq = 0;
  NcclName func = kAllReduce;
  size_t count = 1024;
  NcclName dtype = kFloat32;
  uint8_t channels = 2;
  int32_t rank = 3;
  const char* comm = "world";  // versions 1 to 3
  uint64_t comm_hash = 0xABC;
};

inline NcclDescriptor coll(int version, const NcclCollective& call, const void* parent = nullptr) {
  NcclDescriptor out(version, kNcclColl, parent);
  out.put(16, call.rank);
  if (version <= 3) {
    out.put(24, call.comm).put(32, call.comm_hash).put(40, call.seq).put(72, call.count).put(80, int32_t{0});
  }
  const char* ring = "RING";
  const char* simple = "SIMPLE";
  switch (version) {
    case 1:
      out.put(48, call.func.number).put(84, call.dtype.number).put(104, call.channels);
      return out.put(106, uint8_t{1}).put(107, uint8_t{2});
    case 2:
      out.put(48, call.func.text).put(88, call.dtype.text).put(104, call.channels);
      return out.put(112, ring).put(120, simple);
    case 3:
      out.put(48, call.func.text).put(88, call.dtype.text).put(96, call.channels);
      return out.put(104, ring).put(112, simple);
    default:
      out.put(24, call.seq).put(32, call.func.text).put(56, call.count).put(72, call.dtype.text);
      return out.put(80, call.channels).put(88, ring).put(96, simple);
  }
}

struct NcclMessage {
  NcclName func = kSend;
  size_t count = 16;
  NcclName dtype = kBfloat16;
  int32_t peer = 1;
  uint8_t channels = 1;
  int32_t rank = 3;
};

inline NcclDescriptor p2p(int version, const NcclMessage& call, const void* parent = nullptr) {
  NcclDescriptor out(version, kNcclP2p, parent);
  out.put(16, call.rank);
  if (version >= 4) {
    out.put(24, call.func.text).put(40, call.dtype.text).put(48, call.count).put(56, call.peer);
    return out.put(60, call.channels);
  }
  out.put(24, "world").put(32, uint64_t{0xABC}).put(64, call.count).put(72, call.peer);
  if (version == 1) {
    return out.put(40, call.func.number).put(56, call.dtype.number);
  }
  return out.put(40, call.func.text).put(56, call.dtype.text);
}

inline NcclDescriptor proxy_op(int version, const void* parent, int32_t pid) {
  NcclDescriptor out(version, kNcclProxyOp, parent);
  return out.put(24, pid).put(28, uint8_t{0}).put(32, int32_t{1}).put(36, int32_t{8}).put(44, int32_t{1});
}

inline NcclDescriptor kernel_ch(int version, const void* parent, uint8_t channel, uint64_t p_timer) {
  NcclDescriptor out(version, kNcclKernelCh, parent);
  return out.put(24, channel).put(32, p_timer);
}

inline NcclDescriptor group_api(int version, bool captured) {
  NcclDescriptor out(version, kNcclGroupApi, nullptr);
  return out.put(24, captured).put(28, int32_t{1});
}

inline NcclDescriptor coll_api(int version, const void* parent, bool captured) {
  NcclDescriptor out(version, kNcclCollApi, parent);
  return out.put(24, "AllReduce").put(32, size_t{1024}).put(40, "ncclFloat32").put(64, captured);
}

inline NcclDescriptor p2p_api(int version, const void* parent, bool captured) {
  NcclDescriptor out(version, kNcclP2pApi, parent);
  return out.put(24, "Send").put(32, size_t{16}).put(40, "ncclBfloat16").put(56, captured);
}

inline NcclDescriptor ce_coll(const void* parent, uint64_t seq) {
  NcclDescriptor out(6, kNcclCeColl, parent);
  out.put(16, int32_t{3}).put(24, seq).put(32, "AllGather").put(56, size_t{100}).put(72, "ncclInt8");
  return out.put(80, "none").put(88, false).put(92, uint32_t{1}).put(96, uint32_t{1}).put(100, uint32_t{0});
}

}  // namespace stepscope::testing
