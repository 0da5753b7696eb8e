// SPDX-License-Identifier: Apache-2.0
//
// Findings about GPUs: what they say with their evidence, and that they say nothing without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gpu_job.hpp"
#include "tests/unit/analyzer/findings/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class GpuFindingsTest : public FindingsFixture {
 protected:
  Analysis analyze_job(const std::string& name, const std::string& text) {
    ::stepscope::testing::write_gpu_job(path(name), text);
    return analyze(open(name));
  }

  std::vector<Finding> findings(const std::string& base, const std::string& candidate) {
    return compare(analyze_job("a", base + " seed=5"), analyze_job("b", candidate + " seed=6"));
  }

  // The sentence with this id, or "".
  std::string says(const std::string& id, const std::string& base, const std::string& candidate) {
    const std::vector<Finding> found = findings(base, candidate);
    if (const Finding* finding = with_id(found, id); finding != nullptr) {
      EXPECT_GT(finding->effect_ns, 0);
      EXPECT_TRUE(finding->where.has_value());
      return finding->text;
    }
    return "";
  }

  std::vector<std::string> ids_in_run(const std::string& text) {
    const Analysis a = analyze_job("a", text);
    std::vector<std::string> ids;
    for (const Finding& finding : find_in_run(a.view())) {
      ids.push_back(finding.id);
    }
    return ids;
  }
};

constexpr const char* kBase = "steps=40";
constexpr const char* kHot = "steps=40 kernel=262us sm_clock=1410";

TEST_F(GpuFindingsTest, BlamesTheClockForAUniformSlowdown) {
  EXPECT_THAT(
      says("gpu.clock", kBase, std::string(kHot) + " power_cap=1"),
      AllOf(HasSubstr("all kernels x1.31 slower, SM clock 1980 -> 1410 MHz, power cap 90 % of the time"),
            HasSubstr("ms/step")));
}

TEST_F(GpuFindingsTest, ClaimsNoClockWithoutReadings) {
  EXPECT_EQ(says("gpu.clock", kBase, std::string(kHot) + " health=0"), "");
  EXPECT_EQ(says("gpu.clock", kBase, "steps=40 kernel=262us"), "")
      << "the clock is the same: something else is wrong";
  EXPECT_EQ(says("gpu.clock", kBase, "steps=40 sm_clock=1410"), "") << "nothing became slower";
}

TEST_F(GpuFindingsTest, SeesALaunchBoundLoop) {
  const std::string base = "steps=40 kernels=400 kernel=10us launch=3us copy=100us comm=0";
  EXPECT_THAT(says("idle.launch", base, "steps=40 kernels=400 kernel=10us launch=24us copy=100us comm=0"),
              AllOf(HasSubstr("launch-bound"), HasSubstr("410 -> 410 per step of 10.0 us")));
  EXPECT_THAT(says("idle.launch", base + " graph=1",
                   "steps=40 kernels=400 kernel=10us launch=24us copy=100us comm=0"),
              HasSubstr("CUDA graphs are no longer used"));
  EXPECT_THAT(says("idle.launch", base + " graph=2 node_gap=2us",
                   "steps=40 kernels=400 kernel=10us launch=24us copy=100us comm=0"),
              HasSubstr("CUDA graphs are no longer used (+4.8 ms/step)"))
      << "333 nodes had 0.7 ms of gaps between them, too: those are not lost with the graph";
  EXPECT_EQ(says("idle.launch", "steps=40", "steps=40 launch=400us"), "")
      << "long kernels: the host is slow, but not because there are many of them";
}

TEST_F(GpuFindingsTest, NamesASynchronisingCallThatWasAdded) {
  const std::string base = "steps=40 kernel=100us launch=60us comm=0";
  EXPECT_THAT(says("idle.sync", base, base + " syncs=20"),
              AllOf(HasSubstr("cudaStreamSynchronize 1.0 -> 20.5 times per step"), HasSubstr("ms/step")));
  EXPECT_EQ(says("idle.launch", base, base + " syncs=20"), "")
      << "the launches are late because of the waits";
  EXPECT_EQ(says("idle.sync", base + " api=0", base + " api=0 syncs=20"), "");
  EXPECT_EQ(says("idle.sync", base, base + " launch=190us"), "") << "slower, but no call was added";
}

TEST_F(GpuFindingsTest, ASynchronisationCostsAllTheIdleTimeItBrings) {
  const std::string base = "steps=40 kernel=100us launch=60us comm=0";
  const std::vector<Finding> found = findings(base, base + " syncs=20");
  ASSERT_FALSE(found.empty());
  ASSERT_EQ(found.front().id, "idle.sync");
  int64_t idle = 0;
  bool small_one = false;
  for (const Term& term : terms_) {
    if (term.name == "idle.sync" || term.name == "idle.launch" || term.name == "idle.unknown") {
      idle += term.delta_ns;
      small_one = small_one || (!term.flagged && term.delta_ns != 0);
    }
  }
  EXPECT_TRUE(small_one) << "what is too small to be flagged alone belongs to it";
  EXPECT_EQ(found.front().effect_ns, idle);
}

TEST_F(GpuFindingsTest, SeesCopiesFromMemoryThatIsNotPinned) {
  EXPECT_THAT(
      says("copy.pageable", kBase, "steps=40 pageable=1"),
      AllOf(HasSubstr("not pinned: 0 -> 50 MB per step"), HasSubstr("4.2 GB/s instead of 12.5 GB/s")));
  EXPECT_EQ(says("copy.pageable", kBase, "steps=40 copy=12ms"), "") << "slower, but pinned";
}

TEST_F(GpuFindingsTest, TellsWhyACollectiveIsExposed) {
  EXPECT_THAT(says("comm.exposed/all_reduce", kBase, "steps=40 comm=9ms"),
              AllOf(HasSubstr("3.0 ms -> 9.0 ms each"), HasSubstr("bus bandwidth 58.3 GB/s -> 19.5 GB/s")));
  EXPECT_THAT(says("comm.exposed/all_reduce", "steps=40 comm=6ms kernel=500us", "steps=40 comm=6ms"),
              HasSubstr("less of it is hidden behind compute"));
  EXPECT_THAT(says("comm.exposed/all_reduce", "steps=40 comm=0", "steps=40 comm=9ms"),
              HasSubstr("not there in the base"));
}

TEST_F(GpuFindingsTest, SeesTheAllocatorRunOutOfMemory) {
  const std::string base = "steps=40 allocs=0";
  EXPECT_THAT(says("idle.alloc", base, "steps=40 allocs=3 failed=1"),
              AllOf(HasSubstr("memory is short"), HasSubstr("allocations failed in train steps")));
  EXPECT_THAT(says("idle.alloc", base, "steps=40 allocs=3"), HasSubstr("0.0 -> 6.0 calls per step"));
  EXPECT_EQ(says("idle.alloc", "steps=40 allocs=3", "steps=40 allocs=3 alloc=4ms"), "")
      << "the calls take longer, but none was added and none failed";
  EXPECT_EQ(says("idle.alloc", base + " api=0", "steps=40 allocs=3 failed=1 api=0"), "")
      << "nobody saw the calls";
  EXPECT_THAT(ids_in_run("steps=40 allocs=3 failed=1"), ::testing::Contains("idle.alloc"));
}

TEST_F(GpuFindingsTest, SeesCompilationInOrdinarySteps) {
  EXPECT_THAT(
      says("idle.compile", kBase, "steps=40 compiles=1"),
      AllOf(HasSubstr("recompilation: 'compile_fx.<locals>.fw_compiler_base'"), HasSubstr("0 in the base")));
  EXPECT_THAT(says("idle.compile", kBase, "steps=40 modules=1"),
              HasSubstr("driver loads or compiles GPU code"));
  EXPECT_EQ(says("idle.compile", "steps=40 compiles=1", "steps=40 compiles=1 compile=6ms"), "")
      << "it takes longer, but happens as often as before";
}

TEST_F(GpuFindingsTest, SeesMatrixProductsLeaveTheTensorCores) {
  EXPECT_THAT(says("kernel.fallback", kBase, "steps=40 scalar_gemm=1"),
              HasSubstr("left the tensor cores: 100 % of their time in the base, 0 % now"));
  EXPECT_EQ(says("kernel.fallback", "steps=40 scalar_gemm=1", "steps=40 scalar_gemm=1 kernel=300us"), "");
  EXPECT_EQ(says("kernel.fallback", kBase, "steps=40 kernel=300us"), "") << "slower on the same units";
}

TEST_F(GpuFindingsTest, SeesAttentionThatIsNoLongerFused) {
  EXPECT_THAT(says("kernel.fallback", kBase, "steps=40 math_attention=1"),
              AllOf(HasSubstr("attention is no longer a fused kernel: 12 -> 0 per step"),
                    HasSubstr("12 more softmax kernels")));
}

TEST_F(GpuFindingsTest, SeesAFusionThatWasLost) {
  EXPECT_THAT(says("compute/elementwise", kBase, "steps=40 unfused=1"),
              AllOf(HasSubstr("fusion lost: 12 kernels per step that Triton generated are gone"),
                    HasSubstr("separate ones do their work")));
  EXPECT_EQ(says("compute/elementwise", "steps=40 unfused=1", kBase), "")
      << "the other way round it is a gain";
}

TEST_F(GpuFindingsTest, TellsMoreWorkFromSlowerWork) {
  EXPECT_THAT(says("work", kBase, "steps=40 kernel=260us copy_bytes=65000000"),
              HasSubstr("input 50.0 -> 65.0 MB per step"));
  EXPECT_EQ(says("work", kBase, "steps=40 kernel=260us"), "");
  EXPECT_EQ(says("work", kBase, "steps=40 copy_bytes=65000000"), "") << "nothing takes longer";
}

TEST_F(GpuFindingsTest, BlamesSocketsOnlyWhereNcclSaidSo) {
  EXPECT_THAT(says("nccl.socket", "steps=40 socket=1", "steps=40 comm=9ms socket=2"),
              HasSubstr("through TCP sockets, through IB in the base"));
  EXPECT_EQ(says("comm.exposed/all_reduce", "steps=40 socket=1", "steps=40 comm=9ms socket=2"), "")
      << "the time is explained once";
  EXPECT_EQ(says("nccl.socket", "steps=40 socket=2", "steps=40 comm=9ms socket=2"), "") << "the base did too";
  EXPECT_EQ(says("nccl.socket", kBase, "steps=40 comm=9ms socket=2"), "") << "nobody knows about the base";
  EXPECT_EQ(says("nccl.socket", "steps=40 socket=1", "steps=40 socket=2"), "") << "it costs nothing";
}

// Each rank pauses in one step of ten only, but never in the same.
TEST_F(GpuFindingsTest, AddsUpPausesOfRanksThatWaitForEachOther) {
  const auto write_ranks = [this](const std::string& name, const std::string& text, bool skewed) {
    for (int rank = 0; rank < 4; ++rank) {
      ::stepscope::testing::write_gpu_job(path(name),
                                          text + " world_size=4 rank=" + std::to_string(rank) +
                                              " gc_first=" + std::to_string(skewed ? 2 * rank : 3));
    }
    return analyze(open(name));
  };
  const Analysis calm = write_ranks("calm", "steps=41", false);
  const Analysis skewed = write_ranks("skewed", "steps=41 gc=40ms gc_every=10 seed=2", true);
  const Analysis together = write_ranks("together", "steps=41 gc=40ms gc_every=10 seed=2", false);
  const std::vector<Finding> found = compare(calm, skewed);
  const Finding* const finding = with_id(found, leaf::kGc);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->text, HasSubstr("the ranks pause in different steps"));
  EXPECT_NEAR(static_cast<double>(finding->effect_ns) / 1e6, 16, 1.5) << "four pauses in ten steps";
  const std::vector<Finding> little =
      compare(calm, write_ranks("little", "steps=41 gc=9ms gc_every=10 seed=2", true));
  const Finding* const small_shares = with_id(little, leaf::kGc);
  ASSERT_NE(small_shares, nullptr) << "each rank's own share is too small to be flagged";
  EXPECT_NEAR(static_cast<double>(small_shares->effect_ns) / 1e6, 3.6, 0.5);
  const std::vector<Finding> at_once = compare(calm, together);
  const Finding* const same_step = with_id(at_once, leaf::kGc);
  ASSERT_NE(same_step, nullptr);
  EXPECT_THAT(same_step->text, Not(HasSubstr("different steps")));
  EXPECT_NEAR(static_cast<double>(same_step->effect_ns) / 1e6, 4, 0.8);
}

TEST_F(GpuFindingsTest, AbstainWhenNothingChanged) {
  EXPECT_TRUE(findings(kBase, kBase).empty());
  const std::string eventful =
      "steps=40 allocs=2 failed=1 compiles=1 scalar_gemm=1 math_attention=1 unfused=1 socket=2 gc=5ms "
      "gc_every=7";
  EXPECT_TRUE(findings(eventful, eventful).empty()) << "what is unusual on both sides explains no change";
}

TEST_F(GpuFindingsTest, SpeakOfOneRunToo) {
  EXPECT_THAT(ids_in_run("steps=40 kernels=400 kernel=8us launch=24us copy=100us comm=0"),
              ::testing::Contains("idle.launch"));
  EXPECT_THAT(ids_in_run("steps=40 pageable=1"), ::testing::Contains("copy.pageable"));
  EXPECT_THAT(ids_in_run("steps=40 power_cap=1"), ::testing::Contains("gpu.clock"));
  EXPECT_THAT(ids_in_run("steps=40"), Not(::testing::Contains("copy.pageable")));
}

TEST_F(GpuFindingsTest, RefuseToCompareARunWithAGpuToOneWithout) {
  const Analysis gpu = analyze_job("gpu", kBase);
  ::stepscope::testing::write_job(path("host"), "steps=40 workers=0 world_size=8");
  analysis::Run run = open("host");
  const Ledger ledger = ledger_of(run);
  const Evidence evidence = gather_evidence(run, ledger).value();
  const AnalyzedRun host_side[] = {{&run, &ledger, &evidence}};
  const AnalyzedRun gpu_side[] = {gpu.view()};
  const Comparability verdict = check_comparability(host_side, gpu_side);
  EXPECT_EQ(verdict.verdict, Verdict::kNotComparable);
  ASSERT_FALSE(verdict.differences.empty());
  const auto at = std::find_if(verdict.differences.begin(), verdict.differences.end(),
                               [](const Difference& one) { return one.key == "GPU activity"; });
  ASSERT_NE(at, verdict.differences.end());
  EXPECT_EQ(at->base, "not recorded");
  EXPECT_TRUE(at->blocking);
}

}  // namespace
}  // namespace stepscope::analysis
