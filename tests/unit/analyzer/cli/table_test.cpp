// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/table.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

TextTable terms() {
  TextTable table({{"term", Align::kLeft, Fit::kShorten}, {"ms", Align::kRight}});
  table.add_row({"data.fetch", "+21.30"});
  table.add_row({"ä", "-4.00"});
  table.add_rule();
  table.add_row({"step", "+17.30"});
  return table;
}

TEST(Table, AlignsColumnsAndLeavesNoBlanksBehind) {
  EXPECT_EQ(terms().render({}),
            "  term            ms\n"
            "  data.fetch  +21.30\n"
            "  ä            -4.00\n"
            "  ------------------\n"
            "  step        +17.30\n");
}

TEST(Table, ShortensTheColumnThatMayShrink) {
  Terminal narrow;
  narrow.width = 18;
  EXPECT_EQ(terms().render(narrow),
            "  term          ms\n"
            "  data.fe…  +21.30\n"
            "  ä          -4.00\n"
            "  ----------------\n"
            "  step      +17.30\n");
}

TEST(Table, NeverShrinksBelowReadable) {
  Terminal narrow;
  narrow.width = 5;
  EXPECT_NE(terms().render(narrow).find("data.fe…  +21.30"), std::string::npos);
}

TEST(Table, TheLastColumnMayGoOnInTheNextLine) {
  TextTable table({{""}, {"", Align::kLeft, Fit::kWrap}});
  table.add_row({"note", "one two three"});
  table.add_row({"ok", ""});
  Terminal narrow;
  narrow.width = 16;
  EXPECT_EQ(table.render(narrow), "  note  one two\n        three\n  ok\n");
  EXPECT_EQ(table.render({}), "  note  one two three\n  ok\n");
}

TEST(Table, ColourDoesNotCountAsWidth) {
  TextTable table({{""}, {""}});
  table.add_row({Cell("bad", Style::kBad), "x"});
  table.add_row({"longer", "y"});
  Terminal terminal;
  terminal.color = true;
  EXPECT_EQ(table.render(terminal), "  \x1b[1;31mbad\x1b[0m     x\n  longer  y\n");
}

TEST(Table, WithoutTitlesThereIsNoTitleLine) {
  TextTable table({{""}, {""}});
  table.add_row({"a", "b"});
  EXPECT_EQ(table.render({}), "  a  b\n");
}

TEST(Table, CellsCannotBreakTheLine) {
  TextTable table({{"name"}});
  table.add_row({"two\nlines"});
  EXPECT_EQ(table.render({}), "  name\n  two?lines\n");
}

}  // namespace
}  // namespace stepscope::analysis::cli
