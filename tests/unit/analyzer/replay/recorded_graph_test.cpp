// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/recorded_graph.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

// A kernel that was launched at 100 and whose stream was free at 250 ran from 260: launching takes 20, the gap is 5. By
// hand: it could start at max(100 + 20, 250 + 5) = 255, so 5 remain that follow it whatever it waits for.
struct OneKernel {
  RecordedGraph graph;
  Moment launch = graph.at(100), free = graph.at(250), begin = graph.at(260);
  uint32_t idle = graph.part(0, "idle.launch"), gap = graph.part(0, "gap");

  OneKernel() {
    graph.anchor(launch, 0);
    graph.anchor(free, 0);
    const std::vector<Cause> causes = {{launch, 20, idle, kNoSite}, {free, 5, gap, kNoSite}};
    graph.follow(begin, causes, true);
    EXPECT_TRUE(graph.seal().ok());
  }
  [[nodiscard]] int64_t begins(int64_t launch_ns, int64_t free_ns) const {
    std::vector<int64_t> weights = graph.graph().weights();
    weights[0] = launch_ns;
    weights[1] = free_ns;
    return graph.graph().replay(weights)[begin];
  }
};

TEST(RecordedGraph, ReplaysWhatWasRecorded) {
  EXPECT_EQ(OneKernel().begins(100, 250), 260);
}

TEST(RecordedGraph, AnEffectFollowsWhicheverCauseIsLast) {
  const OneKernel kernel;
  EXPECT_EQ(kernel.begins(100, 150), 160) << "the stream is still last: 150 + 5 + 5";
  EXPECT_EQ(kernel.begins(100, 50), 125) << "now the launch is: 100 + 20 + 5";
}

TEST(RecordedGraph, OnlyTheLastCauseIsWhatTimeWasSpentOn) {
  const OneKernel kernel;
  EXPECT_EQ(kernel.graph.parts()[kernel.gap].total_ns, 10) << "from 250 to 260";
  EXPECT_EQ(kernel.graph.parts()[kernel.idle].total_ns, 0);
}

// What contradicts the recording shows as an error of the replay instead of being explained away.
TEST(RecordedGraph, ACauseBehindItsEffectMakesTheReplayLate) {
  RecordedGraph graph;
  const Moment cause = graph.at(100);
  const Moment effect = graph.at(70);
  const Moment next = graph.at(90);
  graph.anchor(cause, 0);
  graph.follow(effect, std::vector<Cause>{{cause, 0, kFixedPart, kNoSite}}, true);
  graph.follow(next, std::vector<Cause>{{effect, 0, kFixedPart, kNoSite}}, true);
  ASSERT_TRUE(graph.seal().ok());
  const std::vector<int64_t> times = graph.graph().replay(graph.graph().weights());
  EXPECT_EQ(times[effect], 100);
  EXPECT_EQ(times[next], 120) << "30 late, like what it follows";
}

TEST(RecordedGraph, KnowsTheWaitsOfASite) {
  RecordedGraph graph;
  const Moment gpu = graph.at(500);
  const Moment call = graph.at(100);
  const Moment back = graph.at(506);
  const uint32_t site = graph.site("cudaDeviceSynchronize");
  graph.anchor(gpu, 0);
  graph.anchor(call, 0);
  graph.follow(back, std::vector<Cause>{{gpu, 0, kFixedPart, site}, {call, 0, kFixedPart, kNoSite}}, true);
  ASSERT_TRUE(graph.seal().ok());
  ASSERT_EQ(graph.sites().size(), 1U);
  EXPECT_EQ(graph.sites()[0].waits, 1U);
  std::vector<int64_t> weights = graph.graph().weights();
  weights[graph.sites()[0].edges[0]] = ReplayGraph::kAbsent;
  EXPECT_EQ(graph.graph().replay(weights)[back], 106) << "the call alone takes 6";
}

}  // namespace
}  // namespace stepscope::analysis
