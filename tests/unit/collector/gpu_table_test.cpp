// SPDX-License-Identifier: Apache-2.0
//
// Which GPUs the process has a context on.
#include "collector/gpu_table.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::collector {
namespace {

constexpr uint8_t kOne[kGpuUuidSize] = {0x8d, 0x2a, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xff};
constexpr uint8_t kTwo[kGpuUuidSize] = {0x01};

class GpuTable : public ::testing::Test {
 protected:
  GpuTable() { forget_gpus(); }  // what other tests of the program left
  ~GpuTable() override { forget_gpus(); }
};

TEST_F(GpuTable, AGpuIsThereOnceWithItsUuidInNvmlsForm) {
  EXPECT_EQ(known_gpus(), 0);
  EXPECT_TRUE(note_gpu(3, kOne));
  EXPECT_TRUE(note_gpu(3, kOne));
  EXPECT_TRUE(note_gpu(0, kTwo));
  ASSERT_EQ(known_gpus(), 2);
  EXPECT_EQ(known_gpu(0).ordinal, 3U);
  EXPECT_STREQ(known_gpu(0).uuid, "GPU-8d2a0001-0203-0405-0607-08090a0b0cff");
  EXPECT_EQ(known_gpu(1).ordinal, 0U);
}

TEST_F(GpuTable, AFullTableSaysSo) {
  for (uint32_t i = 0; i < kMaxGpus; ++i) {
    EXPECT_TRUE(note_gpu(i, kOne));
  }
  EXPECT_FALSE(note_gpu(kMaxGpus, kOne));
  EXPECT_EQ(known_gpus(), kMaxGpus);
}

TEST_F(GpuTable, ReadersSeeWholeEntriesWhileOthersAreAdded) {
  std::vector<std::thread> writers;
  for (uint32_t i = 0; i < 4; ++i) {
    writers.emplace_back([i] {
      const uint8_t uuid[kGpuUuidSize] = {static_cast<uint8_t>(0xa0 + i)};
      note_gpu(i, uuid);
    });
  }
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < known_gpus(); ++i) {
      const KnownGpu gpu = known_gpu(i);
      EXPECT_EQ(gpu.uuid[5], static_cast<char>('0' + gpu.ordinal));
    }
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  EXPECT_EQ(known_gpus(), 4);
}

}  // namespace
}  // namespace stepscope::collector
