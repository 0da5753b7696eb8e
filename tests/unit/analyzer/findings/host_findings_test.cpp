// SPDX-License-Identifier: Apache-2.0
//
// Findings about data loading and the host: what they say with their evidence, and that they say nothing without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/findings/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kWellFed = "steps=80 fetch.cpu=18ms collate=2ms";

class FindingsTest : public FindingsFixture {
 protected:
  Analysis analyze_job(const std::string& name, const std::string& text) { return analyze(job(name, text)); }

  std::vector<Finding> findings(const std::string& base, const std::string& candidate) {
    return compare(analyze_job("a", base + " seed=5"), analyze_job("b", candidate + " seed=6"));
  }

  std::string first(const std::string& candidate, const std::string& base = kWellFed) {
    const std::vector<Finding> all = findings(base, candidate);
    return all.empty() ? "" : all[0].text;
  }
};

TEST_F(FindingsTest, SayWhatChangedInNumbers) {
  EXPECT_THAT(first("steps=80 fetch.cpu=38ms collate=2ms"),
              AllOf(HasSubstr("__getitem__"), HasSubstr("18.0 ms -> 38.0 ms")));
  EXPECT_THAT(first("steps=80 fetch.cpu=18ms collate=14ms"),
              AllOf(HasSubstr("collate"), HasSubstr("2.0 ms -> 14.0 ms")));
  EXPECT_THAT(first(std::string(kWellFed) + " fetch.io=20ms"),
              HasSubstr("blocked reading 0.0 ms -> 20.0 ms"));
  EXPECT_THAT(first(std::string(kWellFed) + " workers=1"), HasSubstr("num_workers 2 -> 1"));
  EXPECT_THAT(first(std::string(kWellFed) + " slow_worker=1 slow_worker.extra=20ms"),
              AllOf(HasSubstr("worker 1"), HasSubstr("ms more per batch"), HasSubstr("data.blocked")));
  EXPECT_THAT(first("steps=80 gc.every=1 gc=5ms", "steps=80"), HasSubstr("of generation 2), longest 5.0 ms"));
  EXPECT_THAT(first("steps=80 optimizer=6ms optimizer_class=LBFGS", "steps=80"), HasSubstr("AdamW -> LBFGS"));
}

TEST_F(FindingsTest, NameTheThreadThatDoesSomethingElse) {
  EXPECT_THAT(first("steps=80 other=15ms", "steps=80"),
              AllOf(HasSubstr("outside the model"), HasSubstr("ms/step")));
  const Analysis alone = analyze_job("alone", "steps=80 other=15ms");
  EXPECT_TRUE(find_in_run(alone.view()).empty()) << "one run does not say how much of it is too much";
}

TEST_F(FindingsTest, CiteTheHostsLimits) {
  EXPECT_THAT(first(std::string(kWellFed) + " fetch.starved=20ms affinity=1 throttled_permille=380"),
              AllOf(HasSubstr("throttled 38 % of the time"), HasSubstr("1 CPU for 2 workers")));
  EXPECT_THAT(first(std::string(kWellFed) + " fetch.starved=20ms throttled_permille=380 quota_permille=500"),
              AllOf(HasSubstr("throttled 38 % of the time"), HasSubstr("quota of 0.5 CPUs")));
}

TEST_F(FindingsTest, PointAtTheWorstStep) {
  const std::vector<Finding> all = findings(kWellFed, "steps=80 fetch.cpu=38ms collate=2ms");
  ASSERT_FALSE(all.empty());
  ASSERT_TRUE(all[0].where.has_value());
  EXPECT_EQ(all[0].where->process, 0U);
  EXPECT_GE(all[0].where->step, 0);
  EXPECT_LT(all[0].where->begin_ns, all[0].where->end_ns);
  EXPECT_GT(all[0].effect_ns, 9000000);
}

TEST_F(FindingsTest, AbstainWhenNothingChanged) {
  EXPECT_TRUE(findings(kWellFed, kWellFed).empty());
}

TEST_F(FindingsTest, AbstainFromACauseWithoutWorkerRecordings) {
  const std::vector<Finding> all = findings(kWellFed, "steps=80 fetch.cpu=38ms collate=2ms record_workers=0");
  for (const Finding& finding : all) {
    EXPECT_THAT(finding.text, ::testing::Not(HasSubstr("__getitem__")));
  }
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].id, leaf::kDataOther);
  EXPECT_EQ(all[0].confidence, Confidence::kLow);
}

// A loop as a profiler shows it: an iterator, and nothing about how batches are made.
TEST_F(FindingsTest, NameTheIteratorThatMakesBatchesInTheTrainingThread) {
  const auto loop = [this](const std::string& name, const std::string& iterator, int wait_ms) {
    std::string text = "step lane=1 start_ns=0 index=-1 source=1\n";
    for (int step = 0; step < 30; ++step) {
      const int begin = step * (60 + wait_ms);
      text += "phase lane=1 start_ns=" + std::to_string(begin) + "ms dur_ns=" + std::to_string(wait_ms) +
              "ms op=10 name=" + iterator + "\n";
      text +=
          "phase lane=1 start_ns=" + std::to_string(begin + wait_ms) + "ms dur_ns=30ms op=3 name=autograd\n";
      text += "step lane=1 start_ns=" + std::to_string(begin + 60 + wait_ms) +
              "ms index=" + std::to_string(step) + " source=1\n";
    }
    return analyze(process(name, text));
  };
  const std::string single = "_SingleProcessDataLoaderIter.__next__";
  const std::string workers = "_MultiProcessingDataLoaderIter.__next__";
  const Analysis fed = loop("fed", workers, 1);
  const Analysis alone = loop("alone", single, 50);
  const std::vector<Finding> gone = compare(fed, alone);
  ASSERT_FALSE(gone.empty());
  EXPECT_EQ(gone[0].id, leaf::kDataOther);
  EXPECT_EQ(gone[0].confidence, Confidence::kHigh);
  EXPECT_THAT(gone[0].text, AllOf(HasSubstr("no workers any more"), HasSubstr("+49.0 ms/step")));
  EXPECT_THAT(compare(alone, fed).at(0).text, HasSubstr("has workers now"));
  EXPECT_THAT(compare(fed, loop("slow", workers, 50)).at(0).text, HasSubstr("waits for its workers"));
  EXPECT_THAT(find_in_run(alone.view()).at(0).text, HasSubstr("makes the batches itself, without workers"));
  EXPECT_TRUE(compare(fed, loop("same", workers, 1)).empty());
  EXPECT_TRUE(compare(loop("unknown", "MyLoader", 1), loop("slower", "MyLoader", 50)).empty())
      << "an iterator that nobody knows proves nothing";
}

TEST_F(FindingsTest, SayWhatSpeaksForThem) {
  const std::vector<Finding> all = findings(kWellFed, std::string(kWellFed) + " workers=1");
  ASSERT_FALSE(all.empty());
  const auto of_name = [&all](std::string_view name) -> const Observation* {
    for (const Observation& one : all[0].evidence) {
      if (one.name == name) {
        return &one;
      }
    }
    return nullptr;
  };
  ASSERT_NE(of_name("num_workers"), nullptr);
  EXPECT_EQ(std::get<double>(of_name("num_workers")->base), 2);
  EXPECT_EQ(std::get<double>(of_name("num_workers")->candidate), 1);
  ASSERT_NE(of_name(term::kWorkers), nullptr) << "the term itself";
  EXPECT_EQ(of_name(term::kWorkers)->unit, "ns");
}

TEST_F(FindingsTest, ExplainOneRunToo) {
  const Analysis slow = analyze_job("slow", std::string(kWellFed) + " fetch.io=30ms");
  const std::vector<Finding> all = find_in_run(slow.view());
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].id, leaf::kFetchIo);
  const Analysis fine = analyze_job("fine", "steps=40");
  EXPECT_TRUE(find_in_run(fine.view()).empty());
}

}  // namespace
}  // namespace stepscope::analysis
