// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/names.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stepscope::collector::nvtx {
namespace {

std::string utf8(const wchar_t* text, size_t capacity = 64) {
  std::string out(capacity, '\0');
  out.resize(to_utf8(text, out.data(), capacity));
  return out;
}

TEST(NvtxNames, WideTextBecomesUtf8) {
  EXPECT_EQ(utf8(L"abc"), "abc");
  EXPECT_EQ(utf8(L"\u00e9 \u4f60 \U0001F600"), "\u00e9 \u4f60 \U0001F600");
  EXPECT_EQ(utf8(nullptr), "");
}

TEST(NvtxNames, WhatIsNoCharacterIsReplaced) {
  const wchar_t broken[] = {static_cast<wchar_t>(0xD800), static_cast<wchar_t>(0x110000), L'x', L'\0'};
  EXPECT_EQ(utf8(broken), "\uFFFD\uFFFDx");
}

TEST(NvtxNames, ConversionStaysInBoundsAndKeepsWholeCharacters) {
  EXPECT_EQ(utf8(L"\u4f60\u4f60\u4f60", 7), "\u4f60\u4f60");
  EXPECT_EQ(utf8(L"abcdef", 6), "abc") << "room for the longest character is kept free";
}

TEST(NvtxNames, ANameKeepsItsText) {
  Name* name = make_name(TextView("domain"));
  EXPECT_TRUE(name->text().equals("domain"));
  EXPECT_TRUE(make_name(L"w\u00efde")->text().equals("w\u00efde"));
  EXPECT_TRUE(make_name(TextView())->text().empty());
  EXPECT_EQ(make_name(TextView(std::string(10000, 'x').c_str()))->length, 4096U);
}

}  // namespace
}  // namespace stepscope::collector::nvtx
