// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/terminal.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

TEST(Printable, KeepsTextOfAnyLanguage) {
  EXPECT_EQ(printable("größe Δ 数据 \U0001F600"), "größe Δ 数据 \U0001F600");
}

TEST(Printable, ReplacesControlCharacters) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\td\x7f"), "a?[2Jb?c?d?");
  EXPECT_EQ(printable("c1 \xc2\x9b csi"), "c1 ? csi");
}

TEST(Printable, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("cut \xe2\x82"), "cut ??");
  EXPECT_EQ(printable("overlong \xc0\xaf"), "overlong ??");
  EXPECT_EQ(printable("surrogate \xed\xa0\x80"), "surrogate ???");
}

TEST(Width, CountsCodePoints) {
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width(""), 0U);
}

TEST(Shortened, CutsAtCharactersAndMarksTheCut) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdef", 4), "abc…");
  EXPECT_EQ(shortened("äöüß", 3), "äö…");
  EXPECT_EQ(shortened("abc", 1), "…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(Wrapped, BreaksBetweenWordsAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three four", 10, 2), "one two\n  three\n  four");
  EXPECT_EQ(wrapped("short", 80, 5), "short");
  EXPECT_EQ(wrapped("", 80, 5), "");
}

TEST(Wrapped, AWordThatIsTooLongStandsAlone) {
  EXPECT_EQ(wrapped("a extraordinarily b", 8, 0), "a\nextraordinarily\nb");
}

TEST(Styled, AddsNothingWithoutColour) {
  Terminal terminal;
  EXPECT_EQ(styled("x", Style::kBad, terminal), "x");
  terminal.color = true;
  EXPECT_EQ(styled("x", Style::kBold, terminal), "\x1b[1mx\x1b[0m");
  EXPECT_EQ(styled("x", Style::kPlain, terminal), "x");
}

}  // namespace
}  // namespace stepscope::analysis::cli
