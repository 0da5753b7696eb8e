// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/export/parquet_values.hpp"
#include "tests/unit/analyzer/export/exported.hpp"
#include "tests/unit/analyzer/export/parquet_reader.hpp"

namespace stepscope::analysis {
namespace {

using ::stepscope::testing::ParquetReader;
using ::stepscope::testing::ThriftValue;
using ::testing::ElementsAre;

class ExportParquet : public ExportTest {};

TEST_F(ExportParquet, AColumnIsWhatItsKindSays) {
  const ParquetReader file(exported(process("run", R"(
    counter start_ns=1000000000000000001 name=proc.cpu_ns value=12.5 subject=100
    counter start_ns=1000000000000000002 name=gpu.clock value=-0.25
    counter start_ns=1000000000000000003 name=proc.cpu_ns value=13 subject=-1
  )"),
                                    "parquet", "counter"));
  EXPECT_EQ(file.meta.at(1).number, 2) << "version";
  EXPECT_EQ(file.meta.at(3).number, 3) << "rows";
  EXPECT_EQ(file.meta.at(6).bytes, "stepscope");
  EXPECT_EQ(file.schema("start_ns").at(1).number, 2) << "INT64";
  EXPECT_EQ(file.schema("start_ns").at(3).number, 0) << "REQUIRED";
  EXPECT_EQ(file.schema("value").at(1).number, 5) << "DOUBLE";
  EXPECT_EQ(file.schema("name").at(1).number, 6) << "BYTE_ARRAY";
  EXPECT_TRUE(file.schema("name").at(10).fields.contains(1)) << "STRING";
  EXPECT_EQ(file.schema("subject").at(10).at(10).at(1).number, 64) << "INTEGER of 64 bits";
  EXPECT_EQ(file.schema("subject").at(10).at(10).at(2).number, 0) << "unsigned";
  EXPECT_THAT(file.integers("start_ns"),
              ElementsAre(1000000000000000001, 1000000000000000002, 1000000000000000003));
  EXPECT_THAT(file.raw("name"), ElementsAre("proc.cpu_ns", "gpu.clock", "proc.cpu_ns"));
  EXPECT_THAT(file.reals("value"), ElementsAre(12.5, -0.25, 13));
  EXPECT_EQ(file.integers("subject")[0], 100);
  EXPECT_THAT(file.raw("process"), ElementsAre("main", "main", "main"));
}

TEST_F(ExportParquet, IsTheSameTableAsCsv) {
  const analysis::Run run = job("run", "steps=30 workers=1");
  const ParquetReader file(exported(run, "parquet"));
  const std::string csv = exported(run, "csv");
  std::string rows = "process,process_rank,pid,step,number,class,begin_ns,end_ns,leaf,exclusive_ns\r\n";
  for (size_t i = 0; i < static_cast<size_t>(file.meta.at(3).number); ++i) {
    std::string line;
    for (const char* name : {"process", "process_rank", "pid", "step", "number", "class", "begin_ns",
                             "end_ns", "leaf", "exclusive_ns"}) {
      const bool text = file.schema(name).at(1).number == 6;
      line += (line.empty() ? "" : ",") + (text ? file.raw(name)[i] : std::to_string(file.integers(name)[i]));
    }
    rows += line + "\r\n";
  }
  EXPECT_EQ(rows, csv);
}

// More rows than a row group holds, columns with few values, with many, and with all different ones.
TEST_F(ExportParquet, ManyRowsAreSeveralRowGroups) {
  constexpr int64_t kRows = 300000;
  std::filesystem::create_directories(path("run"));
  ::stepscope::testing::TextRecording recording(path("run") + "/main.stepscope");
  recording.line("lane 1 thread main tid=100");
  std::vector<int64_t> names;
  for (int i = 0; i < 300; ++i) {
    names.push_back(recording.name("kernel " + std::to_string(i)));
  }
  for (int64_t i = 0; i < kRows; ++i) {
    recording.event(Kind::kKernel, 1,
                    {i * 1000 + i % 7, 1 + i % 5000, names[static_cast<size_t>(i / 10 % 300)], 0, i % 3, i});
  }
  recording.finish();
  const ParquetReader file(exported(open("run"), "parquet", "kernel"));
  EXPECT_EQ(file.meta.at(3).number, kRows);
  int64_t rows = 0;
  for (const ThriftValue& group : file.meta.at(4).list) {
    EXPECT_LE(group.at(3).number, 131072);
    const ThriftValue& statistics = group.at(1).list.at(file.column("correlation")).at(3).at(12);
    EXPECT_EQ(statistics.at(6).bytes, std::string(reinterpret_cast<const char*>(&rows), 8)) << "the least";
    rows += group.at(3).number;
  }
  EXPECT_EQ(rows, kRows);
  const std::vector<int64_t> start = file.integers("start_ns");
  const std::vector<int64_t> dur = file.integers("dur_ns");
  const std::vector<int64_t> stream = file.integers("stream");
  const std::vector<std::string> name = file.raw("name");
  ASSERT_EQ(start.size(), static_cast<size_t>(kRows));
  for (int64_t i = 0; i < kRows; ++i) {
    const auto row = static_cast<size_t>(i);
    ASSERT_EQ(start[row], i * 1000 + i % 7);
    ASSERT_EQ(dur[row], 1 + i % 5000);
    ASSERT_EQ(stream[row], i % 3);
    ASSERT_EQ(name[row], "kernel " + std::to_string(i / 10 % 300));
  }
}

// Segments of two lanes do not end where row groups do.
TEST_F(ExportParquet, ARowGroupMayEndInsideASegment) {
  constexpr int64_t kRows = 90000;
  std::filesystem::create_directories(path("run"));
  ::stepscope::testing::TextRecording recording(path("run") + "/main.stepscope");
  const int64_t name = recording.name("kernel");
  for (const uint32_t lane : {1U, 2U}) {
    recording.line("lane " + std::to_string(lane) + " stream \"stream " + std::to_string(lane) + "\"");
    for (int64_t i = 0; i < kRows; ++i) {
      recording.event(Kind::kKernel, lane, {i * 10, 1, name, 0, lane, i});
    }
  }
  recording.finish();
  const ParquetReader file(exported(open("run"), "parquet", "kernel"));
  EXPECT_EQ(file.meta.at(3).number, 2 * kRows);
  const std::vector<int64_t> start = file.integers("start_ns");
  const std::vector<int64_t> stream = file.integers("stream");
  ASSERT_EQ(start.size(), static_cast<size_t>(2 * kRows));
  for (size_t row = 0; row < start.size(); ++row) {
    ASSERT_EQ(start[row], static_cast<int64_t>(row) % kRows * 10);
    ASSERT_EQ(stream[row], static_cast<int64_t>(row) < kRows ? 1 : 2);
  }
}

TEST_F(ExportParquet, ATableWithoutRowsIsAFile) {
  const ParquetReader file(
      exported(process("run", "range start_ns=1 dur_ns=1 name=a\n"), "parquet", "kernel"));
  EXPECT_EQ(file.meta.at(3).number, 0);
  EXPECT_TRUE(file.meta.at(4).list.empty());
  EXPECT_THAT(file.raw("name"), ElementsAre());
}

TEST_F(ExportParquet, TextsAreUtf8) {
  std::filesystem::create_directories(path("run"));
  ::stepscope::testing::TextRecording recording(path("run") + "/main.stepscope");
  recording.line("lane 1 thread main tid=100");
  recording.event(Kind::kRange, 1, {1, 1, recording.name("a\xFFz"), 0, 0, 2, 0, 0, 0});
  recording.finish();
  EXPECT_THAT(ParquetReader(exported(open("run"), "parquet", "range")).raw("name"),
              ElementsAre("a\xEF\xBF\xBDz"));
}

// Every way in which runs and packed groups can meet.
TEST(ParquetValues, IndexesReadBack) {
  for (const size_t entries : {1U, 2U, 3U, 9U, 300U, 70000U}) {
    for (size_t pattern = 0; pattern < 64; ++pattern) {
      std::vector<uint32_t> indexes;
      uint64_t random = pattern * 2654435761U + 12345;
      while (indexes.size() < 200) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const size_t run = pattern % 4 == 0 ? 1 : (random >> 40U) % (pattern % 4 * 12) + 1;
        indexes.insert(indexes.end(), run, static_cast<uint32_t>((random >> 20U) % entries));
      }
      std::string bytes = "PAR1";
      exporting::append_dictionary_indexes(bytes, indexes, entries);
      // A file without metadata around it: only the decoder is wanted.
      const std::string file = bytes + std::string("\0\1\0\0\0PAR1", 9);
      const std::vector<uint64_t> read = ParquetReader(file).indexes(4, indexes.size());
      ASSERT_EQ(std::vector<uint32_t>(read.begin(), read.end()), indexes) << entries << " " << pattern;
    }
  }
}

}  // namespace
}  // namespace stepscope::analysis
