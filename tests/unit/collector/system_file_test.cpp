// SPDX-License-Identifier: Apache-2.0
#include "collector/system_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::collector {
namespace {

TEST(SystemFile, ReadsTheBeginningThatFits) {
  testing::TempDir directory;
  testing::write_bytes(directory.file("f"), "hello world");
  char buffer[6];
  EXPECT_EQ(read_file(directory.file("f").c_str(), buffer, sizeof(buffer)), 5);
  EXPECT_STREQ(buffer, "hello");
  EXPECT_EQ(read_file(directory.file("missing").c_str(), buffer, sizeof(buffer)), -1);
  EXPECT_STREQ(buffer, "");
  EXPECT_EQ(file_size(directory.file("f").c_str()), 11U);
  EXPECT_EQ(file_size(directory.file("missing").c_str()), 0U);
}

TEST(SystemFile, MakesMissingParentsForTheOwnerOnly) {
  testing::TempDir directory;
  std::string path = directory.file("a/b/c");
  EXPECT_TRUE(make_directory(path.c_str()));
  EXPECT_TRUE(make_directory(path.c_str()));
  struct stat st = {};
  ASSERT_EQ(stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700U);
  testing::write_bytes(directory.file("file"), "");
  EXPECT_FALSE(make_directory((directory.file("file") + "/x").c_str()));
}

TEST(SystemFile, AKeptFileReadsAgainFromTheBeginning) {
  testing::TempDir directory;
  testing::write_bytes(directory.file("f"), "one");
  KeptFile file;
  ASSERT_TRUE(file.open(directory.file("f").c_str()));
  char buffer[16];
  EXPECT_EQ(file.read(buffer, sizeof(buffer)), 3);
  testing::write_bytes(directory.file("f"), "two!");
  EXPECT_EQ(file.read(buffer, sizeof(buffer)), 4);
  EXPECT_STREQ(buffer, "two!");
  file.close();
  EXPECT_EQ(file.read(buffer, sizeof(buffer)), -1);
}

TEST(SystemFile, AKeptFileNeverClosesSomebodyElsesDescriptor) {
  testing::TempDir directory;
  testing::write_bytes(directory.file("ours"), "ours");
  testing::write_bytes(directory.file("theirs"), "theirs");
  KeptFile file;
  ASSERT_TRUE(file.open(directory.file("ours").c_str()));
  int number = file.fd;
  ::close(number);
  ASSERT_EQ(::open(directory.file("theirs").c_str(), O_RDONLY), number);
  file.close();
  EXPECT_NE(fcntl(number, F_GETFD), -1) << "the program's file is still open";
  ::close(number);
}

}  // namespace
}  // namespace stepscope::collector
