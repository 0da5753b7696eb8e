// SPDX-License-Identifier: Apache-2.0
#include "trace/foreign_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {
namespace {

using ::testing::HasSubstr;

class ForeignDatabases : public ::testing::Test {
 protected:
  void make(const char* sql) {
    testing::write_bytes(path_, "");
    Result<Database> database = Database::open(path_, OpenMode::kReadWrite);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database.value().exec(sql)) << database.value().error();
    ASSERT_TRUE(database.value().close());
  }
  testing::TempDir dir_;
  std::string path_ = dir_.file("other.sqlite");
};

TEST_F(ForeignDatabases, TellWhichColumnsThereAreAndReadThem) {
  make("CREATE TABLE a (n INT, t TEXT); INSERT INTO a VALUES (1, 'one'), (NULL, NULL);");
  const Result<ForeignDatabase> database = ForeignDatabase::open(path_);
  ASSERT_TRUE(database.ok());
  EXPECT_TRUE(database.value().has_column("a", "t"));
  EXPECT_FALSE(database.value().has_column("a", "x"));
  EXPECT_FALSE(database.value().has_column("b", "t"));
  std::string seen;
  const Status status = database.value().scan("SELECT n, t FROM a", [&](const ForeignRow& row) {
    seen += row.null(0) ? "null " : std::to_string(row.integer(0)) + std::string(row.text(1)) + " ";
    return Status();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(seen, "1one null ");
}

TEST_F(ForeignDatabases, NameTheFileWhenAQueryFailsAndEndWithTheVisitorsError) {
  make("CREATE TABLE a (n INT); INSERT INTO a VALUES (1), (2);");
  const ForeignDatabase database = std::move(ForeignDatabase::open(path_)).value();
  const auto ignore = [](const ForeignRow&) { return Status(); };
  EXPECT_THAT(database.scan("SELECT x FROM a", ignore).message(), HasSubstr("other.sqlite"));
  int rows = 0;
  const Status stopped = database.scan("SELECT n FROM a", [&](const ForeignRow&) {
    ++rows;
    return Status(Code::kUsage, "enough");
  });
  EXPECT_EQ(stopped.message(), "enough");
  EXPECT_EQ(rows, 1);
}

TEST_F(ForeignDatabases, RefuseWhatIsNoDatabase) {
  testing::write_bytes(path_, std::string(5000, 'x'));
  EXPECT_EQ(ForeignDatabase::open(path_).status().code(), Code::kUnreadable);
  EXPECT_EQ(ForeignDatabase::open(dir_.file("none")).status().code(), Code::kUnreadable);
}

}  // namespace
}  // namespace stepscope::trace
