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

TEST_F(GpuFindingsTest, AbstainWhenNothingChanged) {
  EXPECT_TRUE(findings(kBase, kBase).empty());
}

TEST_F(GpuFindingsTest, SpeakOfOneRunToo) {
  EXPECT_THAT(ids_in_run("steps=40 kernels=400 kernel=8us launch=24us copy=100us comm=0"),
              ::testing::Contains("idle.launch"));
  EXPECT_THAT(ids_in_run("steps=40 pageable=1"), ::testing::Contains("copy.pageable"));
  EXPECT_THAT(ids_in_run("steps=40 power_cap=1"), ::testing::Contains("gpu.clock"));
  EXPECT_THAT(ids_in_run("steps=40"), ::testing::Not(::testing::Contains("copy.pageable")));
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
