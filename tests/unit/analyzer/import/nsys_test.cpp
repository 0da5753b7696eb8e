// SPDX-License-Identifier: Apache-2.0
//
// Exports of Nsight Systems, written table by table: whole ones, old ones, and ones that are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gzip.hpp"
#include "tests/unit/analyzer/import/imported.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::analysis::importing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using trace::Kind;

std::string process(int64_t pid) {
  return std::to_string((int64_t{1} << 48U) + (pid << 24U));
}
std::string thread(int64_t pid, int64_t tid) {
  return std::to_string((int64_t{1} << 48U) + (pid << 24U) + tid);
}

// The bytes of a database that these statements make.
std::string database_of(const std::string& sql) {
  const testing::TempDir dir;
  testing::write_bytes(dir.file("x"), "");
  trace::Database database =
      std::move(trace::Database::open(dir.file("x"), trace::OpenMode::kReadWrite)).value();
  if (!database.exec(sql.c_str())) {
    throw std::runtime_error(database.error());
  }
  if (!database.close()) {
    throw std::runtime_error("close");
  }
  return testing::read_bytes(dir.file("x"));
}

constexpr const char* kStrings =
    "CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT NOT NULL);"
    "INSERT INTO StringIds VALUES (1, '_Z4gemmPf'), (2, 'gemm(float*)'), (3, 'gemm'), (4, "
    "'cudaLaunchKernel_v7000'),"
    " (5, 'Buffer flush'), (6, 'python3'), (7, 'NCCL');";

Imported import(const std::string& sql) {
  return Imported(database_of(kStrings + sql), "report.sqlite");
}

TEST(Nsys, KernelsCopiesAndCallsOfToday) {
  const Imported t = import(
      "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, deviceId INT, contextId INT, streamId "
      "INT,"
      " correlationId INT, globalPid INT, demangledName INT, shortName INT, mangledName INT, "
      "registersPerThread INT,"
      " gridX INT, gridY INT, gridZ INT, blockX INT, blockY INT, blockZ INT, staticSharedMemory INT,"
      " dynamicSharedMemory INT, graphNodeId INT, graphId INT);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1000, 1500, 0, 1, 7, 42, " +
      process(500) +
      ", 2, 3, 1, 32, 8, 2, 1, 128, 1, 1, 16, 4096, NULL, NULL);"
      "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INT, end INT, deviceId INT, contextId INT, streamId "
      "INT,"
      " correlationId INT, globalPid INT, bytes INT, copyKind INT, srcKind INT, dstKind INT, dstDeviceId INT,"
      " graphNodeId INT);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (2000, 2100, 0, 1, 7, 43, " +
      process(500) + ", 64, 1, 0, 2, NULL, NULL), (2200, 2300, 0, 1, 7, 44, " + process(500) +
      ", 64, 11, NULL, 4, NULL, NULL);"
      "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INT, end INT, globalTid INT, correlationId INT, "
      "nameId INT,"
      " returnValue INT);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (900, 950, " +
      thread(500, 501) +
      ", 42, 4, 0);"
      "CREATE TABLE ThreadNames (nameId INT, priority INT, globalTid INT);"
      "INSERT INTO ThreadNames VALUES (6, 20, " +
      thread(500, 501) +
      ");"
      "CREATE TABLE TARGET_INFO_SESSION_START_TIME (utcEpochNs INT);"
      "INSERT INTO TARGET_INFO_SESSION_START_TIME VALUES (1779630014975716426);"
      "CREATE TABLE TARGET_INFO_GPU (id INT, name TEXT); INSERT INTO TARGET_INFO_GPU VALUES (0, 'NVIDIA "
      "H100');");
  EXPECT_EQ(t.file().format, "nsys");
  const auto kernels = t.rows(Kind::kKernel);
  ASSERT_EQ(kernels.size(), 1U);
  const auto& v = kernels[0].values;
  EXPECT_THAT(v, ElementsAre(1000, 500, v[2], 0, 7, 42, 0, 0, 1, v[9]));
  EXPECT_EQ(t.text(v[2]), "_Z4gemmPf") << "as CUPTI gives it to our own recordings";
  EXPECT_EQ(t.text(v[9]), "grid 8x2x1 block 128x1x1 regs 32 smem 16+4096");
  EXPECT_EQ(t.lane(kernels[0].lane), "stream GPU 0 stream 7");
  const auto copies = t.rows(Kind::kMemcpy);
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_EQ(copies[0].values[9], static_cast<int64_t>(trace::MemoryKind::kPageable))
      << "counted from 0 in an export";
  EXPECT_EQ(copies[0].values[10], static_cast<int64_t>(trace::MemoryKind::kDevice));
  EXPECT_EQ(copies[1].values[2], static_cast<int64_t>(trace::CopyKind::kHostToDevice)) << "by unified memory";
  EXPECT_EQ(copies[1].values[9], 0) << "NULL is unknown, not pageable";
  const auto calls = t.rows(Kind::kCudaApi);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_THAT(calls[0].values, ElementsAre(900, 50, calls[0].values[2], 42, 0));
  EXPECT_EQ(t.lane(calls[0].lane), "thread python3");
  EXPECT_EQ(t.meta("process.pid"), "500");
  EXPECT_EQ(t.meta("device.0.name"), "NVIDIA H100");
  ASSERT_EQ(t.recording().anchors().size(), 1U);
  EXPECT_EQ(t.recording().anchors()[0].realtime_ns, 1779630014975716426);
}

TEST(Nsys, OldExportsLackColumnsAndTables) {
  const Imported t = import(
      "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, deviceId INT, streamId INT, globalPid "
      "INT,"
      " shortName INT);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1000, 1500, 0, 7, " +
      process(500) + ", 3);");
  const auto kernels = t.rows(Kind::kKernel);
  ASSERT_EQ(kernels.size(), 1U);
  EXPECT_EQ(t.text(kernels[0].values[2]), "gemm");
  EXPECT_EQ(t.text(kernels[0].values[9]), "");
}

TEST(Nsys, NvtxRangesMarksAndOperators) {
  const std::string main_thread = thread(500, 500);
  const Imported t = import(
      "CREATE TABLE NVTX_EVENTS (start INT, end INT, eventType INT, text TEXT, textId INT, globalTid INT, "
      "domainId INT);"
      "INSERT INTO NVTX_EVENTS VALUES (0, NULL, 75, NULL, 7, " +
      main_thread + ", 1), (10, 20, 59, 'step 1', NULL, " + main_thread +
      ", 0), (20, 30, 59, 'step 2', NULL, " + main_thread + ", 0), (11, 12, 59, NULL, 7, " + main_thread +
      ", 1), (13, 14, 59, 'aten::view, op_id = 314290', NULL, " + main_thread +
      ", 0), (15, NULL, 34, 'mark', NULL, " + main_thread + ", 0), (16, NULL, 60, 'open', NULL, " +
      main_thread + ", 0);");
  const auto ranges = t.rows(Kind::kRange);
  ASSERT_EQ(ranges.size(), 5U);
  EXPECT_EQ(t.text(ranges[0].values[2]), "step 1");
  EXPECT_EQ(t.text(ranges[1].values[2]), "NCCL");
  EXPECT_EQ(t.text(ranges[1].values[3]), "NCCL") << "its domain";
  EXPECT_EQ(t.text(ranges[2].values[2]), "aten::view")
      << "without the number that makes every call another name";
  EXPECT_EQ(t.text(ranges[2].values[4]), "cpu_op");
  EXPECT_EQ(ranges[3].values[6], trace::kFlagProcessRange | trace::kFlagUnfinished);
  EXPECT_EQ(t.loss("import.unended_begin"), 1U);
  EXPECT_EQ(t.rows(Kind::kInstant).size(), 1U);
}

TEST(Nsys, BadTimesAreCounted) {
  const Imported t = import(
      "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, deviceId INT, streamId INT, globalPid "
      "INT,"
      " shortName INT);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1000, 1500, 0, 7, " +
      process(500) + ", 3), (2000, 1900, 0, 7, " + process(500) + ", 3), (NULL, 5, 0, 7, " + process(500) +
      ", 3), (9223372036854775807, 5, 0, 7, " + process(500) + ", 3);");
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 2U);
  EXPECT_EQ(t.loss("import.negative_duration"), 1U);
  EXPECT_EQ(t.loss("import.bad_time"), 2U);
}

TEST(Nsys, WhatIsNoExportIsRefusedWithTheRemedy) {
  EXPECT_THAT(Imported(database_of("CREATE TABLE a (b);"), "x.sqlite").status().message(),
              HasSubstr("no export of Nsight Systems; make one: nsys export --type sqlite"));
  EXPECT_THAT(import("").status().message(), HasSubstr("it has no CUDA and no NVTX event"));
  EXPECT_THAT(Imported(testing::gzip_bytes(database_of(kStrings)), "x.gz").status().message(),
              HasSubstr("decompress it first"));
  const Imported own = Imported::of_events(R"({"ph":"X","name":"x","ts":1,"dur":1})");
  EXPECT_THAT(Imported(testing::read_bytes(own.file().recording), "y.sqlite").status().message(),
              HasSubstr("it is a recording of stepscope already"));
  EXPECT_EQ(Imported(database_of(kStrings).substr(0, 22), "head.sqlite").status().code(),
            trace::Code::kUnreadable);
  std::string cut = database_of(
      kStrings + std::string("CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, globalPid INT);"));
  cut.resize(cut.size() / 2);
  EXPECT_EQ(Imported(cut, "cut.sqlite").status().code(), trace::Code::kUnreadable);
}

}  // namespace
}  // namespace stepscope::analysis::importing
