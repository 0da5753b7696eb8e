// SPDX-License-Identifier: Apache-2.0
#include "collector/text.hpp"

#include <gtest/gtest.h>

namespace stepscope::collector {
namespace {

TEST(Text, ABufferCutsInsteadOfOverflowing) {
  TextBuffer<8> buffer;
  buffer.add("12345").add("6789");
  EXPECT_STREQ(buffer.c_str(), "1234567");
  EXPECT_TRUE(buffer.cut());
  buffer.clear();
  EXPECT_FALSE(buffer.cut());
  EXPECT_STREQ(buffer.c_str(), "");
}

TEST(Text, NumbersAreWrittenToTheirLimits) {
  TextBuffer<64> buffer;
  buffer.add_u64(0).add(' ').add_u64(UINT64_MAX).add(' ').add_i64(INT64_MIN).add(' ').add_hex(255);
  EXPECT_STREQ(buffer.c_str(), "0 18446744073709551615 -9223372036854775808 00000000000000ff");
}

TEST(Text, NumbersAreReadAndOverflowIsRefused) {
  uint64_t value = 0;
  EXPECT_TRUE(parse_u64(TextView("18446744073709551615 x"), value));
  EXPECT_EQ(value, UINT64_MAX);
  EXPECT_FALSE(parse_u64(TextView("18446744073709551616"), value));
  EXPECT_FALSE(parse_u64(TextView("-1"), value));
  EXPECT_FALSE(parse_u64(TextView(""), value));
}

TEST(Text, FieldsAreTakenOneByOneAlsoEmptyOnes) {
  TextView rest("a::b");
  TextView field;
  ASSERT_TRUE(next_field(rest, ':', field));
  EXPECT_TRUE(field.equals("a"));
  ASSERT_TRUE(next_field(rest, ':', field));
  EXPECT_TRUE(field.empty());
  ASSERT_TRUE(next_field(rest, ':', field));
  EXPECT_TRUE(field.equals("b"));
  EXPECT_FALSE(next_field(rest, ':', field));
}

TEST(Text, ANullTextIsEmpty) {
  EXPECT_TRUE(TextView(nullptr).empty());
  EXPECT_FALSE(contains_ignoring_case(TextView(), "x"));
  EXPECT_TRUE(contains_ignoring_case(TextView("My ToKen"), "token"));
}

}  // namespace
}  // namespace stepscope::collector
