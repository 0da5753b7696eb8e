// SPDX-License-Identifier: Apache-2.0
//
// Steps written as lists of kernels, and which of them are taken for each other.
#include "analyzer/kernel_match.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class KernelMatchTest : public ::testing::Test {
 protected:
  // A kernel by its name, launched by an operator with a shape where one is given.
  void launch(SampledStep* step, std::string_view name, std::string_view op = {},
              std::string_view shapes = {}) {
    SampledKernel kernel;
    const KernelName described = describe_kernel(name);
    kernel.name = pool_.id(described.demangled);
    kernel.normalised = pool_.id(described.normalised);
    kernel.family = described.family;
    kernel.signature = pool_.id("grid 8x1x1");
    kernel.place.op = kernel.place.outer_op = pool_.id(op);
    kernel.place.op_shapes = kernel.place.outer_op_shapes = pool_.id(shapes);
    kernel.place.op_call = kernel.place.outer_op_call = op.empty() ? 0 : call_;
    step->kernels.push_back(kernel);
  }
  void next_call() { ++call_; }

  // The last kernel was launched by its operator inside a call of this one.
  void inside(SampledStep* step, std::string_view op, std::string_view shapes, uint32_t call) {
    LaunchPlace& place = step->kernels.back().place;
    place.outer_op = pool_.id(op);
    place.outer_op_shapes = pool_.id(shapes);
    place.outer_op_call = call;
  }

  static const KernelMatch& match_of(const std::vector<KernelMatch>& matches, uint32_t base) {
    return *std::find_if(matches.begin(), matches.end(), [base](const KernelMatch& one) {
      return std::find(one.base.begin(), one.base.end(), base) != one.base.end();
    });
  }

  SampledStep step(std::initializer_list<const char*> names) {
    SampledStep out;
    for (const char* name : names) {
      launch(&out, name);
    }
    return out;
  }

  // Matches of a tier other than exact.
  static std::vector<KernelMatch> changed(const SampledStep& a, const SampledStep& b) {
    std::vector<KernelMatch> out;
    size_t seen[2] = {0, 0};
    for (KernelMatch& match : match_kernels(a, b)) {
      seen[0] += match.base.size();
      seen[1] += match.candidate.size();
      if (match.tier != MatchTier::kExact) {
        out.push_back(std::move(match));
      }
    }
    EXPECT_EQ(seen[0], a.kernels.size()) << "every kernel is in one match";
    EXPECT_EQ(seen[1], b.kernels.size());
    return out;
  }

  static auto match(MatchTier tier, std::vector<uint32_t> base, std::vector<uint32_t> candidate) {
    return AllOf(Field(&KernelMatch::tier, tier), Field(&KernelMatch::base, std::move(base)),
                 Field(&KernelMatch::candidate, std::move(candidate)));
  }

  TextPool pool_;
  uint32_t call_ = 1;
};

constexpr const char* kNorm = "vectorized_layer_norm_kernel";
constexpr const char* kAdd =
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float> >()";
constexpr const char* kMul =
    "void at::native::vectorized_elementwise_kernel<4, at::native::MulFunctor<float> >()";
constexpr const char* kGelu =
    "void at::native::vectorized_elementwise_kernel<4, at::native::GeluFunctor<float> >()";
constexpr const char* kWide = "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x256x64_cublas";
constexpr const char* kNarrow = "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize64x128x64_cublas";

TEST_F(KernelMatchTest, TheSameStepMatchesExactly) {
  const SampledStep a = step({kNorm, kWide, kAdd, kWide});
  const std::vector<KernelMatch> matches = match_kernels(a, a);
  ASSERT_EQ(matches.size(), 4U);
  for (const KernelMatch& one : matches) {
    EXPECT_EQ(one.tier, MatchTier::kExact);
    EXPECT_EQ(one.base, one.candidate);
    EXPECT_EQ(one.confidence, 1.0);
  }
}

TEST_F(KernelMatchTest, AnotherLaunchConfigurationCostsALittleConfidence) {
  const SampledStep a = step({kNorm});
  SampledStep b = a;
  b.kernels[0].signature = pool_.id("grid 16x1x1");
  const std::vector<KernelMatch> matches = match_kernels(a, b);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].tier, MatchTier::kExact);
  EXPECT_DOUBLE_EQ(matches[0].confidence, 0.95);
}

// The head still has the old tile: by name alone the MLP's products would be "fewer of the one, more of the other".
TEST_F(KernelMatchTest, AnotherTileOfTheSameProductIsOfTheFamily) {
  EXPECT_THAT(changed(step({kNorm, kWide, kAdd, kWide, kMul, kWide}),
                      step({kNorm, kNarrow, kAdd, kNarrow, kMul, kWide})),
              ElementsAre(match(MatchTier::kFamily, {1}, {1}), match(MatchTier::kFamily, {3}, {3})));
}

TEST_F(KernelMatchTest, RenumberedTritonAndRenamedNcclAreOfTheFamily) {
  EXPECT_THAT(
      changed(step({"triton_poi_fused_add_mul_7", "ncclKernel_AllReduce_RING_LL_Sum_float(ncclDevComm*)"}),
              step({"triton_poi_fused_add_mul_12",
                    "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgs)"})),
      ElementsAre(match(MatchTier::kFamily, {0}, {0}), match(MatchTier::kFamily, {1}, {1})));
}

TEST_F(KernelMatchTest, ThreeKernelsThatBecameOneAreAGroupAndBack) {
  const SampledStep eager = step({kNorm, kAdd, kGelu, kMul, kWide});
  const SampledStep fused = step({kNorm, "triton_poi_fused_add_gelu_mul_0", kWide});
  EXPECT_THAT(changed(eager, fused), ElementsAre(match(MatchTier::kGroup, {1, 2, 3}, {1})));
  EXPECT_THAT(changed(fused, eager), ElementsAre(match(MatchTier::kGroup, {1}, {1, 2, 3})));
}

TEST_F(KernelMatchTest, WhatSharesNothingIsGoneAndNew) {
  EXPECT_THAT(changed(step({kNorm, "softmax_warp_forward", kWide}), step({kNorm, kWide, "flash_fwd_kernel"})),
              UnorderedElementsAre(match(MatchTier::kGone, {1}, {}), match(MatchTier::kNew, {}, {2})));
  EXPECT_THAT(changed(step({kNorm, "softmax_warp_forward", kWide}), step({kNorm, "flash_fwd_kernel", kWide})),
              UnorderedElementsAre(match(MatchTier::kGone, {1}, {}), match(MatchTier::kNew, {}, {1})))
      << "the same neighbours alone prove nothing";
}

TEST_F(KernelMatchTest, OneMoreOfAKnownKernelIsNotNew) {
  EXPECT_THAT(changed(step({kNorm, kWide}), step({kNorm, kWide, kNorm})), IsEmpty());
  const std::vector<KernelMatch> matches = match_kernels(step({kNorm, kWide}), step({kNorm, kWide, kNorm}));
  EXPECT_DOUBLE_EQ(matches.back().confidence, 0.7) << "but less sure";
}

TEST_F(KernelMatchTest, LargeGroupsAreLessSureAndEnormousOnesAreNone) {
  const auto between = [this](size_t kernels) {
    SampledStep out = step({kNorm});
    for (size_t i = 0; i < kernels; ++i) {
      launch(&out, i % 2 == 0 ? kAdd : kMul);
    }
    launch(&out, kWide);
    return out;
  };
  const SampledStep fused = step({kNorm, "triton_poi_fused_add_mul_0", kWide});
  EXPECT_DOUBLE_EQ(match_of(match_kernels(between(8), fused), 1).confidence, 0.6);
  EXPECT_DOUBLE_EQ(match_of(match_kernels(between(9), fused), 1).confidence, 0.4);
  EXPECT_EQ(match_of(match_kernels(between(64), fused), 1).tier, MatchTier::kGroup);
  EXPECT_EQ(match_of(match_kernels(between(65), fused), 1).tier, MatchTier::kGone);
}

TEST_F(KernelMatchTest, AnotherOrderIsMatchedWithLessConfidence) {
  const std::vector<KernelMatch> matches =
      match_kernels(step({kNorm, kWide, kAdd}), step({kWide, kAdd, kNorm}));
  ASSERT_EQ(matches.size(), 3U);
  const auto moved = std::find_if(matches.begin(), matches.end(), [](const KernelMatch& one) {
    return one.base == std::vector<uint32_t>{0};
  });
  ASSERT_NE(moved, matches.end());
  EXPECT_EQ(moved->tier, MatchTier::kExact);
  EXPECT_EQ(moved->candidate, std::vector<uint32_t>{2});
  EXPECT_DOUBLE_EQ(moved->confidence, 0.75);
}

// One convolution is four kernels of cuDNN and two of MIOpen.
TEST_F(KernelMatchTest, TheOperatorTellsWhereNoNameIsShared) {
  SampledStep a;
  SampledStep b;
  for (const char* name : {"nchwToNhwcKernel", "sm90_xmma_fprop_implicit_gemm", "nhwcToNchwKernel"}) {
    launch(&a, name, "aten::conv2d", "[[4,3,224,224],[768,3,16,16]]");
  }
  for (const char* name : {"SubTensorOpWithScalar1d", "miopenSp3AsmConv"}) {
    launch(&b, name, "aten::conv2d", "[[4,3,224,224],[768,3,16,16]]");
  }
  next_call();
  launch(&a, kWide, "aten::mm", "[[64,768],[768,768]]");
  launch(&b, "Cijk_Alik_Bljk_BBS_BH_MT256x192x64_SN", "aten::mm", "[[64,768],[768,768]]");
  EXPECT_THAT(changed(a, b), ElementsAre(match(MatchTier::kOperator, {0, 1, 2}, {0, 1}),
                                         match(MatchTier::kOperator, {3}, {2})));
}

TEST_F(KernelMatchTest, OtherShapesAreLessSure) {
  SampledStep a;
  SampledStep b;
  launch(&a, kWide, "aten::mm", "[[64,768],[768,768]]");
  launch(&b, "Cijk_Alik_Bljk_BBS_BH_MT256x192x64_SN", "aten::mm", "[[32,768],[768,768]]");
  const std::vector<KernelMatch> matches = match_kernels(a, b);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].tier, MatchTier::kOperator);
  EXPECT_DOUBLE_EQ(matches[0].confidence, 0.6);
}

TEST_F(KernelMatchTest, AnOperatorWithoutShapesIsLessSureToo) {
  SampledStep a;
  SampledStep b;
  launch(&a, kWide, "aten::mm");
  launch(&b, "Cijk_Alik_Bljk_BBS_BH_MT256x192x64_SN", "aten::mm");
  EXPECT_NEAR(match_kernels(a, b).at(0).confidence, 0.6, 1e-9);
  for (SampledStep* const side : {&a, &b}) {
    launch(side, kNorm, "aten::layer_norm");
    launch(side, kAdd, "aten::add");
  }
  std::rotate(b.kernels.begin(), b.kernels.begin() + 1, b.kernels.end());
  EXPECT_NEAR(match_of(match_kernels(a, b), 0).confidence, 0.4, 1e-9) << "out of order";
}

// aten::linear is a copy and a product on both sides, under other names: each stands for its own.
TEST_F(KernelMatchTest, TheInnermostOperatorTellsMoreThanTheOutermost) {
  SampledStep a;
  SampledStep b;
  for (SampledStep* const one : {&a, &b}) {
    launch(one, one == &a ? "nchwToNhwcKernel" : "SubTensorOpWithScalar1d", "aten::copy_", "[[4]]");
    inside(one, "aten::linear", "[[4],[4]]", 9);
    next_call();
    launch(one, one == &a ? kWide : "Cijk_Alik_Bljk_BBS_BH_MT256x192x64_SN", "aten::addmm", "[[4]]");
    inside(one, "aten::linear", "[[4],[4]]", 9);
  }
  EXPECT_THAT(changed(a, b),
              ElementsAre(match(MatchTier::kOperator, {0}, {0}), match(MatchTier::kOperator, {1}, {1})));
  std::swap(b.kernels[0], b.kernels[1]);
  EXPECT_THAT(changed(a, b), UnorderedElementsAre(match(MatchTier::kOperator, {0}, {1}),
                                                  match(MatchTier::kOperator, {1}, {0})))
      << "in another order, too";
}

// What the program called is the same, what the library made of it is not.
TEST_F(KernelMatchTest, TheOutermostOperatorTellsWhereTheInnermostOnesDiffer) {
  SampledStep a;
  SampledStep b;
  launch(&a, kWide, "aten::addmm", "[[4]]");
  inside(&a, "aten::linear", "[[8]]", 9);
  launch(&b, "Cijk_Alik_Bljk_BBS_BH_MT256x192x64_SN", "aten::mm", "[[5]]");
  inside(&b, "aten::linear", "[[8]]", 9);
  EXPECT_THAT(changed(a, b), ElementsAre(match(MatchTier::kOperator, {0}, {0})));
  EXPECT_DOUBLE_EQ(match_kernels(a, b).at(0).confidence, 0.8);
}

TEST_F(KernelMatchTest, TwoCallsOfAnOperatorAreTwoUnits) {
  SampledStep a;
  SampledStep b;
  for (int call = 0; call < 2; ++call) {
    launch(&a, "nchwToNhwcKernel", "aten::conv2d", "[[4]]");
    launch(&a, "sm90_xmma_fprop_implicit_gemm", "aten::conv2d", "[[4]]");
    launch(&b, "miopenSp3AsmConv", "aten::conv2d", "[[4]]");
    next_call();
  }
  EXPECT_THAT(changed(a, b), ElementsAre(match(MatchTier::kOperator, {0, 1}, {0}),
                                         match(MatchTier::kOperator, {2, 3}, {1})));
}

TEST_F(KernelMatchTest, OperatorsThatOnlyOneSideKnowsAreNotAskedFor) {
  SampledStep a;
  launch(&a, kNorm, "aten::layer_norm");
  launch(&a, kWide, "aten::mm");
  for (const KernelMatch& one : match_kernels(a, step({kNorm, kWide}))) {
    EXPECT_EQ(one.tier, MatchTier::kExact);
    EXPECT_DOUBLE_EQ(one.confidence, 1.0);
  }
}

// The first kernel of the base stands last in the candidate: each way of telling that it is the same, from the best down.
TEST_F(KernelMatchTest, WhatIsLeftOverIsMatchedByEveryTierWithLessConfidence) {
  struct Case {
    const char* words;
    const char *name, *op, *shapes, *outer, *outer_shapes;
    MatchTier tier;
    double confidence;
  };
  constexpr const char* kRenamed = "Cijk_Alik_Bljk_BBS_BH_MT256x192x64_SN";
  for (const Case& one : {
           Case{"the same", kWide, "aten::mm", "[[4]]", "aten::linear", "[[8]]", MatchTier::kExact, 0.75},
           Case{"another tile", kNarrow, "aten::mm", "[[4]]", "aten::linear", "[[8]]", MatchTier::kFamily,
                0.7},
           Case{"another name", kRenamed, "aten::mm", "[[4]]", "aten::linear", "[[9]]", MatchTier::kOperator,
                0.6},
           Case{"and inner operator", kRenamed, "aten::addmm", "[[4]]", "aten::linear", "[[8]]",
                MatchTier::kOperator, 0.6},
           Case{"another operator", kWide, "aten::bmm", "[[4]]", "aten::einsum", "[[8]]", MatchTier::kExact,
                0.7},
           Case{"and another tile", kNarrow, "aten::bmm", "[[4]]", "aten::einsum", "[[8]]",
                MatchTier::kFamily, 0.6},
           Case{"other shapes", kRenamed, "aten::addmm", "[[4]]", "aten::linear", "[[9]]",
                MatchTier::kOperator, 0.4},
           Case{"nothing", kRenamed, "aten::bmm", "[[4]]", "aten::einsum", "[[8]]", MatchTier::kGone, 0},
       }) {
    SampledStep a;
    SampledStep b;
    launch(&a, kWide, "aten::mm", "[[4]]");
    inside(&a, "aten::linear", "[[8]]", 9);
    for (SampledStep* const side : {&a, &b}) {
      launch(side, kNorm, "aten::layer_norm");
      launch(side, kAdd, "aten::add");
    }
    launch(&b, one.name, one.op, one.shapes);
    inside(&b, one.outer, one.outer_shapes, 9);
    const KernelMatch found = match_of(match_kernels(a, b), 0);
    EXPECT_EQ(found.tier, one.tier) << one.words;
    EXPECT_NEAR(found.confidence, one.confidence, 1e-9) << one.words;
  }
}

// The same kernel in two operators: each stays with its own.
TEST_F(KernelMatchTest, ANameInTwoOperatorsStaysWithItsOperator) {
  SampledStep a;
  SampledStep b;
  launch(&a, kAdd, "aten::add");
  next_call();
  launch(&a, kAdd, "aten::copy_");
  next_call();
  launch(&b, kMul, "aten::add");
  next_call();
  launch(&b, kAdd, "aten::copy_");
  EXPECT_THAT(changed(a, b), ElementsAre(match(MatchTier::kOperator, {0}, {0})));
}

TEST_F(KernelMatchTest, ANameIsLookedForInItsOperatorFirst) {
  SampledStep a;
  SampledStep b;
  launch(&a, kAdd, "aten::add");
  next_call();
  launch(&a, kAdd, "aten::copy_");
  next_call();
  launch(&b, kAdd, "aten::copy_");
  next_call();
  launch(&b, kMul, "aten::relu");
  EXPECT_EQ(match_of(match_kernels(a, b), 1).candidate, std::vector<uint32_t>{0});
}

TEST_F(KernelMatchTest, CommunicationNeverStandsForComputing) {
  EXPECT_THAT(changed(step({kNorm, "ncclDevKernel_AllReduce_Sum_f32_RING_LL", kWide}),
                      step({kNorm, "triton_poi_fused_add_0", kWide})),
              UnorderedElementsAre(match(MatchTier::kGone, {1}, {}), match(MatchTier::kNew, {}, {1})));
}

}  // namespace
}  // namespace stepscope::analysis
