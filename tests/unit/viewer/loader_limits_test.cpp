// SPDX-License-Identifier: Apache-2.0
//
// What the loader makes of runs of unusual shape.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/rank_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/loading.hpp"
#include "trace/recording_builder.hpp"
#include "viewer/model/track_layout.hpp"

namespace stepscope::viewer {
namespace {

using testing::load;

class LoaderLimitsTest : public ::testing::Test {
 protected:
  void begin() {
    std::filesystem::create_directories(dir.file("run"));
    auto created = trace::RecordingBuilder::create(dir.file("run") + "/main.stepscope");
    ASSERT_TRUE(created.ok());
    builder.emplace(std::move(created).value());
    builder->set_meta("process.role", "main");
  }
  void lane(uint32_t id) {
    trace::LaneDecl declared;
    declared.id = id;
    declared.type = "thread";
    declared.name = "thread " + std::to_string(id);
    builder->add_lane(declared);
  }
  void range(uint32_t lane, int64_t start, int64_t duration, int64_t name) {
    const int64_t values[] = {start, duration, name};
    ASSERT_TRUE(builder->add(trace::Kind::kRange, lane, values).ok());
  }
  stepscope::testing::TempDir dir;
  std::optional<trace::RecordingBuilder> builder;
};

TEST_F(LoaderLimitsTest, FourThousandLanesAreFourThousandTracks) {
  constexpr uint32_t kLanes = 4096;
  begin();
  const int64_t name = builder->intern("work");
  for (uint32_t id = 1; id <= kLanes; ++id) {
    lane(id);
    range(id, 1'000'000 * id, 500'000, name);
    range(id, 1'000'000 * id + 600'000, 100'000, name);
  }
  ASSERT_TRUE(builder->finish().ok());
  const auto state = load(dir.file("run"), "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  ASSERT_EQ(run->lanes.size(), kLanes);
  EXPECT_TRUE(std::all_of(run->lanes.begin(), run->lanes.end(), [](const LaneModel& one) {
    return one.rows.size() == 1 && one.rows[0].size() == 2;
  }));
  EXPECT_EQ(state->tracks.tracks.size(), kLanes);
}

TEST_F(LoaderLimitsTest, NamesOfTenKilobytesStayWhole) {
  constexpr size_t kBytes = 10'000;
  begin();
  lane(1);
  for (char letter = 'a'; letter < 'z'; ++letter) {
    range(1, 1'000'000 * letter, 500'000, builder->intern(std::string(kBytes, letter)));
  }
  ASSERT_TRUE(builder->finish().ok());
  const auto state = load(dir.file("run"), "");
  ASSERT_NE(state->run(Side::kA), nullptr);
  const auto& names = state->run(Side::kA)->names;
  EXPECT_EQ(std::count_if(names.begin(), names.end(),
                          [](const NameEntry& name) { return name.text.size() == kBytes; }),
            'z' - 'a');
  state->search_for("QQQQ");
  EXPECT_EQ(state->search[0].name_count(), 1U);
}

TEST_F(LoaderLimitsTest, AMissingRankLeavesTheOthersAndAReason) {
  stepscope::testing::RankJob job;
  job.ranks = 4;
  job.unrecorded = 1;
  stepscope::testing::write_rank_job(dir.file("run"), job);
  const auto state = load(dir.file("run"), "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->processes.size(), 3U);
  EXPECT_TRUE(state->load.errors.empty());
  EXPECT_FALSE(state->table.terms.empty());
  ASSERT_NE(state->ranks(Side::kA), nullptr);
  EXPECT_EQ(state->ranks(Side::kA)->ranks.size(), 3U);
  EXPECT_FALSE(state->ranks(Side::kA)->waits_known);
  EXPECT_NE(state->ranks(Side::kA)->remark, "");
}

// More events than a window of the decoder holds; ranges that last over many windows, and were recorded after what is in them.
TEST_F(LoaderLimitsTest, ALongLaneIsNestedAsIfItWereReadAtOnce) {
  constexpr int64_t kOuter = 3;
  constexpr int64_t kInner = 600'000;
  begin();
  lane(1);
  const int64_t inner = builder->intern("inner");
  const int64_t outer = builder->intern("outer");
  for (int64_t o = 0; o < kOuter; ++o) {
    const int64_t begin_ns = o * kInner / kOuter * 1000;
    for (int64_t i = 0; i < kInner / kOuter; ++i) {
      range(1, begin_ns + i * 1000, 900, inner);
    }
    range(1, begin_ns, kInner / kOuter * 1000, outer);
  }
  ASSERT_TRUE(builder->finish().ok());
  const auto state = load(dir.file("run"), "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  ASSERT_EQ(run->lanes.size(), 1U);
  EXPECT_EQ(run->lanes[0].events, static_cast<uint64_t>(kInner + kOuter));
  ASSERT_EQ(run->lanes[0].rows.size(), 2U);
  EXPECT_EQ(run->lanes[0].rows[0].size(), static_cast<size_t>(kOuter));
  const EventRow& row = run->lanes[0].rows[1];
  ASSERT_EQ(row.size(), static_cast<size_t>(kInner));
  EXPECT_EQ(row.busy_before(row.size()), kInner * 900);
  EXPECT_EQ(row.start(kInner - 1), (kInner - 1) * 1000);
  EXPECT_FALSE(row.mip().empty());
}

}  // namespace
}  // namespace stepscope::viewer
