// SPDX-License-Identifier: Apache-2.0
//
// Bad input: every way a file can be wrong gives kUnreadable and one line that names file, cause and remedy.
#include <algorithm>
#include <filesystem>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"
#include "trace/packed_segment.hpp"
#include "trace/schema.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {
namespace {

using ::testing::HasSubstr;
using testing::read_bytes;
using testing::TempDir;
using testing::write_bytes;

void expect_one_line_naming(const Status& status, const std::string& path) {
  EXPECT_EQ(status.code(), Code::kUnreadable);
  EXPECT_THAT(status.message(), HasSubstr("'" + path + "'"));
  EXPECT_THAT(status.message(), HasSubstr("; ")) << "cause; remedy";
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
}

std::string refusal_of(const std::string& path) {
  const Result<Recording> opened = Recording::open(path);
  EXPECT_FALSE(opened.ok());
  if (opened.ok()) {
    return "";
  }
  expect_one_line_naming(opened.status(), path);
  return opened.status().message();
}

// Reads everything there is; true when nothing complained.
bool use_everything(const std::string& path) {
  const Result<Recording> opened = Recording::open(path);
  if (!opened.ok()) {
    expect_one_line_naming(opened.status(), path);
    return false;
  }
  const Recording& recording = opened.value();
  bool fine = recording.name_totals().ok() && recording.load_rollup().ok();
  for (const KindSummary& kind : recording.kinds()) {
    fine = recording.scan({.kind = static_cast<Kind>(kind.id)}, [](const SegmentView&) { return Status(); })
               .ok() &&
           fine;
  }
  for (const LaneInfo& lane : recording.lanes()) {
    fine = recording.overview(lane.id).ok() && fine;
  }
  const Status verified = recording.verify();
  if (!verified.ok()) {
    expect_one_line_naming(verified, path);
  }
  return fine && verified.ok();
}

TEST(RecordingDamage, AMissingFile) {
  EXPECT_THAT(refusal_of("/nonexistent/a.stepscope"), HasSubstr("No such file"));
}

TEST(RecordingDamage, ADirectory) {
  const TempDir dir;
  EXPECT_THAT(refusal_of(dir.path()), HasSubstr("not a regular file"));
}

TEST(RecordingDamage, AnEmptyFile) {
  const TempDir dir;
  write_bytes(dir.file("a.stepscope"), "");
  EXPECT_THAT(refusal_of(dir.file("a.stepscope")), HasSubstr("empty"));
}

TEST(RecordingDamage, AForeignFile) {
  const TempDir dir;
  write_bytes(dir.file("a.stepscope"), std::string(5000, 'x'));
  EXPECT_THAT(refusal_of(dir.file("a.stepscope")), HasSubstr("not a stepscope recording"));
  write_bytes(dir.file("b.stepscope"), "SQLite");
  EXPECT_THAT(refusal_of(dir.file("b.stepscope")), HasSubstr("not a stepscope recording"));
}

TEST(RecordingDamage, AnSqliteFileOfAnotherProgram) {
  const TempDir dir;
  write_bytes(dir.file("a.stepscope"), "");
  Result<Database> database = Database::open(dir.file("a.stepscope"), OpenMode::kReadWrite);
  ASSERT_TRUE(database.ok() && database.value().exec("CREATE TABLE meta (key, value)"));
  EXPECT_THAT(refusal_of(dir.file("a.stepscope")), HasSubstr("not a stepscope recording"));
}

TEST(RecordingDamage, ANewerMajorVersionSaysWhatToDo) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  std::string bytes = read_bytes(dir.file("a.stepscope"));
  bytes[61] = static_cast<char>(kFormatMajor + 1);  // user_version, big endian at offset 60
  write_bytes(dir.file("a.stepscope"), bytes);
  const std::string message = refusal_of(dir.file("a.stepscope"));
  EXPECT_THAT(message, HasSubstr("format version " + std::to_string(kFormatMajor + 1) + "."));
  EXPECT_THAT(message, HasSubstr("update stepscope"));
}

TEST(RecordingDamage, CutOffAnywhere) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  const std::string whole = read_bytes(dir.file("a.stepscope"));
  for (size_t size = 1; size < whole.size(); size += 1 + whole.size() / 97) {
    write_bytes(dir.file("cut.stepscope"), whole.substr(0, size));
    EXPECT_THAT(refusal_of(dir.file("cut.stepscope")),
                size < 100 ? HasSubstr("not a stepscope") : HasSubstr("cut off"));
  }
}

// A flipped bit is reported or harmless, never a crash and never a wrong answer.
TEST(RecordingDamage, FlippedBitsAreFoundUnlessTheyChangeNothing) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 3000);
  const std::string whole = read_bytes(dir.file("a.stepscope"));
  std::mt19937 random(20240607);
  size_t found = 0;
  constexpr size_t kTries = 400;
  for (size_t i = 0; i < kTries; ++i) {
    std::string bytes = whole;
    const size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    write_bytes(dir.file("b.stepscope"), bytes);
    found += use_everything(dir.file("b.stepscope")) ? 0U : 1U;
  }
  EXPECT_GT(found, kTries / 4) << "most bytes of a recording matter";
}

// Any flip inside the packed events must be seen: that is what zstd's checksum is for.
TEST(RecordingDamage, AFlippedBitInTheEventsIsAlwaysFound) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 3000);
  const std::string whole = read_bytes(dir.file("a.stepscope"));
  const std::string magic = "\x28\xb5\x2f\xfd";  // of a zstd frame
  std::mt19937 random(7);
  size_t frames = 0;
  for (size_t at = whole.find(magic); at != std::string::npos; at = whole.find(magic, at + 1), ++frames) {
    for (int i = 0; i < 8; ++i) {
      std::string bytes = whole;
      const size_t byte = at + 6 + random() % 20;
      bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << random() % 8));
      write_bytes(dir.file("b.stepscope"), bytes);
      EXPECT_FALSE(use_everything(dir.file("b.stepscope"))) << "byte " << byte;
    }
  }
  EXPECT_GT(frames, 3U);
}

TEST(RecordingDamage, WholePagesOfRubbish) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  const std::string whole = read_bytes(dir.file("a.stepscope"));
  std::mt19937 random(5);
  for (size_t page = 1; page < whole.size() / 4096; ++page) {
    std::string bytes = whole;
    std::generate_n(bytes.begin() + static_cast<std::ptrdiff_t>(page * 4096), 4096,
                    [&] { return static_cast<char>(random()); });
    write_bytes(dir.file("b.stepscope"), bytes);
    (void)use_everything(dir.file("b.stepscope"));
  }
}

TEST(RecordingDamage, ABlobThatClaimsToBeHugeIsRefusedBeforeMemoryIsTaken) {
  // A zstd frame header with an 8-byte content size of 2^60.
  const std::vector<uint8_t> blob = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0};
  SegmentUnpacker unpacker;
  std::vector<int64_t> column(10);
  int64_t* out = column.data();
  EXPECT_FALSE(unpacker.unpack(blob, 10, 1, &out));
  EXPECT_FALSE(unpacker.unpack({}, 10, 1, &out));
  EXPECT_FALSE(unpacker.unpack(blob, 0, 1, &out));
  EXPECT_FALSE(unpacker.unpack(blob, kMaxSegmentRows + 1, 1, &out));
}

}  // namespace
}  // namespace stepscope::trace
