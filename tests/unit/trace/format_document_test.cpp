// SPDX-License-Identifier: Apache-2.0
//
// docs/FORMAT.md says what the code does: its worked example is what the encoder writes, and a reader written from the
// page alone (independent_reader.py) sees the same events as ours.
#include <stdio.h>
#include <sys/wait.h>

#include <array>
#include <random>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"
#include "trace/packed_segment.hpp"

namespace stepscope::trace {
namespace {

using ::testing::HasSubstr;

const std::string kRoot = STEPSCOPE_SOURCE_DIR;

std::string hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    char pair[4];
    snprintf(pair, sizeof pair, "%02x", byte);
    text += (text.empty() ? "" : " ") + std::string(pair);
  }
  return text;
}

// All hex bytes of the page's code blocks in one line, comments left out.
std::string page_bytes() {
  std::istringstream page(testing::read_bytes(kRoot + "/docs/FORMAT.md"));
  std::string bytes;
  bool in_block = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      in_block = !in_block;
    } else if (in_block) {
      std::istringstream words(line);
      for (std::string word; words >> word && word.size() == 2 &&
                             word.find_first_not_of("0123456789abcdef") == std::string::npos;) {
        bytes += (bytes.empty() ? "" : " ") + word;
      }
    }
  }
  return bytes;
}

TEST(FormatDocument, WorkedExampleIsWhatTheEncoderWrites) {
  const std::vector<std::vector<int64_t>> columns = {
      {5'000'000'000, 5'000'250'000, 5'000'900'000}, {120, 95, 40'000}, {0, 0, 2}, {3, 0, 517}, {0, 0, 0}};
  std::array<const int64_t*, 5> values = {};
  for (size_t c = 0; c < columns.size(); ++c) {
    values[c] = columns[c].data();
  }
  const KindInfo& gc = *find_kind(static_cast<uint16_t>(Kind::kGc));
  std::vector<uint64_t> scratch(segment_scratch_bytes() / sizeof(uint64_t) + 1);
  std::vector<uint8_t> encoded(segment_bound(5, 3));
  encoded.resize(
      encode_segment(gc.columns, 5, values.data(), 3, scratch.data(), encoded.data(), encoded.size()));
  const std::string page = page_bytes();
  EXPECT_THAT(page, HasSubstr(hex(encoded)));
  // Another zstd may pack otherwise; what the page shows must unpack to the same.
  const std::string frame = page.substr(page.find("28 b5 2f fd"));
  std::vector<uint8_t> packed;
  std::istringstream words(frame);
  for (std::string word; words >> word;) {
    packed.push_back(static_cast<uint8_t>(std::stoul(word, nullptr, 16)));
  }
  std::vector<std::vector<int64_t>> decoded(5, std::vector<int64_t>(3));
  std::array<int64_t*, 5> out = {};
  for (size_t c = 0; c < out.size(); ++c) {
    out[c] = decoded[c].data();
  }
  SegmentUnpacker unpacker;
  ASSERT_TRUE(unpacker.unpack(packed, 3, 5, out.data()));
  EXPECT_EQ(decoded, columns);
}

// Values that bring out every encoding, extremes included.
void write_varied(const std::string& path) {
  Result<RecordingBuilder> builder = RecordingBuilder::create(path);
  ASSERT_TRUE(builder.ok());
  std::mt19937_64 random(3);
  testing::KernelMix mix;
  for (int i = 0; i < 3000; ++i) {
    testing::KernelMix::Row row = mix.next();
    row[3] = static_cast<int64_t>(random() % 1000) * 1'000'000'007;  // a dictionary with 2-byte indexes
    row[6] = static_cast<int64_t>(random());                         // raw
    ASSERT_TRUE(builder.value().add(Kind::kKernel, 1, row).ok());
    const int64_t payload = i % 100 == 0 ? INT64_MIN : i % 100 == 1 ? INT64_MAX : -i;
    ASSERT_TRUE(
        builder.value().add(Kind::kRange, 2, std::vector<int64_t>{-i, i, 1, 0, 0, 2, 1, 0, payload}).ok());
  }
  ASSERT_TRUE(builder.value().finish().ok());
}

TEST(FormatDocument, AReaderWrittenFromThePageSeesTheSameEvents) {
  if (system("command -v zstd >/dev/null && /usr/bin/python3 -c 'import sqlite3' 2>/dev/null") != 0) {
    GTEST_SKIP() << "needs the programs zstd and /usr/bin/python3";
  }
  const testing::TempDir dir;
  write_varied(dir.file("a.stepscope"));
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  std::string expected;
  for (const KindSummary& kind : recording.kinds()) {
    ASSERT_TRUE(recording
                    .scan({.kind = static_cast<Kind>(kind.id)},
                          [&](const SegmentView& view) {
                            for (size_t row = 0; row < view.rows; ++row) {
                              expected += kind.name + " " + std::to_string(view.lane);
                              for (const std::span<const int64_t> column : view.columns) {
                                expected += " " + std::to_string(column[row]);
                              }
                              expected += "\n";
                            }
                            return Status();
                          })
                    .ok());
  }
  const std::string out = dir.file("events.txt");
  const std::string command = "/usr/bin/python3 " + kRoot + "/tests/unit/trace/independent_reader.py " +
                              dir.file("a.stepscope") + " > " + out;
  ASSERT_EQ(system(command.c_str()), 0);
  EXPECT_TRUE(testing::read_bytes(out) == expected);
}

}  // namespace
}  // namespace stepscope::trace
