// SPDX-License-Identifier: Apache-2.0
#include "trace/kinds.hpp"

#include <cstring>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace stepscope::trace {
namespace {

TEST(Kinds, AscendByIdAndHaveUniqueNames) {
  std::set<std::string> names;
  uint16_t previous = 0;
  for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
    EXPECT_GT(static_cast<uint16_t>(kind->id), previous) << kind->name;
    previous = static_cast<uint16_t>(kind->id);
    EXPECT_TRUE(names.insert(kind->name).second) << kind->name << " is there twice";
    EXPECT_GT(std::strlen(kind->summary), 10U) << kind->name;
  }
  EXPECT_GE(names.size(), 19U);
}

TEST(Kinds, BeginWithStartAndHaveDurationSecondIfAtAll) {
  for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
    ASSERT_GE(kind->column_count, 1) << kind->name;
    ASSERT_LE(kind->column_count, kMaxColumns) << kind->name;
    EXPECT_STREQ(kind->columns[0].name, "start_ns") << kind->name;
    EXPECT_EQ(kind->columns[0].type, ColumnType::kTime) << kind->name;
    for (size_t c = 0; c < kind->column_count; ++c) {
      EXPECT_EQ(std::string(kind->columns[c].name) == "dur_ns", c == 1 && kind->has_duration()) << kind->name;
    }
  }
}

TEST(Kinds, ColumnsAreNamedOnceAndHintARealEncoding) {
  for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
    std::set<std::string> columns;
    for (size_t c = 0; c < kind->column_count; ++c) {
      EXPECT_TRUE(columns.insert(kind->columns[c].name).second) << kind->name << "." << kind->columns[c].name;
      EXPECT_NE(kind->columns[c].encoding, Encoding::kRaw) << kind->name;
    }
  }
}

TEST(Kinds, AreFoundByIdAndOnlyThose) {
  for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
    EXPECT_EQ(find_kind(static_cast<uint16_t>(kind->id)), kind);
  }
  EXPECT_EQ(find_kind(0), nullptr);
  EXPECT_EQ(find_kind(65535), nullptr);
}

}  // namespace
}  // namespace stepscope::trace
