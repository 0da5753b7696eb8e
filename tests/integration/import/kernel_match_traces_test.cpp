// SPDX-License-Identifier: Apache-2.0
//
// The same model on an NVIDIA H100 and an AMD MI300X, as TraceLens published them: libraries, and so names of kernels, have
// little in common, operators everything. Skipped where the folder is absent.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyzer/import/import_run.hpp"
#include "analyzer/kernel_match.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/trace_builder.hpp"

namespace stepscope::analysis {
namespace {

namespace fs = std::filesystem;

constexpr double kSure = 0.8 - 1e-9;

// GPU time of both steps by tier, and of those kernels that no name is shared for.
struct Shares {
  double tiers[kMatchTierCount] = {};
  double sure = 0;             // with a confidence of at least 0.8
  double renamed = 0;          // of the whole, in kernels whose name the other run does not have
  double renamed_matched = 0;  // of these, matched by family or operator

  [[nodiscard]] double at_operator_level() const { return tiers[0] + tiers[1] + tiers[2]; }
};

class KernelMatchTraces : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const char* const elsewhere = std::getenv("STEPSCOPE_SHARED_DATA");
    data_ = fs::path(elsewhere != nullptr ? elsewhere : STEPSCOPE_SHARED_DATA) / "tracelens";
    if (!fs::is_directory(data_)) {
      GTEST_SKIP() << "no public traces beside the repository";
    }
  }

  KernelSample sample(const std::string& machine, TextPool* pool) {
    const fs::path directory = fs::path(dir_.path()) / machine;
    fs::create_directory(directory);
    trace::Result<ImportedRun> imported =
        import_run({(data_ / machine / (GetParam() + ".json.gz")).string()}, directory.string(), {});
    testing::require(imported.status());
    Result<analysis::Run> run = analysis::Run::open(directory.string(), {});
    testing::require(run.status());
    Result<Ledger> ledger = build_ledger(run.value(), {});
    testing::require(ledger.status());
    Result<KernelSample> sampled =
        sample_kernels(run.value(), plan_spread(run.value(), ledger.value(), {}), true, pool);
    testing::require(sampled.status());
    return std::move(sampled).value();
  }

  static Shares shares_of(const SampledStep& a, const SampledStep& b) {
    const SampledStep* const steps[2] = {&a, &b};
    std::set<uint32_t> names[2];
    double all = 0;
    for (const size_t side : {0U, 1U}) {
      for (const SampledKernel& kernel : steps[side]->kernels) {
        names[side].insert(kernel.name);
        all += static_cast<double>(kernel.exclusive_ns);
      }
    }
    Shares out;
    for (const KernelMatch& match : match_kernels(a, b)) {
      for (const size_t side : {0U, 1U}) {
        for (const uint32_t index : side == 0 ? match.base : match.candidate) {
          const SampledKernel& kernel = steps[side]->kernels[index];
          const double share = static_cast<double>(kernel.exclusive_ns) / all;
          out.tiers[static_cast<size_t>(match.tier)] += share;
          out.sure += match.confidence >= kSure ? share : 0;
          if (!names[1 - side].contains(kernel.name)) {
            out.renamed += share;
            out.renamed_matched += match.tier <= MatchTier::kOperator ? share : 0;
          }
        }
      }
    }
    return out;
  }

 private:
  fs::path data_;
  testing::TempDir dir_;
};

TEST_P(KernelMatchTraces, FindsTheSameOperatorsBehindOtherNames) {
  TextPool pool;
  const KernelSample h100 = sample("h100", &pool);
  const KernelSample mi300 = sample("mi300", &pool);
  ASSERT_EQ(h100.steps.size(), 1U);
  ASSERT_EQ(mi300.steps.size(), 1U);
  EXPECT_TRUE(h100.operators && mi300.operators);
  const Shares shares = shares_of(h100.steps[0], mi300.steps[0]);
  std::cout << fmt::format(
      "{}: {:.1f} % of the GPU time matched at the level of operators, {:.1f} % with a confidence of 0.8 or "
      "more (exact {:.1f}, family {:.1f}, operator "
      "{:.1f}; group {:.1f}, new {:.1f}, gone {:.1f}); {:.1f} % is in kernels of other names, {:.1f} % of "
      "that "
      "matched\n",
      GetParam(), 100 * shares.at_operator_level(), 100 * shares.sure, 100 * shares.tiers[0],
      100 * shares.tiers[1], 100 * shares.tiers[2], 100 * shares.tiers[3], 100 * shares.tiers[4],
      100 * shares.tiers[5], 100 * shares.renamed, 100 * shares.renamed_matched / shares.renamed);
  EXPECT_GE(shares.at_operator_level(), 0.9);
  EXPECT_GE(shares.sure, 0.95) << "by operators with their shapes";
  EXPECT_GE(shares.renamed_matched, 0.9 * shares.renamed);
}

INSTANTIATE_TEST_SUITE_P(TraceLens, KernelMatchTraces,
                         ::testing::Values("Falconsai_nsfw_image_detection__1016002",
                                           "Qwen_Qwen1.5-0.5B-Chat__1016005",
                                           "gaunernst_bert-small-uncased__1016001"),
                         [](const auto& pair) { return "Pair" + std::to_string(pair.index); });

}  // namespace
}  // namespace stepscope::analysis
