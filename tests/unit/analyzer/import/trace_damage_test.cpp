// SPDX-License-Identifier: Apache-2.0
//
// Traces that are not what they should be: a counted loss or an error, and never less work than there was without a word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gzip.hpp"
#include "tests/unit/analyzer/import/imported.hpp"
#include "trace/loss_table.hpp"

namespace stepscope::analysis::importing {
namespace {

using ::testing::HasSubstr;
using trace::Kind;

std::string kernel(const std::string& ts, const std::string& dur, const std::string& name = "k") {
  return R"({"ph":"X","cat":"kernel","name":")" + name + R"(","pid":0,"tid":7,"ts":)" + ts + R"(,"dur":)" +
         dur + R"(,"args":{"device":0,"stream":7,"correlation":5}})";
}

TEST(DamagedTrace, NumbersThatAreNoneAreCountedAndTheirEventsMissing) {
  const Imported t =
      Imported::of_events(kernel("1", "1") + "," + kernel("NaN", "1") + "," + kernel("2", "Infinity") + "," +
                          kernel("1e300", "1") + "," + kernel("null", "1") + "," + kernel("\"soon\"", "1") +
                          "," + kernel("3", "1"));
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 2U);
  EXPECT_EQ(t.loss("import.bad_time"), 5U);
  EXPECT_EQ(trace::loss_meaning("import.bad_time").severity, "data_loss");
}

TEST(DamagedTrace, NegativeDurationsAreKeptAndAreALoss) {
  const Imported t = Imported::of_events(kernel("10", "-5") + "," + kernel("20", "5"));
  const auto rows = t.rows(Kind::kKernel);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].values[1], 0);
  EXPECT_EQ(t.loss("import.negative_duration"), 1U);
  EXPECT_EQ(trace::loss_meaning("import.negative_duration").severity, "data_loss")
      << "kernels without time must not look like faster kernels";
}

TEST(DamagedTrace, OneDamagedEventCostsThatEventOnly) {
  const Imported t = Imported::of_events(kernel("1", "1") + R"(,{"ph":"X","cat":"kernel" "name":1,"ts":2},)" +
                                         kernel("3", "1") + R"(,{"ph":},{},)" + kernel("4", "1"));
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 3U);
  EXPECT_EQ(t.loss("import.bad_event"), 3U);
}

TEST(DamagedTrace, BytesThatAreNotUtf8BecomeQuestionMarks) {
  const Imported t = Imported::of_events(kernel("1", "1",
                                                "a\xff"
                                                "b\xc3") +
                                         "," + kernel("2", "1", "caf\xc3\xa9"));
  const auto rows = t.rows(Kind::kKernel);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(t.text(rows[0].values[2]), "a?b?");
  EXPECT_EQ(t.text(rows[1].values[2]), "caf\xc3\xa9");
  EXPECT_EQ(t.loss("import.bad_text"), 1U);
}

TEST(DamagedTrace, ATraceThatEndsInTheMiddleIsALoss) {
  std::string json = "{\"traceEvents\":[" + kernel("1", "1");
  for (int i = 0; i < 20000; ++i) {
    json += "," + kernel(std::to_string(i * 100 + i % 97), "1");
  }
  const Imported text(json.substr(0, json.size() - 30));
  EXPECT_EQ(text.rows(Kind::kKernel).size(), 20000U);
  EXPECT_EQ(text.loss("import.cut_off"), 1U);
  EXPECT_TRUE(text.file().damaged);

  const std::string packed = testing::gzip_bytes(json + "]}");
  const Imported cut(packed.substr(0, packed.size() / 2), "t.json.gz");
  EXPECT_GT(cut.rows(Kind::kKernel).size(), 5000U);
  EXPECT_EQ(cut.loss("import.cut_off"), 1U);

  std::string broken = packed;
  broken.replace(broken.size() / 2, 64, 64, '\xff');
  const Imported damaged(broken, "t.json.gz");
  EXPECT_EQ(damaged.loss("import.damaged"), 1U);
  EXPECT_EQ(trace::loss_meaning("import.damaged").severity, "data_loss");
}

TEST(DamagedTrace, AnUnclosedTextSwallowsTheRestWithALoss) {
  const Imported t =
      Imported::of_events(kernel("1", "1") + R"(,{"ph":"X","name":"oops},)" + kernel("2", "1"));
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 1U);
  EXPECT_EQ(t.loss("import.cut_off"), 1U);
}

TEST(DamagedTrace, AClockThatJumpsIsReported) {
  const Imported t =
      Imported::of_events(kernel("1623142623460111", "1") + "," + kernel("1623142623460211", "1") + "," +
                          kernel("5", "1") + "," + kernel("4000000000000000", "1"));
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 4U);
  EXPECT_EQ(t.loss("import.clock_jump"), 2U);
}

TEST(DamagedTrace, DuplicateCorrelationsStay) {
  const Imported t = Imported::of_events(kernel("1", "1") + "," + kernel("1", "1") + "," + kernel("1", "1"));
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 3U);
}

TEST(DamagedTrace, RangesThatNeverEndAreCutAtTheLastEvent) {
  const Imported t =
      Imported::of_events(R"({"ph":"B","name":"open","pid":1,"tid":1,"ts":5},)" + kernel("10", "10"));
  const auto rows = t.rows(Kind::kRange);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].values[1], 15000);
  EXPECT_EQ(rows[0].values[6], trace::kFlagUnfinished);
  EXPECT_EQ(t.loss("import.unended_begin"), 1U);
}

TEST(DamagedTrace, LanesAreLimited) {
  std::string events = kernel("1", "1");
  for (int i = 0; i < 17000; ++i) {
    events += R"(,{"ph":"X","name":"x","pid":1,"tid":)" + std::to_string(i) + R"(,"ts":1,"dur":1})";
  }
  const Imported t = Imported::of_events(events);
  EXPECT_EQ(t.rows(Kind::kRange).size() + t.loss("import.too_many_lanes"), 17000U);
  EXPECT_GT(t.loss("import.too_many_lanes"), 500U);
}

TEST(DamagedTrace, WhatHasNothingToImportIsAnErrorThatNamesCauseAndRemedy) {
  struct Case {
    std::string bytes;
    std::string cause;
  };
  const Case cases[] = {
      {"", "the file is empty"},
      {"hello", "its content is of no known format"},
      {R"({"a":1})", "it has no traceEvents"},
      {R"({"traceEvents":[]})", "it has no event with a time"},
      {R"({"traceEvents":[{"ph":"M","name":"process_name","pid":1,"args":{"name":"x"}}]})",
       "it has no event with a time"},
      {R"({"traceEvents":[{"ph":"X","na)", "it ends before its first event"},
      {testing::gzip_bytes("{\"traceEvents\":[]}").substr(0, 10), "nothing of it can be decompressed"},
  };
  for (const Case& one : cases) {
    const Imported t(one.bytes);
    EXPECT_EQ(t.status().code(), trace::Code::kUnreadable) << one.cause;
    EXPECT_THAT(t.status().message(), HasSubstr(one.cause));
    EXPECT_THAT(t.status().message(), HasSubstr("t.json': "));
    EXPECT_THAT(t.status().message(), HasSubstr("; ")) << "a remedy";
  }
}

}  // namespace
}  // namespace stepscope::analysis::importing
