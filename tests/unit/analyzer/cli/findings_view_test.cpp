// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/findings_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace stepscope::analysis::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Finding finding() {
  Finding result;
  result.id = "data.fetch";
  result.text = "workers need 20 ms more per batch";
  result.advice = "add workers";
  result.effect_ns = 20'000'000;
  result.confidence = Confidence::kHigh;
  return result;
}

TEST(FindingsView, NumbersThemWithConfidenceAndAdvice) {
  const std::vector<Finding> findings{finding(), finding()};
  const std::string text = findings_text(findings, {}, {});
  EXPECT_THAT(text, HasSubstr("   1 workers need 20 ms more per batch [data.fetch, high confidence]\n"));
  EXPECT_THAT(text, HasSubstr("     -> add workers\n   2 "));
}

TEST(FindingsView, APointerToARunThatIsNotThereIsLeftOut) {
  std::vector<Finding> findings{finding()};
  findings[0].where = Pointer{};
  EXPECT_THAT(findings_text(findings, {}, {}), Not(HasSubstr("look at")));
  EXPECT_TRUE(findings_json(findings, {})[0]["where"].is_null());
}

TEST(FindingsView, LongSentencesStayWithinTheTerminal) {
  std::vector<Finding> findings{finding()};
  for (int i = 0; i < 20; ++i) {
    findings[0].text += " and more";
  }
  Terminal terminal;
  terminal.width = 60;
  std::istringstream text(findings_text(findings, {}, terminal));
  for (std::string line; std::getline(text, line);) {
    EXPECT_LE(line.size(), 60U) << line;
  }
}

}  // namespace
}  // namespace stepscope::analysis::cli
