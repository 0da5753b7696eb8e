// SPDX-License-Identifier: Apache-2.0
#include "analyzer/trend/history.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/trend/change_points.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/analyzer/baseline/summaries.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CsvHistories : public ::testing::Test {
 protected:
  Result<History> read(const std::string& text, const CsvHistoryOptions& options = {}) {
    testing::write_bytes(dir_.file("h.csv"), text);
    return history_of_csv(dir_.file("h.csv"), options);
  }
  void expect_refused(const std::string& text, Code code, const std::string& cause,
                      const CsvHistoryOptions& options = {}) {
    const Status status = read(text, options).status();
    EXPECT_EQ(status.code(), code) << text;
    EXPECT_THAT(status.message(), HasSubstr("h.csv"));
    EXPECT_THAT(status.message(), HasSubstr(cause));
  }
  testing::TempDir dir_;
};

TEST_F(CsvHistories, AreReadInTheirOrder) {
  const History history = read("time,commit,ms\n2,b,1.5\n1,\"a,\"\"x\"\"\",2\n3,c,\n").value();
  EXPECT_THAT(values_of(history), ElementsAre(1.5, 2));
  EXPECT_EQ(history.metric, "ms");
  EXPECT_EQ(history.left_out, 1U);
  EXPECT_EQ(name_of(history, 1), "a,\"x\"");
  EXPECT_THAT(values_of(read("# note\nwhen;n;m\r\nx;1;2\r\n", {"m", "when", ""}).value()), ElementsAre(2));
  EXPECT_EQ(name_of(read("v\n1\n").value(), 0), "run 1");
}

TEST_F(CsvHistories, OfSpreadsheetsBeginWithAMarkAndHaveBlanks) {
  const Result<History> history =
      read("\xef\xbb\xbftime, commit, step_ms\r\n1, c1, 10.5\r\n2, c2,\r\n3, c3, 11 \r\n");
  ASSERT_TRUE(history.ok()) << history.status().message();
  EXPECT_THAT(values_of(history.value()), ElementsAre(10.5, 11));
  EXPECT_EQ(history.value().points[1].commit, "c3");
  EXPECT_EQ(history.value().left_out, 1U);
}

TEST_F(CsvHistories, RefusalsNameWhatThereIs) {
  expect_refused("time,a,b\n1,2,3\n", Code::kUsage,
                 "has the columns time, a, b; say which one with --metric");
  expect_refused("time,a\n1,2\n", Code::kUsage, "has no column b; it has time, a", {"b", "", ""});
  expect_refused("time,a\n1,2\n2,x\n", Code::kUnreadable, "line 3: 'x' is no number; leave the cell empty");
  expect_refused("time,a\n1,nan\n", Code::kUnreadable, "'nan' is no number");
  expect_refused("", Code::kUnreadable, "no line that names columns; begin it with");
  EXPECT_EQ(history_of_csv(dir_.file("none"), {}).status().code(), Code::kUnreadable);
}

// The example of a published tool for the same job: its second metric falls by about a tenth at the seventh run.
TEST(PublishedHistories, HaveTheChangeThatIsSeenInThem) {
  const std::string file = std::string(STEPSCOPE_SHARED_DATA) + "/otava/sample.csv";
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << file << " is not here";
  }
  const History second = history_of_csv(file, {"metric2", "", ""}).value();
  const std::vector<ChangePoint> changes = find_change_points(values_of(second), {}).changes;
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(name_of(second, changes[0].index), "aaa6");
  const History first = history_of_csv(file, {"metric1", "", ""}).value();
  EXPECT_THAT(find_change_points(values_of(first), {}).changes, ::testing::IsEmpty());
}

TEST(StoreHistories, AreOneFingerprintsRunsByStart) {
  const testing::TempDir dir;
  BaselineStore store =
      std::move(BaselineStore::open(dir.file("s.db"), BaselineStore::Mode::kAppend)).value();
  RunSummary late = summary_of("late", 200);
  late.started_ns += 1'000'000'000'000;
  late.metrics["tokens_per_s"] = 7;
  ASSERT_TRUE(store.add("main", summary_of("other", 9, "ffff"), {"", 1, 0}).ok());
  ASSERT_TRUE(store.add("main", late, {"", 2, 0}).ok());
  ASSERT_TRUE(store.add("main", summary_of("early", 100), {"", 3, 0}).ok());
  ASSERT_TRUE(store.add("main", summary_of("gone", 100), {"", 4, 5}).ok());
  const History history = history_of_store(store, "main", {}, 50).value();
  EXPECT_THAT(values_of(history), ElementsAre(100, 200));
  EXPECT_EQ(history.points[0].time, "2023-11-14 22:13");
  EXPECT_EQ(name_of(history, 1), "clate");
  EXPECT_EQ(history.left_out, 1U);
  EXPECT_EQ(history.elsewhere, 1U);
  EXPECT_THAT(values_of(history_of_store(store, "main", {"", "ff"}, 50).value()), ElementsAre(9));
  EXPECT_THAT(values_of(history_of_store(store, "main", {"tokens_per_s", ""}, 50).value()), ElementsAre(7));
  EXPECT_THAT(history_of_store(store, "main", {"speed", ""}, 50).status().message(),
              HasSubstr("has a metric speed; there are leaf/data.fetch.cpu_ns, median_step_ns"));
  EXPECT_THAT(history_of_store(store, "main", {"", "0000"}, 50).status().message(),
              HasSubstr("has no fingerprint 0000; it has "));
  EXPECT_EQ(history_of_store(store, "nobody", {}, 50).status().code(), Code::kUsage);
  EXPECT_TRUE(larger_is_worse("median_step_ns"));
  EXPECT_FALSE(larger_is_worse("tokens_per_s"));
}

}  // namespace
}  // namespace stepscope::analysis
