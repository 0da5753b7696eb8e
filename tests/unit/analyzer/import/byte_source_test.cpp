// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/byte_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gzip.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis::importing {
namespace {

using testing::gzip_bytes;
using ::testing::HasSubstr;

std::string some_text() {
  std::string text;
  for (int i = 0; i < 60000; ++i) {
    text += std::to_string(int64_t{i} * i) + ",";
  }
  return text;
}

class ByteSources : public ::testing::Test {
 protected:
  trace::Result<ByteSource> open(const std::string& bytes) {
    testing::write_bytes(dir_.file("x"), bytes);
    return ByteSource::open(dir_.file("x"));
  }
  static std::string all_of(ByteSource& source, size_t chunk) {
    std::string out;
    std::string buffer(chunk, '\0');
    for (;;) {
      const trace::Result<size_t> got = source.read(buffer.data(), buffer.size());
      EXPECT_TRUE(got.ok()) << got.status().message();
      if (!got.ok() || got.value() == 0) {
        return out;
      }
      out.append(buffer, 0, got.value());
    }
  }
  testing::TempDir dir_;
};

TEST_F(ByteSources, GiveTheSameContentCompressedOrNot) {
  const std::string text = some_text();
  for (const std::string& bytes : {text, gzip_bytes(text)}) {
    trace::Result<ByteSource> source = open(bytes);
    ASSERT_TRUE(source.ok());
    EXPECT_EQ(source.value().head(), text.substr(0, 4096));
    EXPECT_EQ(all_of(source.value(), 1000), text);
    EXPECT_EQ(source.value().end(), SourceEnd::kWhole);
    EXPECT_EQ(source.value().position_bytes(), source.value().size_bytes());
  }
}

TEST_F(ByteSources, ReadEveryMemberOfAGzipFileAndNoPaddingBehindIt) {
  for (const std::string& padding : {std::string(), std::string(512, '\0'), std::string("x")}) {
    trace::Result<ByteSource> source = open(gzip_bytes("first ") + gzip_bytes("second") + padding);
    ASSERT_TRUE(source.ok());
    EXPECT_EQ(all_of(source.value(), 100), "first second");
    EXPECT_EQ(source.value().end(), SourceEnd::kWhole);
  }
}

TEST_F(ByteSources, SayWhenCompressedDataIsCutOff) {
  const std::string text = some_text();
  const std::string bytes = gzip_bytes(text);
  trace::Result<ByteSource> source = open(bytes.substr(0, bytes.size() / 2));
  ASSERT_TRUE(source.ok());
  const std::string got = all_of(source.value(), 4096);
  EXPECT_EQ(source.value().end(), SourceEnd::kCut);
  EXPECT_GT(got.size(), text.size() / 4);
  EXPECT_EQ(got, text.substr(0, got.size()));
}

TEST_F(ByteSources, SayWhenCompressedDataIsDamaged) {
  std::string bytes = gzip_bytes(some_text());
  bytes.replace(bytes.size() / 2, 16, 16, '\xff');
  trace::Result<ByteSource> source = open(bytes);
  ASSERT_TRUE(source.ok());
  (void)all_of(source.value(), 4096);
  EXPECT_EQ(source.value().end(), SourceEnd::kDamaged);
}

TEST_F(ByteSources, RefuseWhatHasNoContent) {
  EXPECT_THAT(open("").status().message(), HasSubstr("the file is empty"));
  EXPECT_THAT(open(gzip_bytes("x").substr(0, 10)).status().message(),
              HasSubstr("nothing of it can be decompressed"));
  EXPECT_THAT(ByteSource::open(dir_.file("none")).status().message(), HasSubstr("No such file"));
  EXPECT_THAT(ByteSource::open(dir_.path()).status().message(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace stepscope::analysis::importing
