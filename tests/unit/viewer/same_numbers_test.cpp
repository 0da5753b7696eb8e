// SPDX-License-Identifier: Apache-2.0
//
// What the window says and what the program prints cannot differ.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "viewer/app_state.hpp"
#include "viewer/loader.hpp"
#include "viewer/model/waterfall.hpp"

namespace stepscope::viewer {
namespace {

std::unique_ptr<AppState> state_of(const std::string& a, const std::string& b) {
  auto state = std::make_unique<AppState>(Options());
  Loader loader(a, b, [] {});
  while (!loader.finished()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  (void)loader.poll(*state);
  return state;
}

// What the window shows of two runs is what the program prints, to the nanosecond.
TEST(SameNumbers, WaterfallAndMoversAreThoseOfStepscopeDiff) {
  const stepscope::testing::TempDir dir;
  stepscope::testing::write_gpu_job(dir.file("a"), "steps=30 kernels=40");
  stepscope::testing::write_gpu_job(dir.file("b"), "steps=30 kernels=44 kernel=230us comm=9ms data=2ms");
  const auto state = state_of(dir.file("a"), dir.file("b"));
  const auto said = nlohmann::json::parse(
      stepscope::testing::stepscope({"diff", dir.file("a"), "--vs", dir.file("b"), "--json"}).out);
  std::map<std::string, int64_t> terms;
  for (const auto& term : said["terms"]) {
    terms[term["leaf"]] += term["delta_ns"].get<int64_t>();
  }
  const Waterfall fall = Waterfall::make(state->table, 1000);
  ASSERT_GE(fall.bars.size(), 4U);
  EXPECT_EQ(fall.bars.front().to_ns, said["base"]["mean_step_ns"].get<int64_t>());
  EXPECT_EQ(fall.bars.back().to_ns, said["candidate"]["mean_step_ns"].get<int64_t>());
  for (size_t i = 1; i + 1 < fall.bars.size(); ++i) {
    for (const size_t index : fall.bars[i].terms) {
      EXPECT_EQ(state->table.terms[index].delta_ns, terms.at(state->table.terms[index].name));
    }
    EXPECT_EQ(fall.bars[i].from_ns, i == 1 ? fall.bars[0].to_ns : fall.bars[i - 1].to_ns);
  }
  EXPECT_EQ(fall.bars[fall.bars.size() - 2].to_ns, fall.bars.back().to_ns);

  ASSERT_FALSE(state->movers.empty());
  const MoverTable& movers = state->movers.front();
  EXPECT_EQ(movers.delta_ns, said["delta_ns"].get<int64_t>());
  EXPECT_EQ(movers.residual_ns(), 0);
  size_t groups = 0;
  for (const auto& group : said["kernels"]["groups"]) {
    const auto mover = std::find_if(movers.movers.begin(), movers.movers.end(), [&](const Mover& one) {
      return one.label == group["label"] && one.delta_ns == group["delta_ns"].get<int64_t>();
    });
    ASSERT_NE(mover, movers.movers.end()) << group["label"];
    EXPECT_EQ(mover->tier, group["match_tier"]);
    EXPECT_EQ(mover->a_ns, group["base_ns"].get<int64_t>());
    EXPECT_EQ(mover->b_ns, group["candidate_ns"].get<int64_t>());
    ++groups;
  }
  EXPECT_GT(groups, 0U);
  // A kernel's row leads to its longest event.
  const auto kernel = std::find_if(movers.movers.begin(), movers.movers.end(),
                                   [](const Mover& one) { return !one.tier.empty() && one.delta_ns > 0; });
  ASSERT_NE(kernel, movers.movers.end());
  ASSERT_TRUE(kernel->place.has_value());
  EXPECT_EQ(state->run(Side::kB)->lanes[kernel->place->lane].role, LaneRole::kStream);
}

}  // namespace
}  // namespace stepscope::viewer
