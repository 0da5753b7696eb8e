// SPDX-License-Identifier: Apache-2.0
#include "trace/loss_table.hpp"

#include <filesystem>
#include <regex>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::trace {
namespace {

TEST(LossTable, TheLongestPrefixDecides) {
  EXPECT_EQ(loss_meaning("ring.full.kernel").prefix, "ring.full");
  EXPECT_EQ(loss_meaning("ring.none_left").prefix, "ring.");
  EXPECT_EQ(loss_meaning("spool.unclean_end").severity, "info");
  EXPECT_EQ(loss_meaning("spool.events_missing").severity, "data_loss");
}

TEST(LossTable, AnUnknownCounterIsTakenSeriously) {
  EXPECT_EQ(loss_meaning("something.new").severity, "data_loss");
  EXPECT_EQ(loss_meaning("").severity, "data_loss");
}

TEST(LossTable, EveryEntryIsASentenceWithAKnownSeverityAndAPrefixOfItsOwn) {
  for (const LossMeaning& meaning : loss_meanings()) {
    EXPECT_TRUE(meaning.severity == "info" || meaning.severity == "error" || meaning.severity == "data_loss");
    EXPECT_TRUE(meaning.sentence.ends_with(".")) << meaning.sentence;
    EXPECT_TRUE(meaning.severity == "info" || !meaning.remedy.empty())
        << "what to do about " << meaning.prefix;
    EXPECT_EQ(&loss_meaning(meaning.prefix), &meaning) << "prefix twice: " << meaning.prefix;
  }
}

// A counter without a meaning is shown as data loss, which stops every gate: not what a new counter should do by accident.
TEST(LossTable, EveryCounterOfTheCollectorHasAMeaning) {
  const std::regex literal("loss\\(\"([^\"]+)\"|kLoss\\w+\\[\\] =\\s*\"([^\"]+)\"");
  size_t counters = 0;
  for (const char* const room : {"/collector", "/trace"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(STEPSCOPE_SOURCE_DIR + std::string(room))) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cpp" && extension != ".hpp" && extension != ".py") {
        continue;
      }
      const std::string source = testing::read_bytes(entry.path().string());
      for (std::sregex_iterator found(source.begin(), source.end(), literal), end; found != end; ++found) {
        const std::string counter = (*found)[1].matched ? (*found)[1].str() : (*found)[2].str();
        EXPECT_NE(loss_meaning(counter).prefix, "") << counter << " in " << entry.path();
        ++counters;
      }
    }
  }
  EXPECT_GT(counters, 20U);
}

}  // namespace
}  // namespace stepscope::trace
