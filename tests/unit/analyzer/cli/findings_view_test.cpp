// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/findings_view.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

TEST(Wrapped, BreaksBetweenWordsAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three four", 10, 2), "one two\n  three\n  four");
  EXPECT_EQ(wrapped("short", 80, 5), "short");
  EXPECT_EQ(wrapped("", 80, 5), "");
}

TEST(Wrapped, AWordThatIsTooLongStandsAlone) {
  EXPECT_EQ(wrapped("a extraordinarily b", 8, 0), "a\nextraordinarily\nb");
}

}  // namespace
}  // namespace stepscope::analysis::cli
