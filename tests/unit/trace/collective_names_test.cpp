// SPDX-License-Identifier: Apache-2.0
#include "trace/collective_names.hpp"

#include <gtest/gtest.h>

namespace stepscope::trace {
namespace {

TEST(CollectiveNames, SpellCollectivesOneWay) {
  for (const char* text :
       {"AllReduce", "ncclAllReduce", "allreduce", "all_reduce", "ncclKernel_AllReduce_TREE_LL_Sum_f16"}) {
    EXPECT_EQ(collective_op(text), "all_reduce") << text;
  }
  EXPECT_EQ(collective_op("ReduceScatter"), "reduce_scatter");
  EXPECT_EQ(collective_op("Reduce"), "reduce");
  EXPECT_EQ(collective_op("Recv"), "send_recv");
  EXPECT_EQ(collective_op("AlltoAll"), "all_to_all");
  EXPECT_EQ(collective_op("ncclDevKernel_Generic"), "other");
  EXPECT_EQ(collective_op(""), "other");
}

TEST(CollectiveNames, TellCommunicationFromComputation) {
  EXPECT_TRUE(
      is_communication_kernel("_Z40ncclDevKernel_AllReduce_Sum_f32_RING_LL24ncclDevKernelArgsStorage"));
  EXPECT_TRUE(is_communication_kernel("void vllm::cross_device_reduce_1stage<half, 8>(vllm::RankData*)"));
  EXPECT_FALSE(is_communication_kernel("ampere_sgemm_128x64_nn"));
  EXPECT_FALSE(is_communication_kernel(""));
}

}  // namespace
}  // namespace stepscope::trace
