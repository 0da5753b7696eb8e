// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline/baseline_store.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/analyzer/baseline/summaries.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Mode = BaselineStore::Mode;

constexpr char kKey[] = "0123456789abcdef";

std::vector<std::string> ids(const Result<std::vector<BaselineRun>>& runs) {
  EXPECT_TRUE(runs.ok()) << runs.status().message();
  std::vector<std::string> out;
  for (const BaselineRun& run : runs.ok() ? runs.value() : std::vector<BaselineRun>()) {
    out.push_back(run.summary.id + (run.state == BaselineState::kCurrent
                                        ? ""
                                        : " " + std::string(baseline_state_name(run.state))));
  }
  return out;
}

class Baselines : public ::testing::Test {
 protected:
  BaselineStore open(const std::string& file = "store.db", Mode mode = Mode::kAppend) {
    Result<BaselineStore> store = BaselineStore::open(dir_.file(file), mode);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return std::move(store).value();
  }
  static bool add(BaselineStore& store, const std::string& id, int64_t now, int64_t expires = 0,
                  const std::string& name = "main") {
    const Result<bool> added = store.add(name, summary_of(id, 1000), {"ci", now, expires});
    EXPECT_TRUE(added.ok()) << added.status().message();
    return added.ok() && added.value();
  }
  static std::vector<std::string> window(const BaselineStore& store, int64_t now, size_t n = 20) {
    return ids(store.window("main", kKey, n, now));
  }
  static std::string record_of(const BaselineStore& store, const std::string& id) {
    const std::vector<BaselineRun> runs = store.runs("main", 0).value();
    for (const BaselineRun& run : runs) {
      if (run.summary.id == id) {
        return run.id;
      }
    }
    return "";
  }
  testing::TempDir dir_;
};

TEST_F(Baselines, TheWindowHasTheLastRunsOldestFirst) {
  BaselineStore store = open();
  EXPECT_TRUE(add(store, "a", 10));
  EXPECT_TRUE(add(store, "b", 20));
  EXPECT_TRUE(add(store, "c", 30));
  EXPECT_FALSE(add(store, "b", 40)) << "the same run again";
  ASSERT_TRUE(store.add("main", summary_of("x", 5, "another machine"), {}).ok());
  EXPECT_THAT(window(store, 50), ElementsAre("a", "b", "c"));
  EXPECT_THAT(window(store, 50, 2), ElementsAre("b", "c"));
  EXPECT_THAT(ids(store.window("main", "unknown", 9, 50)), IsEmpty());
  EXPECT_EQ(store.window("main", kKey, 1, 50).value()[0].added_by, "ci");
  EXPECT_EQ(store.window("main", kKey, 1, 50).value()[0].summary.median_step_ns, 1000);
}

TEST_F(Baselines, AnAcceptanceBeginsANewLevel) {
  BaselineStore store = open();
  add(store, "old", 10);
  ASSERT_TRUE(store.add("main", summary_of("elsewhere", 5, "k2"), {"", 11, 0}).ok());
  const std::vector<RunSummary> slower{summary_of("s1", 1300), summary_of("s2", 1310)};
  ASSERT_TRUE(store.accept("main", slower, "larger model", {"eva", 20, 0}).ok());
  add(store, "later", 30);
  EXPECT_EQ(window(store, 50).size(), 3U);
  EXPECT_THAT(window(store, 50), ::testing::UnorderedElementsAre("s1", "s2", "later"));
  EXPECT_THAT(ids(store.runs("main", 50)), ::testing::Contains("old superseded"));
  EXPECT_THAT(ids(store.window("main", "k2", 9, 50)), ElementsAre("elsewhere"))
      << "another series stays as it is";
  const std::vector<BaselineDecision> decisions = store.decisions("main").value();
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].by, "eva");
  EXPECT_EQ(decisions[0].reason, "larger model");
  EXPECT_EQ(decisions[0].time_ns, 20);
  EXPECT_EQ(decisions[0].runs.size(), 2U);
}

TEST_F(Baselines, AnAcceptanceMayGoBackToAnEarlierRun) {
  BaselineStore store = open();
  add(store, "a", 10);
  ASSERT_TRUE(store.accept("main", std::vector{summary_of("b", 2000)}, "slower", {"", 20, 0}).ok());
  ASSERT_TRUE(store.accept("main", std::vector{summary_of("a", 1000)}, "reverted", {"", 30, 0}).ok());
  EXPECT_THAT(window(store, 50), ElementsAre("a"));
}

TEST_F(Baselines, ARecordIsNeverOlderThanADecision) {
  BaselineStore store = open();
  add(store, "ahead", 5000);  // of a machine whose clock is ahead
  ASSERT_TRUE(store.accept("main", std::vector{summary_of("b", 2000)}, "slower", {"", 100, 0}).ok());
  add(store, "c", 101);
  EXPECT_THAT(window(store, 9000), ElementsAre("b", "c"));
}

TEST_F(Baselines, RunsExpireByDateAndByDecision) {
  BaselineStore store = open();
  add(store, "short", 10, 100);
  add(store, "long", 20);
  add(store, "bad", 30);
  ASSERT_TRUE(store.expire("main", std::vector{record_of(store, "bad")}, "noisy node", {"eva", 40, 0}).ok());
  EXPECT_THAT(window(store, 99), ElementsAre("short", "long"));
  EXPECT_THAT(window(store, 100), ElementsAre("long"));
  EXPECT_THAT(ids(store.runs("main", 100)), ElementsAre("short expired", "long", "bad expired"));
  ASSERT_TRUE(store.accept("main", std::vector{summary_of("bad", 1)}, "it was fine", {"", 50, 0}).ok());
  EXPECT_THAT(window(store, 60), ElementsAre("bad"));
  const Status unknown = store.expire("main", std::vector<std::string>{"f00"}, "x", {});
  EXPECT_EQ(unknown.code(), Code::kUsage);
  EXPECT_THAT(unknown.message(), HasSubstr("has no run f00 under 'main'; "));
}

TEST_F(Baselines, PruneTakesOutWhatIsExpiredOrBeyondTheNewest) {
  BaselineStore store = open();
  add(store, "a", 10, 15);
  add(store, "b", 20);
  add(store, "c", 30);
  add(store, "z", 31, 0, "other");
  EXPECT_THAT(ids(store.prune("main", std::nullopt, {"", 50, 0})), ElementsAre("a expired"));
  EXPECT_THAT(ids(store.prunable(std::nullopt, 1, 50)), ElementsAre("b"));
  EXPECT_THAT(ids(store.prune(std::nullopt, 1, {"", 60, 0})), ElementsAre("b"));
  EXPECT_THAT(ids(store.prune(std::nullopt, 1, {"", 61, 0})), IsEmpty());
  EXPECT_THAT(ids(store.runs("main", 99)), ElementsAre("c"));
  EXPECT_THAT(ids(store.runs("other", 99)), ElementsAre("z"));
  EXPECT_EQ(store.decisions("main").value().size(), 2U) << "what was taken out stays written down";
  EXPECT_EQ(store.prune("nobody", std::nullopt, {}).status().code(), Code::kUsage);
}

TEST_F(Baselines, MergedStoresAgree) {
  BaselineStore one = open("one.db");
  BaselineStore two = open("two.db");
  add(one, "a", 10);
  add(one, "b", 30);
  add(two, "a", 11);
  add(two, "c", 20);
  ASSERT_TRUE(two.accept("main", std::vector{summary_of("d", 1)}, "new driver", {"", 25, 0}).ok());
  EXPECT_EQ(one.merge(two).value().added, 3U) << "c, d and the decision";
  EXPECT_EQ(one.merge(two).value().added, 0U);
  EXPECT_EQ(two.merge(one).value().added, 1U);
  EXPECT_THAT(window(one, 50), ElementsAre("d", "b"));
  EXPECT_EQ(window(one, 50), window(two, 50));
}

TEST_F(Baselines, SeriesAreSummedUp) {
  BaselineStore store = open();
  ASSERT_TRUE(store.add("main", summary_of("a", 100), {"", 1, 0}).ok());
  ASSERT_TRUE(store.add("main", summary_of("b", 300), {"", 2, 0}).ok());
  ASSERT_TRUE(store.add("main", summary_of("c", 900), {"", 3, 4}).ok());
  ASSERT_TRUE(store.record_noise_model(kKey, R"({"sd":1})", {"", 5, 0}).ok());
  ASSERT_TRUE(store.record_noise_model(kKey, R"({"sd":2})", {"", 6, 0}).ok());
  EXPECT_EQ(store.noise_model(kKey).value(), R"({"sd":2})");
  EXPECT_EQ(store.noise_model("other").value(), std::nullopt);
  const std::vector<BaselineSeries> series = store.series(50).value();
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].runs, 3U);
  EXPECT_EQ(series[0].current, 2U);
  EXPECT_EQ(series[0].expired, 1U);
  EXPECT_EQ(series[0].median_step_ns, 200);
  EXPECT_EQ(series[0].last_added_ns, 3);
  EXPECT_TRUE(series[0].noise_model);
  EXPECT_EQ(series[0].fingerprint.facts.at("gpu.model"), "H100");
}

TEST_F(Baselines, ARunTakesAtMost64KiBOfTheFile) {
  BaselineStore store = open();
  add(store, "first", 1);
  const auto before = std::filesystem::file_size(dir_.file("store.db"));
  constexpr int kRuns = 20;
  RunSummary large = summary_of("", 1000);
  for (int leaf = 0; leaf < 5000; ++leaf) {
    large.metrics["leaf/compute/family_" + std::to_string(leaf) + "_ns"] = leaf / 7.0;
  }
  for (int i = 0; i < kRuns; ++i) {
    large.id = std::to_string(i);
    ASSERT_TRUE(store.add("main", large, {"", 2 + i, 0}).ok());
  }
  EXPECT_LE((std::filesystem::file_size(dir_.file("store.db")) - before) / kRuns, 64U * 1024);
}

TEST_F(Baselines, RefusalsSayWhatToDo) {
  const Status missing = BaselineStore::open(dir_.file("none.db"), Mode::kRead).status();
  EXPECT_EQ(missing.code(), Code::kUsage);
  EXPECT_THAT(missing.message(),
              HasSubstr("none.db'; `stepscope baseline add NAME RUN --store FILE` makes one"));
  EXPECT_FALSE(std::filesystem::exists(dir_.file("none.db")));
  BaselineStore store = open();
  for (const char* name : {"", "-x", "a\nb"}) {
    EXPECT_EQ(store.add(name, summary_of("a", 1), {}).status().code(), Code::kUsage) << name;
  }
  EXPECT_EQ(store.runs("main", 0).status().code(), Code::kUsage);
  EXPECT_EQ(store.accept("main", std::vector{summary_of("a", 1)}, "", {}).code(), Code::kUsage);
  EXPECT_EQ(store.accept("main", std::vector{summary_of("a", 1), summary_of("b", 1, "k2")}, "why", {}).code(),
            Code::kNotComparable);
  EXPECT_THAT(ids(store.window("main", kKey, 9, 0)), IsEmpty()) << "nothing of a refused acceptance is there";
}

}  // namespace
}  // namespace stepscope::analysis
