// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/table_text.hpp"

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

const TableText kTable{{"name", "ns"}, {{"void f<int, 3>()", "12"}, {"said \"no\"\tand\nleft", "0"}}};

TEST(TableText, CsvQuotesWhatMustBeQuoted) {
  EXPECT_EQ(to_csv(kTable), "name,ns\r\n\"void f<int, 3>()\",12\r\n\"said \"\"no\"\"\tand\nleft\",0\r\n");
}

TEST(TableText, ForTheClipboardCellsAreApartByTabsAndHaveNone) {
  EXPECT_EQ(to_tabs(kTable), "name\tns\nvoid f<int, 3>()\t12\nsaid \"no\" and left\t0\n");
}

}  // namespace
}  // namespace stepscope::viewer
