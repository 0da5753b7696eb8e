// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/decimal.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::importing {
namespace {

TEST(Microseconds, KeepEveryNanosecondOfATimeSince1970) {
  // As a double this would be ...689.0390625: three nanoseconds off.
  EXPECT_EQ(parse_microseconds("1712195495519689.042"), 1712195495519689042);
  EXPECT_EQ(parse_microseconds("1623142623460111"), 1623142623460111000);
  EXPECT_EQ(parse_microseconds("4203669604595.407"), 4203669604595407);
  EXPECT_EQ(parse_microseconds("15.4"), 15400);
  EXPECT_EQ(parse_microseconds("0"), 0);
  EXPECT_EQ(parse_microseconds("-2.5"), -2500);
}

TEST(Microseconds, RoundWhatIsBelowANanosecond) {
  EXPECT_EQ(parse_microseconds("1.0004"), 1000);
  EXPECT_EQ(parse_microseconds("1.0005"), 1001);
  EXPECT_EQ(parse_microseconds("1.00049999"), 1000);
  EXPECT_EQ(parse_microseconds("-1.0005"), -1001);
}

TEST(Microseconds, MayHaveAnExponent) {
  EXPECT_EQ(parse_microseconds("1.5e3"), 1500000);
  EXPECT_EQ(parse_microseconds("1E2"), 100000);
}

TEST(Microseconds, RefuseWhatIsNoTime) {
  for (const char* const text : {"", "-", "NaN", "nan", "Infinity", "null", "1.2.3", "12x", "1e999", ".5",
                                 "true", "99999999999999999999999999", "4611686018427387.905"}) {
    EXPECT_EQ(parse_microseconds(text), std::nullopt) << text;
  }
}

TEST(Integers, MayBeHexadecimalOrWrittenLikeADouble) {
  EXPECT_EQ(parse_integer("42"), 42);
  EXPECT_EQ(parse_integer("-1"), -1);
  EXPECT_EQ(parse_integer("0x2a"), 42);
  EXPECT_EQ(parse_integer("42.0"), 42);
  EXPECT_EQ(parse_integer("18446744073709551615"), -1) << "hashes use all 64 bits";
}

TEST(Integers, RefuseWhatIsNone) {
  for (const char* const text : {"", "stream 7", "4.2", "0x", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace stepscope::analysis::importing
