// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/format.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

TEST(Format, MillisecondsHaveTwoDecimalsAndNoMinusZero) {
  EXPECT_EQ(milliseconds(182'340'000), "182.34");
  EXPECT_EQ(milliseconds(0), "0.00");
  EXPECT_EQ(milliseconds(-1), "0.00");
  EXPECT_EQ(milliseconds(-6'000), "-0.01");
}

TEST(Format, SignedMillisecondsShowTheDirection) {
  EXPECT_EQ(signed_milliseconds(21'300'000), "+21.30");
  EXPECT_EQ(signed_milliseconds(-4'000'000), "-4.00");
  EXPECT_EQ(signed_milliseconds(4'000), "0.00");
  EXPECT_EQ(signed_milliseconds(-4'000), "0.00");
}

TEST(Format, DurationsChooseTheirUnitAndRollOver) {
  EXPECT_EQ(duration(350e3), "350 us");
  EXPECT_EQ(duration(999.4e3), "999 us");
  EXPECT_EQ(duration(999.6e3), "1.0 ms");
  EXPECT_EQ(duration(182.3e6), "182.3 ms");
  EXPECT_EQ(duration(999.96e6), "1.0 s");
  EXPECT_EQ(duration(59.9e9), "59.9 s");
  EXPECT_EQ(duration(59.96e9), "1 min 00 s");
  EXPECT_EQ(duration(423e9), "7 min 03 s");
  EXPECT_EQ(duration(7500e9), "2 h 05 min");
}

TEST(Format, PercentOfNothingIsADash) {
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(percent(1, 0), "-");
  EXPECT_EQ(percent(-1, 100000), "0.0 %");
}

TEST(Format, CountsAgreeWithTheirNoun) {
  EXPECT_EQ(counted(1, "step"), "1 step");
  EXPECT_EQ(counted(0, "step"), "0 steps");
  EXPECT_EQ(counted(2, "process"), "2 processes");
}

TEST(Format, BytesAreBinary) {
  EXPECT_EQ(bytes(512), "512 B");
  EXPECT_EQ(bytes(1536), "1.5 KiB");
  EXPECT_EQ(bytes(uint64_t{3} << 60), "3072.0 PiB");
}

TEST(Format, ShellWordsAreQuotedWhenTheyMustBe) {
  EXPECT_EQ(shell_word("run-1/a.b"), "run-1/a.b");
  EXPECT_EQ(shell_word("my run"), "'my run'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("$HOME"), "'$HOME'");
}

}  // namespace
}  // namespace stepscope::analysis::cli
