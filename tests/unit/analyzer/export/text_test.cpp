// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/text.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace stepscope::analysis::exporting {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

std::string microseconds(int64_t ns) {
  std::string out;
  append_microseconds(out, ns);
  return out;
}

std::string real(double value) {
  std::string out;
  append_real(out, value);
  return out;
}

TEST(Text, IsEscapedForJson) {
  EXPECT_EQ(json("void f<int>(\"a\\b\")"), "\"void f<int>(\\\"a\\\\b\\\")\"");
  EXPECT_EQ(json("a\nb\tc\r\x01"), "\"a\\nb\\tc\\r\\u0001\"");
  EXPECT_EQ(json("größe €"), "\"größe €\"");
  EXPECT_EQ(json("\xF0\x9F\x9A\x80"), "\"\xF0\x9F\x9A\x80\"") << "four bytes";
}

TEST(Text, WhatIsNoUtf8IsReplacedByteByByte) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(json("a\xFFz"), "\"a" + bad + "z\"");
  EXPECT_EQ(json("cut \xE2\x82"), "\"cut " + bad + bad + "\"");
  EXPECT_EQ(json("\xC0\xAF"), "\"" + bad + bad + "\"") << "not the shortest form";
  EXPECT_EQ(json("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"") << "a surrogate";
  EXPECT_EQ(json("\xF4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"") << "beyond U+10FFFF";
}

TEST(Text, NanosecondsAreMicrosecondsWithThreeDecimals) {
  EXPECT_EQ(microseconds(0), "0.000");
  EXPECT_EQ(microseconds(1), "0.001");
  EXPECT_EQ(microseconds(-1), "-0.001");
  EXPECT_EQ(microseconds(4458676522690655), "4458676522690.655");
  EXPECT_EQ(microseconds(std::numeric_limits<int64_t>::min()), "-9223372036854775.808");
}

TEST(Text, RealsReadBackAsTheSameNumber) {
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(std::strtod(real(2.0 / 3).c_str(), nullptr), 2.0 / 3);
  EXPECT_EQ(real(-std::nan("")), "nan");
}

}  // namespace
}  // namespace stepscope::analysis::exporting
