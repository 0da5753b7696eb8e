// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/replay_graph.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

// Two kernels on one stream; the host launches the second at 30. By hand: the first runs 10 .. 60, the second waits for it
// and runs 60 .. 80.
struct TwoKernels {
  ReplayGraph graph;
  Moment end = 0;
  uint32_t first = 0, launch = 0;

  TwoKernels() {
    const Moment begin_a = graph.add_moment();
    const Moment end_a = graph.add_moment();
    const Moment begin_b = graph.add_moment();
    end = graph.add_moment();
    graph.add_edge(begin_b, end, 20);  // edges may come in any order
    graph.add_edge(ReplayGraph::kOrigin, begin_a, 10);
    first = graph.add_edge(begin_a, end_a, 50);
    launch = graph.add_edge(ReplayGraph::kOrigin, begin_b, 30);
    graph.add_edge(end_a, begin_b, 0);
    EXPECT_TRUE(graph.seal().ok());
  }
};

TEST(ReplayGraph, AMomentComesWhenTheLastOfItsCausesAllows) {
  const TwoKernels job;
  EXPECT_EQ(job.graph.replay(job.graph.weights())[job.end], 80);
}

TEST(ReplayGraph, AFasterKernelHelpsUntilTheLaunchIsWhatIsWaitedFor) {
  const TwoKernels job;
  std::vector<int64_t> weights = job.graph.weights();
  weights[job.first] = 40;  // 10 less, and 10 are gained
  EXPECT_EQ(job.graph.replay(weights)[job.end], 70);
  weights[job.first] = 5;  // ready at 15, launched at 30
  EXPECT_EQ(job.graph.replay(weights)[job.end], 50);
}

TEST(ReplayGraph, AnAbsentEdgeIsNotWaitedFor) {
  const TwoKernels job;
  std::vector<int64_t> weights = job.graph.weights();
  weights[job.launch] = ReplayGraph::kAbsent;
  weights[job.first] = 0;
  EXPECT_EQ(job.graph.replay(weights)[job.end], 30) << "10 + 0 + 20";
}

// Ranks come to a collective at 100 and 140; the data takes 25, on the second 30: they leave at 165 and 170.
TEST(ReplayGraph, AMeetingBeginsWhenTheLastHasCome) {
  ReplayGraph graph;
  const Moment there = graph.add_moment();
  Moment begin[2];
  Moment end[2];
  uint32_t arrival[2];
  for (const int64_t rank : {0, 1}) {
    begin[rank] = graph.add_moment();
    end[rank] = graph.add_moment();
    arrival[rank] = graph.add_edge(ReplayGraph::kOrigin, begin[rank], 100 + 40 * rank);
    graph.add_edge(begin[rank], there, 0);
    graph.add_edge(there, end[rank], 25 + 5 * rank);
  }
  ASSERT_TRUE(graph.seal().ok());
  std::vector<int64_t> weights = graph.weights();
  EXPECT_EQ(graph.replay(weights)[end[0]], 165);
  EXPECT_EQ(graph.replay(weights)[end[1]], 170);
  weights[arrival[1]] = 60;
  EXPECT_EQ(graph.replay(weights)[end[0]], 125) << "now the first is the last: 100 + 25";
}

TEST(ReplayGraph, RefusesWhatWaitsForItself) {
  ReplayGraph graph;
  const Moment a = graph.add_moment();
  const Moment b = graph.add_moment();
  graph.add_edge(a, b, 1);
  graph.add_edge(b, a, 1);
  EXPECT_EQ(graph.seal().code(), trace::Code::kUnreadable);
}

}  // namespace
}  // namespace stepscope::analysis
