// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/op_shapes.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::importing {
namespace {

TEST(OpShapes, LosesBlanksAndInputsWithoutDimensionsAtTheEnd) {
  EXPECT_EQ(compact_shapes("[[4, 3, 224, 224], [768, 3, 16, 16], [768], [], [], []]"),
            "[[4,3,224,224],[768,3,16,16],[768]]");
  EXPECT_EQ(compact_shapes("[[], [8, 2], []]"), "[[],[8,2]]");
}

TEST(OpShapes, OfNoTensorAreNothing) {
  EXPECT_EQ(compact_shapes("[[], []]"), "");
  EXPECT_EQ(compact_shapes("[]"), "");
  EXPECT_EQ(compact_shapes(""), "");
  EXPECT_EQ(compact_shapes("\"text\""), "");
}

TEST(OpShapes, OfHundredsOfTensorsStayShortAndApart) {
  std::string many = "[[";
  for (int i = 0; i < 300; ++i) {
    many += "[1024, 1024], ";
  }
  const std::string one = compact_shapes(many + "[7]]]");
  EXPECT_LE(one.size(), 256U);
  EXPECT_EQ(one, compact_shapes(many + "[7]]]"));
  EXPECT_NE(one, compact_shapes(many + "[8]]]"));
}

}  // namespace
}  // namespace stepscope::analysis::importing
