// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/fuzzy.hpp"

#include <gtest/gtest.h>

#include "viewer/model/commands.hpp"

namespace stepscope::viewer {
namespace {

std::string_view best_command(std::string_view pattern) {
  std::string_view best;
  int score = -1;
  for (const CommandRow& row : command_table()) {
    const auto match = fuzzy_match(row.text, pattern);
    if (match && match->score > score) {
      score = match->score;
      best = row.name;
    }
  }
  return best;
}

TEST(Fuzzy, LettersInTheirOrderMatchWithAnythingBetween) {
  EXPECT_TRUE(fuzzy_match("Next step", "nst").has_value());
  EXPECT_TRUE(fuzzy_match("Next step", "NEXT").has_value());
  EXPECT_FALSE(fuzzy_match("Next step", "tsen").has_value());
  EXPECT_FALSE(fuzzy_match("Quit", "quite").has_value());
  EXPECT_EQ(fuzzy_match("anything", "")->places.size(), 0U);
}

TEST(Fuzzy, PlacesSpellThePatternAndPreferWordsAndWhatIsTogether) {
  EXPECT_EQ(fuzzy_match("Next step", "st")->places, (std::vector<size_t>{5, 6}));
  EXPECT_EQ(fuzzy_match("Next step", "ns")->places, (std::vector<size_t>{0, 5}));
  EXPECT_EQ(fuzzy_match("a mark, or mark both", "mark")->places, (std::vector<size_t>{2, 3, 4, 5}));
  EXPECT_EQ(fuzzy_match("xaxxab", "ab")->places, (std::vector<size_t>{4, 5}))
      << "the later a, for it is together";
}

TEST(Fuzzy, AFewLettersFindTheCommandThatIsMeant) {
  EXPECT_EQ(best_command("next st"), "next-step");
  EXPECT_EQ(best_command("show whole"), "fit-all");
  EXPECT_EQ(best_command("link"), "copy-link");
  EXPECT_EQ(best_command("csv"), "copy-csv");
  EXPECT_EQ(best_command("dark"), "toggle-theme");
}

}  // namespace
}  // namespace stepscope::viewer
