// SPDX-License-Identifier: Apache-2.0
//
// Two runs of a few kernels per step, written event by event: what the kernel terms of their diff are made of.
#include "analyzer/diff_kernels.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/diff_by.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// One kernel of every step: when it starts and how long it runs, in us from the start of the step of 2 ms.
struct Planned {
  const char* name;
  int64_t at_us;
  int64_t dur_us;
  const char* op = nullptr;
  uint32_t lane = 2;
  int64_t only_step = -1;  // in this step alone
};

constexpr const char* kBias =
    "\"void at::native::elementwise_kernel<128, 4, at::native::AddFunctor<float> >()\"";
constexpr const char* kAct =
    "\"void at::native::elementwise_kernel<128, 4, at::native::GeluFunctor<float> >()\"";
constexpr const char* kScale =
    "\"void at::native::elementwise_kernel<128, 4, at::native::MulFunctor<float> >()\"";
constexpr const char* kProduct = "sm90_xmma_gemm_f32f32_tn_n_tilesize128x128x64_cublas";
constexpr const char* kReduce = "ncclDevKernel_AllReduce_Sum_f32_RING_LL";

class DiffKernelsTest : public RunTest {
 protected:
  struct Compared {
    Ledger ledgers[2];
    Evidence evidence[2];
    std::vector<AnalyzedRun> sides[2];
    Diff diff;
    KernelDiff kernels;
  };

  analysis::Run run_of(const std::string& name, const std::vector<Planned>& kernels, int64_t steps = 12) {
    std::string text = "lane 2 stream \"GPU 0 stream 7\"\nlane 3 stream \"GPU 0 stream 13\"\n";
    int64_t correlation = 0;
    for (int64_t step = 0; step <= steps; ++step) {
      text += fmt::format("step start_ns={}us index={} source=1\n", step * 2000, step);
      for (const Planned& one : kernels) {
        if (step == steps) {
          break;
        }
        if (one.only_step >= 0 && one.only_step != step) {
          continue;
        }
        const int64_t at = step * 2000 + one.at_us;
        ++correlation;
        text += fmt::format("cuda_api lane=1 start_ns={}us dur_ns=2us name=cudaLaunchKernel correlation={}\n",
                            at - 5, correlation);
        text += fmt::format("kernel lane={} start_ns={}us dur_ns={}us name={} stream={} correlation={}\n",
                            one.lane, at, one.dur_us, one.name, one.lane == 2 ? 7 : 13, correlation);
        if (one.op != nullptr) {
          text += fmt::format("range lane=1 start_ns={}us dur_ns=6us name={} category=cpu_op source=5\n",
                              at - 7, one.op);
        }
      }
    }
    return process(name, text);
  }

  static void compare(const analysis::Run& base, const analysis::Run& candidate, Compared* out) {
    for (const size_t side : {0U, 1U}) {
      const analysis::Run& run = side == 0 ? base : candidate;
      out->ledgers[side] = ledger_of(run);
      out->evidence[side] = gather_evidence(run, out->ledgers[side]).value();
      out->sides[side] = {{&run, &out->ledgers[side], &out->evidence[side]}};
    }
    out->diff = diff_analyzed(out->sides[0], out->sides[1], {}).value();
    out->kernels = diff_kernels(out->sides[0], out->sides[1], out->diff).value();
    expect_closed(*out);
  }

  // Groups add up to the kernel terms, rows of every kind to the step.
  static void expect_closed(const Compared& compared) {
    const int64_t terms = std::accumulate(
        compared.diff.terms.begin(), compared.diff.terms.end(), int64_t{0},
        [](int64_t sum, const Term& term) { return sum + (is_kernel_leaf(term.name) ? term.delta_ns : 0); });
    int64_t groups = 0;
    for (const KernelGroup& group : compared.kernels.groups) {
      groups += group.delta_ns;
    }
    EXPECT_EQ(groups, terms);
    EXPECT_EQ(compared.kernels.delta_ns, terms);
    for (const std::string_view name : kDiffByNames) {
      const auto rows = diff_by(compared.sides[0], compared.sides[1], compared.diff, compared.kernels,
                                parse_diff_by(name).value());
      int64_t sum = 0;
      for (const DiffRow& row : rows.value()) {
        sum += row.delta_ns;
      }
      EXPECT_EQ(sum, compared.diff.delta_ns) << "by " << name;
    }
  }

  static int64_t row_of(const Compared& compared, DiffBy by, std::string_view name) {
    const auto rows =
        diff_by(compared.sides[0], compared.sides[1], compared.diff, compared.kernels, by).value();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [name](const DiffRow& row) { return row.name == name; });
    return found == rows.end() ? 0 : found->delta_ns;
  }

  static int64_t term_ns(const Diff& diff, std::string_view name) {
    const auto found = std::find_if(diff.terms.begin(), diff.terms.end(),
                                    [name](const Term& term) { return term.name == name; });
    return found == diff.terms.end() ? 0 : found->delta_ns;
  }
};

TEST_F(DiffKernelsTest, AFusionIsOneGroupOverBothItsTerms) {
  const auto eager = run_of(
      "eager",
      {{kProduct, 10, 200}, {kBias, 220, 90}, {kAct, 320, 100}, {kScale, 430, 80}, {kProduct, 520, 200}});
  const auto fused = run_of(
      "fused", {{kProduct, 10, 200}, {"triton_poi_fused_add_gelu_mul_3", 220, 120}, {kProduct, 520, 200}});
  Compared c;
  compare(eager, fused, &c);
  const KernelGroup& group = c.kernels.groups.at(0);
  EXPECT_EQ(group.tier, MatchTier::kGroup);
  EXPECT_EQ(group.change, "fused");
  EXPECT_DOUBLE_EQ(group.confidence, 0.6);
  EXPECT_THAT(group.base, SizeIs(3));
  ASSERT_THAT(group.candidate, SizeIs(1));
  EXPECT_EQ(group.candidate[0].per_step, 1.0);
  EXPECT_EQ(group.base_ns, 270000);
  EXPECT_EQ(group.candidate_ns, 120000);
  EXPECT_EQ(group.delta_ns, -150000);
  EXPECT_THAT(group.leaves, ElementsAre("compute/elementwise", "compute/triton/add_gelu_mul"));
  ASSERT_NE(c.kernels.tier_of("compute/elementwise"), nullptr);
  EXPECT_EQ(*c.kernels.tier_of("compute/elementwise"), MatchTier::kGroup);
  EXPECT_EQ(*c.kernels.tier_of("compute/gemm"), MatchTier::kExact);
  EXPECT_EQ(c.kernels.tier_of("idle.unknown"), nullptr);
}

TEST_F(DiffKernelsTest, OneKernelOfAFamilyCarriesItsChange) {
  const auto base = run_of("base", {{kBias, 10, 100}, {kAct, 120, 100}, {kScale, 230, 100}});
  const auto slow = run_of("slow", {{kBias, 10, 100}, {kAct, 120, 100}, {kScale, 230, 160}});
  Compared c;
  compare(base, slow, &c);
  EXPECT_EQ(c.kernels.groups.at(0).label, "elementwise MulFunctor");
  EXPECT_EQ(c.kernels.groups.at(0).delta_ns, 60000);
  EXPECT_EQ(c.kernels.groups.at(1).delta_ns, 0);
  EXPECT_EQ(row_of(c, DiffBy::kKernel, "elementwise MulFunctor"), 60000);
  EXPECT_EQ(row_of(c, DiffBy::kLane, "GPU 0 stream 7"), 60000);
  EXPECT_EQ(row_of(c, DiffBy::kRank, "rank 0"), 0) << "what the kernel took the idle time lost";
}

TEST_F(DiffKernelsTest, OperatorsNameWhatNamesOfKernelsCannot) {
  const auto base =
      run_of("nvidia", {{kProduct, 10, 100, "aten::mm"}, {"softmax_warp_forward", 120, 50, "aten::softmax"}});
  const auto other = run_of("amd", {{"Cijk_Alik_Bljk_SB_MT128x64", 10, 150, "aten::mm"},
                                    {"softmax_warp_forward", 170, 50, "aten::softmax"}});
  Compared c;
  compare(base, other, &c);
  EXPECT_TRUE(c.kernels.operators);
  EXPECT_EQ(c.kernels.groups.at(0).tier, MatchTier::kOperator);
  EXPECT_EQ(c.kernels.groups.at(0).op, "aten::mm");
  EXPECT_EQ(c.kernels.groups.at(0).delta_ns, 50000);
  EXPECT_EQ(row_of(c, DiffBy::kOperator, "aten::mm"), 50000);
  EXPECT_EQ(row_of(c, DiffBy::kOperator, "aten::softmax"), 0);
  EXPECT_DOUBLE_EQ(c.kernels.tier_shares[static_cast<size_t>(MatchTier::kOperator)], 250.0 / 350.0);
}

TEST_F(DiffKernelsTest, OneMoreOfAKernelStaysInItsGroup) {
  const auto base = run_of("base", {{kAct, 10, 100}, {kProduct, 120, 100}});
  const auto more = run_of("more", {{kAct, 10, 100}, {kProduct, 120, 100}, {kAct, 230, 100}});
  Compared c;
  compare(base, more, &c);
  ASSERT_THAT(c.kernels.groups, SizeIs(2));
  EXPECT_EQ(c.kernels.groups[0].label, "elementwise GeluFunctor");
  EXPECT_EQ(c.kernels.groups[0].change, "same");
  EXPECT_EQ(c.kernels.groups[0].delta_ns, 100000);
  EXPECT_EQ(c.kernels.groups[0].base[0].per_step, 1.0);
  EXPECT_EQ(c.kernels.groups[0].candidate[0].per_step, 2.0);
}

TEST_F(DiffKernelsTest, OperatorsWithTheSameKernelsAreGroupsOfTheirOwn) {
  const char* const other = "Cijk_Alik_Bljk_SB_MT128x64";
  const auto base = run_of("base", {{kProduct, 10, 100, "aten::mm"}, {kProduct, 120, 100, "aten::bmm"}});
  const auto now = run_of("now", {{other, 10, 160, "aten::mm"}, {other, 180, 110, "aten::bmm"}});
  Compared c;
  compare(base, now, &c);
  ASSERT_THAT(c.kernels.groups, SizeIs(2));
  EXPECT_EQ(c.kernels.groups[0].op, "aten::mm");
  EXPECT_EQ(c.kernels.groups[0].delta_ns, 60000);
  EXPECT_EQ(c.kernels.groups[1].op, "aten::bmm");
  EXPECT_EQ(c.kernels.groups[1].delta_ns, 10000);
}

// Most of the family's time is one kernel that stays as it is; what changed was fused, most of it launched by gelu.
TEST_F(DiffKernelsTest, ATermsTierIsThatOfItsChange) {
  const auto base = run_of("base", {{kScale, 10, 600, "aten::mul"},
                                    {kProduct, 620, 50, "aten::mm"},
                                    {kBias, 680, 40, "aten::add"},
                                    {kAct, 730, 100, "aten::gelu"},
                                    {kProduct, 840, 50, "aten::mm"}});
  const auto fused = run_of("fused", {{kScale, 10, 600, "aten::mul"},
                                      {kProduct, 620, 50, "aten::mm"},
                                      {"triton_poi_fused_add_gelu_3", 680, 60, "CompiledFunction"},
                                      {kProduct, 840, 50, "aten::mm"}});
  Compared c;
  compare(base, fused, &c);
  EXPECT_EQ(*c.kernels.tier_of("compute/elementwise"), MatchTier::kGroup);
  EXPECT_EQ(c.kernels.groups.at(0).op, "aten::gelu");
}

TEST_F(DiffKernelsTest, ALeafThatNoStepLookedAtHasIsARowOfItsOwn) {
  const auto base = run_of("base", {{kProduct, 10, 100}});
  const auto now = run_of("now", {{kProduct, 10, 100}, {"softmax_warp_forward", 200, 110, nullptr, 2, 3}});
  Compared c;
  compare(base, now, &c);
  EXPECT_EQ(c.kernels.groups.at(0).label, "compute/softmax (not in the steps looked at)");
  EXPECT_EQ(c.kernels.groups.at(0).delta_ns, 10000) << "110 us in one of eleven steps";
}

// The reduction ends when it ends; what computes beside it may take its time.
TEST_F(DiffKernelsTest, KernelsThatGrowBesideCommunicationAreHidden) {
  const auto base = run_of("base", {{kProduct, 10, 200}, {kReduce, 220, 1500, nullptr, 3}, {kAct, 230, 200}});
  const auto grown =
      run_of("grown", {{kProduct, 10, 200}, {kReduce, 220, 1500, nullptr, 3}, {kAct, 230, 1200}});
  Compared c;
  compare(base, grown, &c);
  EXPECT_EQ(c.diff.delta_ns, 0);
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), 0);
  EXPECT_EQ(term_ns(c.diff, "comm.exposed/all_reduce"), 0);
  ASSERT_THAT(c.diff.hidden, SizeIs(1));
  EXPECT_EQ(c.diff.hidden[0].name, "compute/elementwise");
  EXPECT_EQ(c.diff.hidden[0].delta_ns, 1000000);
}

TEST_F(DiffKernelsTest, NoMoreIsHiddenThanCommunicationIsExposedLess) {
  const auto base = run_of("base", {{kProduct, 10, 200}, {kReduce, 220, 1000, nullptr, 3}, {kAct, 230, 200}});
  const auto grown =
      run_of("grown", {{kProduct, 10, 200}, {kReduce, 220, 1300, nullptr, 3}, {kAct, 230, 1200}});
  Compared c;
  compare(base, grown, &c);
  ASSERT_THAT(c.diff.hidden, SizeIs(1));
  EXPECT_EQ(c.diff.hidden[0].delta_ns, 700000) << "the exchange took 0.3 ms longer";
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), 300000);
  EXPECT_EQ(term_ns(c.diff, "comm.exposed/all_reduce"), 0);
}

// It grew by 0.6 ms in all, and went on beside the reduction with all of it.
TEST_F(DiffKernelsTest, NoFamilyHidesMoreThanItGrew) {
  const auto base = run_of("base", {{kAct, 10, 500}, {kReduce, 520, 1200, nullptr, 3}});
  const auto grown = run_of("grown", {{kReduce, 520, 1200, nullptr, 3}, {kAct, 530, 1100}});
  Compared c;
  compare(base, grown, &c);
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), 0);
  EXPECT_EQ(term_ns(c.diff, "comm.exposed/all_reduce"), -500000);
}

TEST_F(DiffKernelsTest, WhatHasAlwaysRunBesideCommunicationDidNotGrowThere) {
  const auto base = run_of("base", {{kAct, 10, 200}, {kReduce, 220, 1500, nullptr, 3}, {kAct, 230, 700}});
  const auto grown = run_of("grown", {{kAct, 10, 1000}, {kReduce, 1020, 720, nullptr, 3}, {kAct, 1030, 700}});
  Compared c;
  compare(base, grown, &c);
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), 800000);
  EXPECT_EQ(term_ns(c.diff, "comm.exposed/all_reduce"), -780000);
}

// One kernel took another's place beside the reduction, which became faster: there is as much beside it as before.
TEST_F(DiffKernelsTest, AnotherKernelBesideCommunicationIsNoGrowth) {
  const auto base = run_of("base", {{kReduce, 20, 1900, nullptr, 3}, {kAct, 30, 1000}});
  const auto now = run_of("now", {{kReduce, 20, 1100, nullptr, 3}, {"softmax_warp_forward", 30, 1000}});
  Compared c;
  compare(base, now, &c);
  EXPECT_EQ(term_ns(c.diff, "compute/softmax"), 1000000);
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), -1000000);
  EXPECT_EQ(term_ns(c.diff, "comm.exposed/all_reduce"), -800000);
  EXPECT_TRUE(c.diff.hidden.empty());
}

// Below the minimum effect of 0.5 ms: as a whole, and where most of the growth was in the open.
TEST_F(DiffKernelsTest, LittleIsNotHidden) {
  const auto base = run_of("base", {{kProduct, 10, 200}, {kReduce, 220, 1500, nullptr, 3}, {kAct, 230, 200}});
  const auto grown =
      run_of("grown", {{kProduct, 10, 200}, {kReduce, 220, 1500, nullptr, 3}, {kAct, 230, 500}});
  Compared c;
  compare(base, grown, &c);
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), 300000);
  EXPECT_TRUE(c.diff.hidden.empty());
  const auto mostly_open =
      run_of("open", {{kProduct, 10, 800}, {kReduce, 820, 900, nullptr, 3}, {kAct, 830, 500}});
  Compared d;
  compare(base, mostly_open, &d);
  EXPECT_EQ(term_ns(d.diff, "compute/elementwise"), 300000);
  EXPECT_TRUE(d.diff.hidden.empty());
}

// The same changes of the leaves, but the kernel grew where nothing ran beside it, and the network became faster.
TEST_F(DiffKernelsTest, GrowthInTheOpenIsNotHidden) {
  const auto base = run_of("base", {{kAct, 10, 200}, {kReduce, 220, 1500, nullptr, 3}});
  const auto grown = run_of("grown", {{kAct, 10, 1200}, {kReduce, 1220, 500, nullptr, 3}});
  Compared c;
  compare(base, grown, &c);
  EXPECT_EQ(term_ns(c.diff, "compute/elementwise"), 1000000);
  EXPECT_EQ(term_ns(c.diff, "comm.exposed/all_reduce"), -1000000);
  EXPECT_TRUE(c.diff.hidden.empty());
}

// The graph of the base is recorded as a whole in the steps that are compared: its kernels are those of its first launches.
TEST_F(DiffKernelsTest, KernelsOfAGraphAreFoundAgainWithoutIt) {
  ::stepscope::testing::write_gpu_job(path("graph"),
                                      "steps=20 kernels=60 kernel=100us graph=2 node_gap=5us comm=0");
  ::stepscope::testing::write_gpu_job(path("loose"), "steps=20 kernels=60 kernel=110us comm=0");
  Compared both;
  const analysis::Run graph = open("graph");
  const analysis::Run loose = open("loose");
  compare(graph, loose, &both);
  EXPECT_NEAR(both.kernels.tier_shares[0], 1.0, 1e-9) << "all by their names";
  for (const KernelGroup& group : both.kernels.groups) {
    EXPECT_EQ(group.change, "same") << group.label;
    EXPECT_THAT(group.label, ::testing::Not(::testing::HasSubstr("CUDA graph")));
    EXPECT_NEAR(static_cast<double>(group.candidate_ns) / static_cast<double>(group.base_ns), 1.1, 0.02)
        << group.label;
  }
  EXPECT_NEAR(static_cast<double>(term_ns(both.diff, leaf::kIdleGraph)), -49 * 5000, 12000);
}

TEST_F(DiffKernelsTest, WithoutKernelsThereIsNothingToMatch) {
  const auto run = run_of("host", {});
  Compared c;
  compare(run, run, &c);
  EXPECT_FALSE(c.kernels.known);
  EXPECT_TRUE(c.kernels.groups.empty());
}

// Handed out in whole ns, whatever the proportions.
TEST(DiffBreakdown, PartsOfATermAddUpToIt) {
  Diff diff;
  Term term;
  term.name = "compute/gemm";
  term.base_ns = 100;
  term.candidate_ns = 201;
  term.delta_ns = 90;  // 11 of it are hidden
  diff.terms.push_back(term);
  const PartWeights base = {{"compute/gemm", {{1, 1}, {2, 1}, {3, 1}}}};
  const PartWeights candidate = {{"compute/gemm", {{1, 1}, {4, 6}}}};
  int64_t before = 0;
  int64_t now = 0;
  int64_t delta = 0;
  for (const PartChange& part : break_down(diff, base, candidate, &is_kernel_leaf)) {
    EXPECT_EQ(part.term, "compute/gemm");
    before += part.base_ns;
    now += part.candidate_ns;
    delta += part.delta_ns;
  }
  EXPECT_EQ(before, 100);
  EXPECT_EQ(now, 201);
  EXPECT_EQ(delta, 90);
}

}  // namespace
}  // namespace stepscope::analysis
