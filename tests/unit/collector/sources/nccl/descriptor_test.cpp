// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/descriptor.hpp"

#include <gtest/gtest.h>

#include "collector/sources/nccl/nccl_abi.hpp"
#include "tests/support/nccl_descriptors.hpp"

namespace stepscope::collector::nccl {
namespace {

using stepscope::testing::NcclDescriptor;

Descriptor read(NcclDescriptor raw) {
  return read_descriptor(raw.version(), raw.data());
}

class EveryVersion : public ::testing::TestWithParam<int> {};

TEST_P(EveryVersion, ACollective) {
  const int version = GetParam();
  void* const parent = reinterpret_cast<void*>(0x1234);
  const Descriptor event = read(testing::coll(version,
                                              {.seq = 77,
                                               .func = testing::kAllReduce,
                                               .count = 5000,
                                               .dtype = testing::kBfloat16,
                                               .channels = 24,
                                               .rank = 6},
                                              parent));
  EXPECT_EQ(event.type, kColl);
  EXPECT_EQ(event.parent, parent);
  EXPECT_EQ(event.rank, 6);
  EXPECT_EQ(event.seq, 77U);
  EXPECT_STREQ(event.func, "AllReduce");
  EXPECT_STREQ(event.dtype, "ncclBfloat16");
  EXPECT_EQ(event.count, 5000U);
  EXPECT_STREQ(event.algo, "RING");
  EXPECT_STREQ(event.proto, "SIMPLE");
  EXPECT_EQ(event.channels, 24U);
  EXPECT_EQ(event.peer, -1);
  EXPECT_EQ(event.has_comm, version <= 3);
  if (event.has_comm) {
    EXPECT_STREQ(event.comm_name, "world");
    EXPECT_EQ(event.comm_id, 0xABCU);
  }
}

TEST_P(EveryVersion, AMessage) {
  const int version = GetParam();
  const Descriptor event = read(testing::p2p(
      version,
      {.func = testing::kRecv, .count = 9, .dtype = testing::kFloat32, .peer = 5, .channels = 3, .rank = 2}));
  EXPECT_EQ(event.type, kP2p);
  EXPECT_STREQ(event.func, "Recv");
  EXPECT_STREQ(event.dtype, "ncclFloat32");
  EXPECT_EQ(event.count, 9U);
  EXPECT_EQ(event.peer, 5);
  EXPECT_EQ(event.rank, 2);
  EXPECT_EQ(event.seq, 0U);
  EXPECT_EQ(event.channels, version >= 4 ? 3U : 0U);
  EXPECT_EQ(event.has_comm, version <= 3);
}

TEST_P(EveryVersion, AnOperationOfTheProxySaysWhoseParentItHas) {
  EXPECT_EQ(read(testing::proxy_op(GetParam(), nullptr, 4711)).pid, 4711);
}

TEST_P(EveryVersion, ATypeNobodyKnowsIsOnlyAType) {
  const Descriptor event = read(NcclDescriptor(GetParam(), 0x80, nullptr));
  EXPECT_EQ(event.type, 0x80U);
  EXPECT_EQ(event.func, nullptr);
  EXPECT_EQ(event.count, 0U);
}

TEST_P(EveryVersion, TheGpusClockIsThereFromVersionFourOn) {
  const int version = GetParam();
  uint64_t arguments[2] = {123456, 0};
  const bool has_it = version >= 4;
  EXPECT_EQ(read(testing::kernel_ch(version, nullptr, 1, 99)).p_timer, has_it ? 99U : 0U);
  EXPECT_EQ(read_kernel_stop(version, kStateKernelChStop, arguments), has_it ? 123456U : 0U);
  EXPECT_EQ(read_kernel_stop(version, 21, arguments), 0U) << "another state has another argument";
  EXPECT_EQ(read_kernel_stop(version, kStateKernelChStop, nullptr), 0U);
}

TEST_P(EveryVersion, ParentsAreReplacedAndNothingElse) {
  const int version = GetParam();
  NcclDescriptor raw = testing::coll(version, {.seq = 3}, reinterpret_cast<void*>(0x10));
  NcclDescriptor before = raw;
  if (version >= 5) {
    raw.put(104, reinterpret_cast<void*>(0x20));
  }
  replace_parents(version, raw.data(), [](const void* old) {
    return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(old) + 1);
  });
  const auto* bytes = static_cast<const unsigned char*>(raw.data());
  uintptr_t replaced = 0;
  memcpy(&replaced, bytes + 8, sizeof(replaced));
  EXPECT_EQ(replaced, 0x11U);
  if (version >= 5) {
    memcpy(&replaced, bytes + 104, sizeof(replaced));
    EXPECT_EQ(replaced, 0x21U);
  }
  const auto* original = static_cast<const unsigned char*>(before.data());
  for (size_t i = 0; i < 160; ++i) {
    if ((i < 8 || i >= 16) && (version < 5 || i < 104 || i >= 112)) {
      ASSERT_EQ(bytes[i], original[i]) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nccl, EveryVersion, ::testing::Range(1, 7),
                         [](const auto& version) { return "v" + std::to_string(version.param); });

TEST(NcclDescriptor, ApiEventsSayWhetherTheyAreCaptured) {
  for (const int version : {5, 6}) {
    for (const bool captured : {false, true}) {
      EXPECT_EQ(read(testing::group_api(version, captured)).captured, captured);
      EXPECT_EQ(read(testing::coll_api(version, nullptr, captured)).captured, captured);
      EXPECT_EQ(read(testing::p2p_api(version, nullptr, captured)).captured, captured);
    }
  }
}

TEST(NcclDescriptor, ACollectiveOfTheCopyEngines) {
  const Descriptor event = read(testing::ce_coll(nullptr, 8));
  EXPECT_EQ(event.type, kCeColl);
  EXPECT_EQ(event.seq, 8U);
  EXPECT_STREQ(event.func, "AllGather");
  EXPECT_STREQ(event.algo, "CE");
  EXPECT_EQ(event.count, 100U);
}

TEST(NcclDescriptor, NumbersBeyondTheTablesOfVersionOneHaveNoName) {
  NcclDescriptor raw = testing::coll(1, {});
  raw.put(48, uint8_t{200}).put(84, uint8_t{200}).put(106, uint8_t{200}).put(107, uint8_t{200});
  const Descriptor event = read(raw);
  EXPECT_EQ(event.func, nullptr);
  EXPECT_EQ(event.dtype, nullptr);
  EXPECT_EQ(event.algo, nullptr);
  EXPECT_EQ(event.proto, nullptr);
}

TEST(NcclDescriptor, SizesOfTypesInEverySpelling) {
  EXPECT_EQ(dtype_size("ncclFloat32"), 4U);
  EXPECT_EQ(dtype_size("ncclBfloat16"), 2U);
  EXPECT_EQ(dtype_size("Float8e4m3"), 1U);
  EXPECT_EQ(dtype_size("ncclInt8"), 1U);
  EXPECT_EQ(dtype_size("double"), 8U);
  EXPECT_EQ(dtype_size("ncclFloat4"), 0U);
  EXPECT_EQ(dtype_size("a type with a very long name"), 0U);
  EXPECT_EQ(dtype_size(nullptr), 0U);
}

TEST(NcclDescriptor, SizesOfTheVersions) {
  const size_t sizes[] = {120, 128, 120, 104, 112, 112};
  for (int version = 1; version <= 6; ++version) {
    EXPECT_EQ(descriptor_size(version), sizes[version - 1]);
    EXPECT_LE(descriptor_size(version), kLargestDescriptor);
  }
}

}  // namespace
}  // namespace stepscope::collector::nccl
