// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/byte_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis::exporting {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ByteSinkTest : public ::testing::Test {
 protected:
  stepscope::testing::TempDir dir_;
};

TEST_F(ByteSinkTest, AFileGetsItsNameWhenItIsWhole) {
  const std::string path = dir_.file("out.json");
  {
    trace::Result<ByteSink> sink = ByteSink::open(path);
    ASSERT_TRUE(sink.ok());
    sink.value().buffer() += "{}";
    EXPECT_EQ(sink.value().position(), 2U);
    EXPECT_FALSE(fs::exists(path));
    EXPECT_TRUE(sink.value().finish().ok());
  }
  EXPECT_EQ(stepscope::testing::read_bytes(path), "{}");
  EXPECT_FALSE(fs::exists(path + ".tmp"));
}

TEST_F(ByteSinkTest, AnUnfinishedFileLeavesWhatWasThere) {
  const std::string path = dir_.file("out.json");
  stepscope::testing::write_bytes(path, "old");
  {
    trace::Result<ByteSink> sink = ByteSink::open(path);
    ASSERT_TRUE(sink.ok());
    sink.value().buffer().assign(1000000, 'x');
    sink.value().spill();
  }
  EXPECT_EQ(stepscope::testing::read_bytes(path), "old");
  EXPECT_FALSE(fs::exists(path + ".tmp"));
}

TEST_F(ByteSinkTest, ALinkIsFollowed) {
  stepscope::testing::write_bytes(dir_.file("real"), "old");
  fs::create_symlink(dir_.file("real"), dir_.file("link"));
  {
    trace::Result<ByteSink> sink = ByteSink::open(dir_.file("link"));
    ASSERT_TRUE(sink.ok());
    sink.value().buffer() += "new";
    EXPECT_TRUE(sink.value().finish().ok());
  }
  EXPECT_TRUE(fs::is_symlink(dir_.file("link")));
  EXPECT_EQ(stepscope::testing::read_bytes(dir_.file("real")), "new");
}

TEST_F(ByteSinkTest, APipeIsWrittenToDirectly) {
  const std::string path = dir_.file("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  {
    trace::Result<ByteSink> sink = ByteSink::open(path);
    ASSERT_TRUE(sink.ok());
    sink.value().buffer() += "through";
    EXPECT_TRUE(sink.value().finish().ok());
  }
  char bytes[16] = {};
  EXPECT_EQ(read(reader, bytes, sizeof bytes), 7);
  EXPECT_STREQ(bytes, "through");
  close(reader);
  EXPECT_TRUE(fs::is_fifo(path)) << "still what it was";
}

TEST_F(ByteSinkTest, AFullDiskIsNamedWithCauseAndRemedy) {
  trace::Result<ByteSink> sink = ByteSink::open("/dev/full");
  ASSERT_TRUE(sink.ok());
  sink.value().buffer().assign(1000000, 'x');
  sink.value().spill();
  EXPECT_FALSE(sink.value().ok());
  const std::string message = sink.value().finish().message();
  EXPECT_THAT(message, HasSubstr("'/dev/full': No space left on device; "));
}

TEST_F(ByteSinkTest, PlacesWhereNoFileCanBeAreRefused) {
  EXPECT_THAT(ByteSink::open(dir_.path()).status().message(), HasSubstr("it is a directory; name a file"));
  EXPECT_THAT(ByteSink::open(dir_.file("none/out")).status().message(),
              HasSubstr("none/out': No such file or directory; "));
}

}  // namespace
}  // namespace stepscope::analysis::exporting
