// SPDX-License-Identifier: Apache-2.0
#include "analyzer/csv_cells.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;

TEST(CsvLines, AreCutAtDelimitersOutsideOfQuotes) {
  EXPECT_THAT(split_csv_line("a,,\"b,\"\"c\"\"\"\r", ',').cells, ElementsAre("a", "", "b,\"c\""));
  EXPECT_THAT(split_csv_line("a,b;c", ';').cells, ElementsAre("a,b", "c"));
  EXPECT_THAT(split_csv_line("", ',').cells, ElementsAre(""));
}

TEST(CsvLines, SayWhenAQuoteIsOpen) {
  EXPECT_TRUE(split_csv_line("\"a\",b", ',').closed);
  EXPECT_FALSE(split_csv_line("a,\"b", ',').closed);
}

}  // namespace
}  // namespace stepscope::analysis
