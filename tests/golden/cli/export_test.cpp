// SPDX-License-Identifier: Apache-2.0
//
// `stepscope export`: what it prints, and what it says and leaves when it cannot.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Export : public ::testing::Test {
 protected:
  void SetUp() override { write_job(dir_.file("run"), "steps=12 workers=1"); }

  [[nodiscard]] Outcome run_export(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "export");
    return stepscope(arguments, dir_.path());
  }
  // The same through a shell, for what only a shell can do.
  [[nodiscard]] Outcome in_shell(const std::string& script) const {
    Invocation invocation;
    invocation.command = {"/bin/sh", "-c", script};
    invocation.directory = dir_.path();
    return run(invocation);
  }

  TempDir dir_;
};

TEST_F(Export, ChromeOfASmallRunOnAGpu) {
  fs::create_directory(dir_.file("gpu"));
  write_recording(dir_.file("gpu/main-r0-node0-100-1.stepscope"), R"(
    meta process.role main
    meta process.pid 100
    meta process.host node0
    meta device.0.name "Example GPU 80GB"
    anchor monotonic_raw_ns=0 realtime_ns=1700000000s
    lane 1 thread MainThread tid=100
    lane 2 stream "GPU 0 stream 7"
    lane 3 communicator "default_pg rank 0/8"
    cuda_api start_ns=1000001000 dur_ns=5001 name=cudaLaunchKernel correlation=1
    kernel lane=2 start_ns=1000010001 dur_ns=200003 name=gemm stream=7 correlation=1 context=1 signature="grid 128x1x1 block 256x1x1 regs 32 smem 0+4096"
    kernel lane=2 start_ns=1000300000 dur_ns=70 name=ncclDevKernel_AllReduce stream=7 correlation=2 context=1
    collective lane=3 start_ns=1000300000 dur_ns=70 op=AllReduce seq=5 bytes=400 dtype=float32 ranks=8 peer=-1 count=100 kernel=2
    range start_ns=1000000500 dur_ns=20000 name="load batch" domain=mine source=2
    counter start_ns=1000000000 name=proc.cpu_ns value=12.5 subject=100
  )");
  const Outcome outcome = run_export({"gpu", "--format", "chrome"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  expect_golden(outcome.out, "export_chrome.json");
}

TEST_F(Export, TheLedgerAsCsv) {
  const Outcome outcome = run_export({"run", "--format", "csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  expect_golden(outcome.out, "export_ledger.csv");
}

TEST_F(Export, AFileIsWhatStandardOutputWouldBe) {
  for (const std::string format : {"chrome", "csv", "parquet"}) {
    const Outcome printed = run_export({"run", "--format", format, "-o", "-"});
    const Outcome silent = run_export({"run", "--format", format, "-o", "out"});
    EXPECT_EQ(silent.exit_code, 0) << silent.err;
    EXPECT_EQ(silent.out + silent.err, "");
    EXPECT_EQ(read_bytes(dir_.file("out")), printed.out) << format;
    EXPECT_EQ(fs::status(dir_.file("out")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
}

TEST_F(Export, WithoutWhatTheFormatNeedsIsInconclusive) {
  const Outcome outcome = run_export({"run", "--format", "folded", "-o", "out"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(
      outcome.err,
      "stepscope: run: no Python stack was sampled; record with `stepscope record --python-samples 100`\n");
  EXPECT_FALSE(fs::exists(dir_.file("out")));
}

TEST_F(Export, MistakesThatOnlyTheRunTellsAreUsageErrors) {
  const Outcome kind = run_export({"run", "--format", "csv", "--kind", "kernels"});
  EXPECT_EQ(kind.exit_code, 2);
  EXPECT_THAT(kind.err, HasSubstr("export: there is no kind kernels; it is one of step_ledger, kernel, "));
  const Outcome rank = run_export({"run", "--format", "csv", "--rank", "7"});
  EXPECT_EQ(rank.exit_code, 2);
  EXPECT_THAT(rank.err, HasSubstr("run: it has no rank 7"));
}

TEST_F(Export, AFullDiskIsOneLineAndLeavesNoFile) {
  const Outcome full = in_shell(stepscope_path() + " export run --format chrome > /dev/full");
  EXPECT_EQ(full.exit_code, 5);
  EXPECT_THAT(full.err, HasSubstr("cannot write 'standard output': No space left on device; "));
  // A limit on the size of files stands in for a disk that fills up on the way.
  const Outcome filled = in_shell("trap '' XFSZ; ulimit -f 4; " + stepscope_path() +
                                  " export run --format csv --kind batch -o out && " + stepscope_path() +
                                  " export run --format chrome -o out");
  EXPECT_EQ(filled.exit_code, 5) << filled.err;
  EXPECT_THAT(filled.err, ::testing::MatchesRegex("stepscope: cannot write 'out': .*; .*\n"));
  EXPECT_EQ(read_bytes(dir_.file("out")).substr(0, 8), "process,") << "what was there stays";
  EXPECT_FALSE(fs::exists(dir_.file("out.tmp")));
}

TEST_F(Export, AReaderThatGoesAwayIsOneLine) {
  const Outcome outcome =
      in_shell("(sleep 1; " + stepscope_path() + " export run --format chrome; echo $? >&2) | true");
  EXPECT_THAT(
      outcome.err,
      ::testing::MatchesRegex("stepscope: cannot write 'standard output': its reader went away .*; .*\n5\n"));
}

TEST_F(Export, ParquetIsNotPrintedOnATerminal) {
  if (!has_terminals()) {
    GTEST_SKIP() << kNoTerminals;
  }
  Invocation invocation;
  invocation.command = {stepscope_path(), "export", "run", "--format", "parquet"};
  invocation.directory = dir_.path();
  invocation.on_terminal = true;
  const Outcome outcome = run(invocation);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, HasSubstr("parquet is not for terminals; name a file with -o"));
}

}  // namespace
}  // namespace stepscope::testing
