// SPDX-License-Identifier: Apache-2.0
//
// Every public Kineto trace there is beside the repository, of 2021 to 2026, NVIDIA and AMD: each is imported without a
// loss of data, and its ledger closes. Skipped where the folder is absent.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/diff.hpp"
#include "analyzer/import/byte_source.hpp"
#include "analyzer/import/import_run.hpp"
#include "analyzer/run.hpp"
#include "analyzer/selfcheck.hpp"
#include "analyzer/steps.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

namespace fs = std::filesystem;

class RealTraces : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const elsewhere = std::getenv("STEPSCOPE_SHARED_DATA");
    data_ = elsewhere != nullptr ? elsewhere : STEPSCOPE_SHARED_DATA;
    if (!fs::is_directory(data_)) {
      GTEST_SKIP() << "no public traces beside the repository";
    }
  }

  [[nodiscard]] std::vector<std::string> traces() const {
    std::vector<std::string> out;
    for (const char* const folder : {"hta", "kineto_tb_plugin", "tracelens"}) {
      for (const auto& entry : fs::recursive_directory_iterator(data_ / folder)) {
        const std::string path = entry.path().string();
        if (path.ends_with(".json") || path.ends_with(".json.gz")) {
          out.push_back(path);
        }
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  analysis::Run import(const std::string& trace, ImportedFile* file = nullptr) {
    const std::string directory = dir_.file("run" + std::to_string(runs_++));
    fs::create_directory(directory);
    trace::Result<ImportedRun> imported = import_run({trace}, directory, {});
    if (!imported.ok()) {
      throw std::runtime_error(imported.status().message());
    }
    if (file != nullptr) {
      *file = imported.value().files.front();
    }
    return std::move(analysis::Run::open(directory, {})).value();
  }

  // Counted without our parser: how often the trace says that an event is a kernel.
  static size_t kernels_in(const std::string& trace) {
    importing::ByteSource source = std::move(importing::ByteSource::open(trace)).value();
    std::string content;
    std::array<char, 65536> chunk = {};
    for (size_t got = 1; got > 0;) {
      got = source.read(chunk.data(), chunk.size()).value();
      content.append(chunk.data(), got);
    }
    size_t count = 0;
    for (const std::string word :
         {"\"cat\": \"kernel\"", "\"cat\": \"Kernel\"", "\"cat\":\"kernel\"", "\"cat\":\"Kernel\""}) {
      for (size_t at = content.find(word); at != std::string::npos; at = content.find(word, at + 1)) {
        ++count;
      }
    }
    return count;
  }

  fs::path data_;
  testing::TempDir dir_;
  int runs_ = 0;
};

TEST_F(RealTraces, AreImportedWholeAndTheirLedgersClose) {
  ASSERT_GE(traces().size(), 28U);
  size_t with_steps = 0;
  for (const std::string& path : traces()) {
    SCOPED_TRACE(path);
    ImportedFile file;
    const analysis::Run run = import(path, &file);
    EXPECT_FALSE(file.damaged);
    EXPECT_EQ(file.format, "kineto");
    EXPECT_EQ(run.kind_events(0, Kind::kKernel), kernels_in(path));
    for (const RunLoss& loss : run.losses()) {
      EXPECT_NE(loss.severity, "data_loss") << loss.counter;
    }
    const std::vector<Check> checks = selfcheck(run, {}).value();
    for (const Check& check : checks) {
      EXPECT_NE(check.state, CheckState::kFail) << check.name << ": " << check.detail;
    }
    const Ledger ledger = build_ledger(run, {}).value();
    EXPECT_EQ(ledger.residual_ns(), 0);
    with_steps += ledger.processes[0].steps.steps.empty() ? 0U : 1U;
  }
  EXPECT_GE(with_steps, 25U);
}

// Two processes on two H100s in one report.
TEST_F(RealTraces, AnExportOfNsightSystemsGivesARecordingPerProcess) {
  const std::string directory = dir_.file("nsys");
  fs::create_directory(directory);
  ASSERT_TRUE(import_run({data_ / "nsys_ai/h100_2gpu_1s.sqlite"}, directory, {}).ok());
  const analysis::Run run = std::move(analysis::Run::open(directory, {})).value();
  ASSERT_EQ(run.processes().size(), 2U);
  for (uint32_t process = 0; process < 2; ++process) {
    EXPECT_EQ(run.processes()[process].rank, static_cast<int32_t>(process));
    EXPECT_EQ(run.processes()[process].world_size, 2);
    EXPECT_EQ(run.kind_events(process, Kind::kKernel), 1721U);
    EXPECT_EQ(run.kind_events(process, Kind::kRange), 8391U);
  }
  EXPECT_TRUE(passed(selfcheck(run, {}).value()));
}

// ResNet-50 with four workers that load data and with none: only the loader was changed.
TEST_F(RealTraces, ADiffOfTheWorkersPairNamesTheLoader) {
  const fs::path folder = data_ / "kineto_tb_plugin";
  const analysis::Run four =
      import(folder / "resnet50_num_workers_4__worker0.1623212756351.pt.trace.json.gz");
  const analysis::Run none =
      import(folder / "resnet50_num_workers_0__worker0.1623143089861.pt.trace.json.gz");
  const analysis::Run* const base[] = {&four};
  const analysis::Run* const candidate[] = {&none};
  const Diff diff = diff_runs(base, candidate, {}).value();
  EXPECT_EQ(find_steps(four, {}).value().total(), 6U);
  EXPECT_EQ(diff.residual_ns, 0);
  EXPECT_GT(diff.delta_ns, 30'000'000);
  ASSERT_FALSE(diff.terms.empty());
  EXPECT_EQ(diff.terms[0].name, leaf::kDataOther);
  EXPECT_TRUE(diff.terms[0].flagged);
  for (size_t i = 1; i < diff.terms.size(); ++i) {
    EXPECT_LT(std::abs(diff.terms[i].delta_ns), diff.terms[0].delta_ns / 3) << diff.terms[i].name;
  }
}

// Two cycles of one profiler, on the same job: no kernel family may stand out.
TEST_F(RealTraces, ADiffOfTheSameJobBlamesNoKernel) {
  const fs::path folder = data_ / "kineto_tb_plugin";
  const analysis::Run first =
      import(folder / "resnet50_num_workers_4__worker0.1623212756351.pt.trace.json.gz");
  const analysis::Run second =
      import(folder / "resnet50_num_workers_4__worker0.1623213129365.pt.trace.json.gz");
  const analysis::Run* const base[] = {&first};
  const analysis::Run* const candidate[] = {&second};
  const Diff diff = diff_runs(base, candidate, {}).value();
  EXPECT_FALSE(diff.flagged);
  for (const Term& term : diff.terms) {
    EXPECT_FALSE(term.flagged) << term.name;
  }
}

}  // namespace
}  // namespace stepscope::analysis
