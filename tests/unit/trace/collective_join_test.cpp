// SPDX-License-Identifier: Apache-2.0
#include "trace/collective_join.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/support/trace_builder.hpp"
#include "trace/recording.hpp"
#include "trace/sql.hpp"

namespace stepscope::trace {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// The kernels that `calls` have after the join, in the order of `calls`.
std::vector<uint64_t> joined(std::vector<CollectiveCall> calls, std::vector<CollectiveKernel> kernels) {
  std::vector<CollectiveCall*> pointers;
  for (CollectiveCall& call : calls) {
    pointers.push_back(&call);
  }
  join_collectives(pointers, kernels);
  std::vector<uint64_t> found;
  for (const CollectiveCall& call : calls) {
    found.push_back(call.kernel);
  }
  return found;
}

TEST(CollectiveJoin, ACommunicatorIsTiedToTheStreamThatRanItsOperationsInItsOrder) {
  EXPECT_THAT(joined({{5, 200, "all_gather", 0}, {5, 100, "all_reduce", 0}, {6, 150, "broadcast", 0}},
                     {{2, 900, "all_gather", 12}, {2, 300, "all_reduce", 11}, {3, 400, "broadcast", 13}}),
              ElementsAre(12, 11, 13));
}

TEST(CollectiveJoin, AnyDifferenceLeavesItWithoutKernels) {
  const std::vector<CollectiveCall> calls = {{5, 100, "all_reduce", 0}, {5, 200, "all_gather", 0}};
  EXPECT_THAT(joined(calls, {{2, 300, "all_reduce", 11}}), Each(0)) << "one was lost, or two became one";
  EXPECT_THAT(joined(calls, {{2, 300, "all_gather", 11}, {2, 400, "all_reduce", 12}}), Each(0));
  EXPECT_THAT(joined(calls, {{2, 300, "all_reduce", 11}, {2, 400, "all_gather", 12}, {2, 500, "reduce", 13}}),
              Each(0));
  EXPECT_THAT(joined(calls, {}), Each(0));
  EXPECT_THAT(joined({}, {{2, 300, "all_reduce", 11}}), ElementsAre());
}

TEST(CollectiveJoin, WhatLooksAlikeIsNotGuessed) {
  const std::vector<CollectiveCall> one = {{5, 100, "all_reduce", 0}};
  const std::vector<CollectiveCall> two = {{5, 100, "all_reduce", 0}, {6, 200, "all_reduce", 0}};
  EXPECT_THAT(joined(one, {{2, 300, "all_reduce", 11}, {3, 300, "all_reduce", 12}}), Each(0))
      << "two streams";
  EXPECT_THAT(joined(two, {{2, 300, "all_reduce", 11}}), Each(0)) << "two communicators";
  EXPECT_THAT(joined(two, {{2, 300, "all_reduce", 11}, {3, 300, "all_reduce", 12}}), Each(0));
}

// ---- in a recording ----

constexpr const char* kJob = R"(
  lane 2 stream "GPU 0 stream 7"
  lane 3 stream "GPU 0 stream 13"
  lane 4 communicator "dp rank 0/8"
  lane 5 communicator "tp rank 0/2"
  collective lane=4 start_ns=1ms dur_ns=10us op=AllReduce comm=1 bytes=100 ranks=8 flags=8 enqueue_ns=1ms
  collective lane=4 start_ns=4ms dur_ns=90us op=AllGather comm=1 bytes=100 ranks=8 enqueue_ns=2ms
  collective lane=4 start_ns=3ms dur_ns=10us op=AllReduce comm=1 flags=2          # captured: it runs with its graph
  collective lane=4 start_ns=4ms dur_ns=10us op=AllGather comm=1 flags=8 algo=CE  # the copy engines have no kernel
  collective lane=5 start_ns=5ms dur_ns=10us op=AllReduce comm=2 flags=8 kernel=77
  kernel lane=2 start_ns=1ms dur_ns=1ms name=gemm correlation=4
  kernel lane=3 start_ns=2ms dur_ns=1ms name=ncclDevKernel_AllReduce_Sum_f32_RING_LL(args) correlation=5
  kernel lane=3 start_ns=3ms dur_ns=1ms name=ncclDevKernel_AllReduce_Sum_f32_RING_LL(args) correlation=9 graph=3
  kernel lane=3 start_ns=4ms dur_ns=2ms name=ncclDevKernel_AllGather_RING_LL correlation=6
)";

std::vector<std::string> ask(const std::string& recording, const std::string& query) {
  std::vector<std::string> rows;
  SqlSink sink;
  sink.row = [&rows](std::span<const SqlValue> row) {
    std::string line;
    for (const SqlValue& value : row) {
      const auto* text = std::get_if<std::string_view>(&value);
      const auto* number = std::get_if<int64_t>(&value);
      line += (line.empty() ? "" : " ") + (text != nullptr     ? std::string(*text)
                                           : number != nullptr ? std::to_string(*number)
                                                               : "NULL");
    }
    rows.push_back(line);
    return true;
  };
  const std::vector<std::string> paths = {recording};
  const Status status = run_sql(paths, query, sink);
  EXPECT_TRUE(status.ok()) << status.message();
  return rows;
}

TEST(CollectiveJoin, TheRecordOfACollectiveNamesItsKernel) {
  const testing::TempDir directory;
  const std::string path = directory.file("a.stepscope");
  testing::write_recording(path, kJob);
  EXPECT_THAT(ask(path, "SELECT start_ns, op, kernel FROM collective ORDER BY lane, start_ns, flags"),
              ElementsAre("1000000 AllReduce 5", "3000000 AllReduce 0", "4000000 AllGather 6",
                          "4000000 AllGather 0", "5000000 AllReduce 77"));
  EXPECT_THAT(ask(path,
                  "SELECT c.op, k.dur_ns, k.name FROM collective c JOIN kernel k ON k.correlation = c.kernel "
                  "ORDER BY k.start_ns"),
              ElementsAre("AllReduce 1000000 ncclDevKernel_AllReduce_Sum_f32_RING_LL(args)",
                          "AllGather 2000000 ncclDevKernel_AllGather_RING_LL"));
  EXPECT_TRUE(Recording::open(path).value().verify().ok());
}

TEST(CollectiveJoin, GivesTheSameBytesEachTime) {
  const testing::TempDir directory;
  testing::write_recording(directory.file("a.stepscope"), kJob);
  testing::write_recording(directory.file("b.stepscope"), kJob);
  EXPECT_EQ(testing::read_bytes(directory.file("a.stepscope")),
            testing::read_bytes(directory.file("b.stepscope")));
}

}  // namespace
}  // namespace stepscope::trace
