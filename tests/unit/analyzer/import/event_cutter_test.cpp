// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/event_cutter.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis::importing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class Collector : public EventSink {
 public:
  trace::Status on_events(char* text, std::span<const Piece> pieces) override {
    for (const Piece& piece : pieces) {
      events.emplace_back(text + piece.begin, piece.end - piece.begin);
    }
    ++runs;
    return {};
  }
  void on_member(std::string_view key, std::string_view json) override { members.emplace_back(key, json); }

  std::vector<std::string> events;
  std::vector<std::pair<std::string, std::string>> members;
  size_t runs = 0;
};

class Cutter : public ::testing::Test {
 protected:
  trace::Result<CutReport> cut(const std::string& json) {
    collector_.events.clear();
    collector_.members.clear();
    collector_.runs = 0;
    testing::write_bytes(dir_.file("t.json"), json);
    trace::Result<ByteSource> source = ByteSource::open(dir_.file("t.json"));
    EXPECT_TRUE(source.ok());
    return EventCutter(source.value(), collector_).run();
  }
  testing::TempDir dir_;
  Collector collector_;
};

TEST_F(Cutter, FindsMembersBeforeAndAfterTheEvents) {
  const trace::Result<CutReport> report =
      cut(R"({"schemaVersion": 1, "s": "a,}\"]", "traceEvents": [{"a":1}, {"b":{"c":[2]}}],
              "distributedInfo": {"rank": [3]} , "last": null})");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.value().events);
  EXPECT_TRUE(report.value().complete);
  EXPECT_EQ(report.value().strays, 0U);
  EXPECT_THAT(collector_.events, ElementsAre(R"({"a":1})", R"({"b":{"c":[2]}})"));
  EXPECT_EQ(collector_.runs, 1U);
  EXPECT_THAT(collector_.members,
              ElementsAre(Pair("schemaVersion", "1"), Pair("s", R"("a,}\"]")"),
                          Pair("distributedInfo", R"({"rank": [3]})"), Pair("last", "null")));
}

TEST_F(Cutter, TakesABareArrayAlsoWithoutItsLastBracket) {
  for (const char* const json :
       {"[{\"a\":1},{\"b\":2}]", " [ {\"a\":1} , {\"b\":2} ,\n", "\xEF\xBB\xBF[{\"a\":1},{\"b\":2}"}) {
    const trace::Result<CutReport> report = cut(json);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report.value().complete) << json;
    EXPECT_THAT(collector_.events, ElementsAre("{\"a\":1}", "{\"b\":2}")) << json;
  }
}

TEST_F(Cutter, IsNotFooledByTexts) {
  ASSERT_TRUE(cut(R"([{"a":"}]{"},{"b":"\"}"},{"c":"\\"},{"d":"\\\"}"}])").ok());
  EXPECT_THAT(collector_.events,
              ElementsAre(R"({"a":"}]{"})", R"({"b":"\"}"})", R"({"c":"\\"})", R"({"d":"\\\"}"})"));
}

TEST_F(Cutter, CountsWhatIsNoEventAndGoesOn) {
  const trace::Result<CutReport> report = cut(R"([1, {"a":1}, [2], {"b":2},, {"c":3} {"d":4}])");
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(collector_.events, ElementsAre("{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"));
  EXPECT_GE(report.value().strays, 4U) << "a number, an array, a double comma, a missing comma";
}

TEST_F(Cutter, SaysWhenTheContentEndsInTheMiddle) {
  for (const char* const json :
       {R"({"traceEvents":[{"a":1},{"b)", R"({"traceEvents":[{"a":1})", R"({"traceEvents":[{"a":1}])",
        R"([{"a":1},{"b":)", R"({"traceEvents":[{"a":1}],"x":)"}) {
    const trace::Result<CutReport> report = cut(json);
    ASSERT_TRUE(report.ok()) << json;
    EXPECT_FALSE(report.value().complete) << json;
    EXPECT_THAT(collector_.events, ElementsAre("{\"a\":1}")) << json;
  }
}

TEST_F(Cutter, RefusesWhatIsNoJson) {
  EXPECT_THAT(cut("hello").status().message(), HasSubstr("it is not JSON"));
  const trace::Result<CutReport> other = cut(R"({"a": 1})");
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other.value().events);
}

// Events of all lengths, so that every kind of byte falls on every edge of a block and of a window; texts with quotes,
// backslashes and brackets.
TEST_F(Cutter, CutsThousandsOfRandomEventsAcrossWindows) {
  std::mt19937 random(7);
  std::vector<std::string> events;
  std::string json = "{\"traceEvents\":[";
  const std::string_view alphabet = "ab\\\"{}[],: ";
  for (size_t i = 0; i < 30000; ++i) {
    std::string event = "{\"n\":\"";
    for (size_t n = random() % (i % 1000 == 0 ? 9000 : 90); n > 0; --n) {
      const char c = alphabet[random() % alphabet.size()];
      event += c == '\\' || c == '"' ? std::string("\\") + c : std::string(1, c);
    }
    event += "\",\"x\":[{}]}";
    json += (i == 0 ? "" : ",\n ") + event;
    events.push_back(std::move(event));
  }
  const trace::Result<CutReport> report = cut(json + "]}");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.value().complete);
  EXPECT_EQ(report.value().strays, 0U);
  EXPECT_TRUE(collector_.events == events);
}

TEST_F(Cutter, TakesAnEventLargerThanItsWindow) {
  const std::string large = "{\"n\":\"" + std::string(3000000, 'x') + "\"}";
  ASSERT_TRUE(cut("[{\"a\":1}," + large + ",{\"b\":2}]").ok());
  ASSERT_EQ(collector_.events.size(), 3U);
  EXPECT_TRUE(collector_.events[1] == large);
}

}  // namespace
}  // namespace stepscope::analysis::importing
