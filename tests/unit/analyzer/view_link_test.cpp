// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view_link.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

TEST(ViewLink, APlainLinkReadsAsWhatItSays) {
  const std::vector<LinkPart> parts{{"term", "comm.exposed/all_reduce"}, {"rank", "3"}, {"tab", "terms"}};
  EXPECT_EQ(link_text(parts), "term=comm.exposed/all_reduce,rank=3,tab=terms");
  EXPECT_EQ(link_parts(link_text(parts)), parts);
}

TEST(ViewLink, EveryByteSurvives) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) {
    bytes += static_cast<char>(c);
  }
  const std::vector<LinkPart> parts{{"name", bytes}, {"", ""}, {"a,b=c", "d%e"}};
  EXPECT_EQ(link_parts(link_text(parts)), parts);
  EXPECT_EQ(link_text(parts).find_first_of(" '\"\\$`&;<>()*?|~#\n"), std::string::npos) << "needs no quotes";
}

TEST(ViewLink, WhatIsNoPartIsLeftOut) {
  EXPECT_EQ(link_parts("nonsense,a=1,,b=%4,c=%zz,d=%41"), (std::vector<LinkPart>{{"a", "1"}, {"d", "A"}}));
  EXPECT_TRUE(link_parts("").empty());
}

}  // namespace
}  // namespace stepscope::analysis
