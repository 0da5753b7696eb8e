// SPDX-License-Identifier: Apache-2.0
//
// Launches on threads with ranges around them, and the place that each is given.
#include "analyzer/launch_places.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

class LaunchPlacesTest : public RunTest {
 protected:
  LaunchPlaces read(const std::string& text, std::vector<uint32_t> correlations) {
    run_.emplace(process("run", text));
    Result<LaunchPlaces> places =
        LaunchPlaces::read(*run_, 0, {0, std::numeric_limits<int64_t>::max() / 2}, correlations, &pool_);
    ::stepscope::testing::require(places.status());
    return std::move(places).value();
  }

  TextPool pool_;
  std::optional<analysis::Run> run_;
};

TEST_F(LaunchPlacesTest, AnOperatorOfAnImportedTraceIsTheInnermostAndTheOutermostOne) {
  const LaunchPlaces places = read(R"(
    range lane=1 start_ns=10 dur_ns=80 name=aten::linear category=cpu_op source=5
    range lane=1 start_ns=20 dur_ns=60 name=aten::addmm category=cpu_op source=5
    cuda_api lane=1 start_ns=30 dur_ns=5 name=cudaLaunchKernel correlation=1
    cuda_api lane=1 start_ns=85 dur_ns=5 name=cudaLaunchKernel correlation=2
    cuda_api lane=1 start_ns=95 dur_ns=5 name=cudaLaunchKernel correlation=3
  )",
                                   {1, 2, 3, 4});
  ASSERT_NE(places.of(1), nullptr);
  EXPECT_EQ(pool_.text(places.of(1)->op), "aten::addmm");
  EXPECT_EQ(pool_.text(places.of(1)->outer_op), "aten::linear");
  EXPECT_EQ(pool_.text(places.of(2)->op), "aten::linear");
  EXPECT_EQ(places.of(1)->outer_op_call, places.of(2)->outer_op_call) << "one call";
  EXPECT_NE(places.of(1)->outer_op_call, 0U) << "and a known one";
  EXPECT_NE(places.of(1)->op_call, places.of(2)->op_call);
  EXPECT_EQ(places.of(3)->op, 0U) << "behind it";
  EXPECT_EQ(places.of(4), nullptr) << "no such launch was recorded";
}

// As `import` writes it: the shapes are the range's payload, of type 16, an id of a text.
TEST_F(LaunchPlacesTest, AnOperatorOfAnImportedTraceKeepsItsShapes) {
  std::filesystem::create_directories(path("shapes"));
  {
    ::stepscope::testing::TextRecording out(path("shapes") + "/main.stepscope");
    out.lines("meta process.role main\nmeta process.pid 100\nlane 1 thread main tid=100\n");
    const int64_t op = out.name("aten::mm");
    const int64_t category = out.name("cpu_op");
    out.event(trace::Kind::kRange, 1,
              {10, 80, op, 0, category, 5, 0, trace::kPayloadShapes, out.name("[[2,3],[3,4]]")});
    out.event(trace::Kind::kCudaApi, 1, {30, 5, out.name("cudaLaunchKernel"), 1, 0});
    out.finish();
  }
  const analysis::Run run = open("shapes");
  const std::vector<uint32_t> correlations = {1};
  const LaunchPlaces places = LaunchPlaces::read(run, 0, {0, 1000}, correlations, &pool_).value();
  EXPECT_EQ(pool_.text(places.of(1)->op_shapes), "[[2,3],[3,4]]");
  EXPECT_EQ(pool_.text(places.of(1)->outer_op_shapes), "[[2,3],[3,4]]");
}

TEST_F(LaunchPlacesTest, RangesOfAnotherThreadAreNoPlace) {
  const LaunchPlaces places = read(R"(
    lane 2 thread autograd tid=150
    range lane=2 start_ns=10 dur_ns=80 name=aten::mm category=cpu_op source=5
    cuda_api lane=1 start_ns=30 dur_ns=5 name=cudaLaunchKernel correlation=1
    cuda_api lane=2 start_ns=30 dur_ns=5 name=cudaLaunchKernel correlation=2
  )",
                                   {1, 2});
  EXPECT_EQ(places.of(1)->op, 0U);
  EXPECT_EQ(pool_.text(places.of(2)->op), "aten::mm");
}

TEST_F(LaunchPlacesTest, EmitNvtxNamesOperatorAndShapes) {
  const LaunchPlaces places = read(R"(
    range lane=1 start_ns=10 dur_ns=80 source=2 name="aten::mm, op_id = 7, sizes = [[2, 3], [3, 4]], input_op_ids = [[1,0]]"
    cuda_api lane=1 start_ns=30 dur_ns=5 name=cudaLaunchKernel correlation=1
  )",
                                   {1});
  EXPECT_EQ(pool_.text(places.of(1)->op), "aten::mm");
  EXPECT_EQ(pool_.text(places.of(1)->op_shapes), "[[2,3],[3,4]]");
}

TEST_F(LaunchPlacesTest, ModulesAreFramesOrElseRangesOfTheProgram) {
  const LaunchPlaces places = read(R"(
    range lane=1 start_ns=10 dur_ns=80 name=step_1 source=2
    range lane=1 start_ns=11 dur_ns=70 name=encoder source=2
    range lane=1 start_ns=12 dur_ns=20 name="nn.Module: Linear_3" category=python_function source=5
    range lane=1 start_ns=13 dur_ns=10 name="linear.py(114): forward" category=python_function source=5
    range lane=1 start_ns=14 dur_ns=8 name=mine source=2
    cuda_api lane=1 start_ns=15 dur_ns=5 name=cudaLaunchKernel correlation=1
    cuda_api lane=1 start_ns=40 dur_ns=5 name=cudaLaunchKernel correlation=2
    cuda_api lane=1 start_ns=85 dur_ns=5 name=cudaLaunchKernel correlation=3
  )",
                                   {1, 2, 3});
  EXPECT_EQ(pool_.text(places.of(1)->module), "Linear_3");
  EXPECT_EQ(pool_.text(places.of(2)->module), "encoder");
  EXPECT_EQ(places.of(3)->module, 0U) << "a range around a step is no module";
}

TEST_F(LaunchPlacesTest, PhasesOfTheDrivingThreadHoldForAllThreads) {
  const LaunchPlaces places = read(R"(
    lane 2 thread autograd tid=150
    phase lane=1 start_ns=50 dur_ns=50 name=backward op=3 source=3
    phase lane=1 start_ns=100 dur_ns=20 name=AdamW.step op=4 source=3
    cuda_api lane=1 start_ns=15 dur_ns=5 name=cudaLaunchKernel correlation=1
    cuda_api lane=2 start_ns=60 dur_ns=5 name=cudaLaunchKernel correlation=2
    cuda_api lane=1 start_ns=110 dur_ns=5 name=cudaLaunchKernel correlation=3
  )",
                                   {1, 2, 3});
  EXPECT_EQ(pool_.text(places.of(1)->phase), "forward");
  EXPECT_EQ(pool_.text(places.of(2)->phase), "backward");
  EXPECT_EQ(pool_.text(places.of(3)->phase), "optimizer");
}

}  // namespace
}  // namespace stepscope::analysis
