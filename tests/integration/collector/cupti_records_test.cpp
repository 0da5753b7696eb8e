// SPDX-License-Identifier: Apache-2.0
//
// What the GPU did, in every version of CUPTI and at every level: each kernel, copy and memset of a job stands in the
// recording with all that CUPTI told of it, and nothing is said to be lost.
#include <cstdlib>

#include "tests/integration/collector/cupti_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

class CuptiRecords : public CuptiTest, public ::testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(Cupti, CuptiRecords, ::testing::ValuesIn(cupti_versions()), [](const auto& version) {
  std::string name = version.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

// The same work in the same order on each stream, piece by piece. Correlation ids where CUPTI gives them.
void expect_kernels(const Recorded& recorded, bool correlated) {
  namespace at = kernel_column;
  std::vector<Event> kernels = by_start(recorded.contents.of(Kind::kKernel));
  std::vector<TrueWork> truth = truth_of(recorded.job, "kernel");
  ASSERT_EQ(kernels.size(), truth.size());
  // Stream by stream: those of two streams may start at the same nanosecond.
  std::stable_sort(kernels.begin(), kernels.end(), [](const Event& a, const Event& b) {
    return std::pair(a.column(at::kContext), a.column(at::kStream)) <
           std::pair(b.column(at::kContext), b.column(at::kStream));
  });
  std::stable_sort(truth.begin(), truth.end(), [](const TrueWork& a, const TrueWork& b) {
    return std::pair(a.context, a.stream) < std::pair(b.context, b.stream);
  });
  for (size_t i = 0; i < truth.size(); ++i) {
    const Event& kernel = kernels[i];
    ASSERT_EQ(recorded.contents.text(kernel.column(at::kName)), truth[i].name) << "kernel " << i;
    expect_same_span(kernel.column(at::kDur), truth[i].end - truth[i].start);
    EXPECT_EQ(kernel.column(at::kDevice), truth[i].device);
    EXPECT_EQ(kernel.column(at::kStream), truth[i].stream);
    EXPECT_EQ(kernel.column(at::kContext), truth[i].context);
    EXPECT_EQ(kernel.column(at::kGraph), truth[i].graph);
    EXPECT_EQ(kernel.column(at::kGraphNode), truth[i].node);
    EXPECT_EQ(kernel.column(at::kCorrelation), correlated ? truth[i].correlation : 0);
    EXPECT_THAT(
        recorded.contents.text(kernel.column(at::kSignature)),
        ::testing::MatchesRegex("grid [0-9]+x[0-9]+x1 block [0-9]+x1x1 regs [0-9]+ smem [0-9]+\\+[0-9]+"));
    EXPECT_EQ(recorded.contents.lanes.at(kernel.lane).type, "stream");
  }
}

TEST_P(CuptiRecords, EveryKernelOfAnOrdinaryJob) {
  Recorded recorded = record_job(GetParam(), {"steps=5", "kernels=60", "streams=3", "copies=4"});
  EXPECT_EQ(recorded.job.process.exit_code, 0) << recorded.job.process;
  expect_kernels(recorded, false);
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "recording");
  EXPECT_EQ(recorded.contents.fact("cupti.library"), cupti_path(GetParam()));
  EXPECT_EQ(recorded.contents.fact("device.0.name"), "Fake GPU F100");
  EXPECT_EQ(recorded.contents.fact("device.0.uuid"), "GPU-10111213-1415-1617-1819-1a1b1c1d1e1f");
  EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 5U);
  EXPECT_TRUE(recorded.contents.summary.clean_end);
  EXPECT_THAT(recorded.contents.losses, ::testing::IsEmpty());
}

TEST_P(CuptiRecords, CopiesAndMemsets) {
  Recorded recorded = record_job(GetParam(), {"steps=3", "copies=6", "memsets=3", "peer_copies=2"},
                                 {{"FAKE_CUDA_DEVICES", "2"}});
  std::vector<Event> copies = by_start(recorded.contents.of(Kind::kMemcpy));
  std::vector<TrueWork> truth = truth_of(recorded.job, "memcpy");
  ASSERT_EQ(copies.size(), truth.size());
  size_t peers = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    namespace at = memcpy_column;
    EXPECT_EQ(copies[i].column(at::kBytes), static_cast<int64_t>(truth[i].bytes));
    expect_same_span(copies[i].column(at::kDur), truth[i].end - truth[i].start);
    EXPECT_EQ(copies[i].column(at::kStream), truth[i].stream);
    EXPECT_EQ(copies[i].column(at::kFlags), 1);
    bool peer = copies[i].column(at::kCopyKind) == static_cast<int64_t>(trace::CopyKind::kPeerToPeer);
    peers += peer ? 1U : 0U;
    EXPECT_EQ(copies[i].column(at::kSrcKind), peer || truth[i].bytes % 2 != 0 ? 3 : 1);
  }
  EXPECT_EQ(peers, 3U * 2);
  std::vector<Event> memsets = by_start(recorded.contents.of(Kind::kMemset));
  ASSERT_EQ(memsets.size(), 9U);
  EXPECT_EQ(memsets[0].column(memset_column::kBytes), 256);
  EXPECT_EQ(memsets[0].column(memset_column::kMemoryKind), 3);
}

TEST_P(CuptiRecords, LevelApiJoinsLaunchesAndKernels) {
  Recorded recorded = record_job(GetParam(), {"steps=4", "threads=3", "events=1", "peeks=5", "through=mixed"},
                                 {{"STEPSCOPE_LEVEL", "api"}});
  expect_kernels(recorded, true);
  std::map<int64_t, Event> calls;  // by correlation
  for (const Event& call : recorded.contents.of(Kind::kCudaApi)) {
    EXPECT_TRUE(calls.emplace(call.column(3), call).second) << "two calls with one id";
    EXPECT_NE(recorded.contents.text(call.column(2)), "cudaGetLastError");
  }
  std::map<uint32_t, uint32_t> thread_of;
  for (const TrueWork& work : recorded.job.work) {
    thread_of[work.correlation] = work.thread;
  }
  for (const Event& kernel : recorded.contents.of(Kind::kKernel)) {
    auto call = calls.find(kernel.column(kernel_column::kCorrelation));
    ASSERT_NE(call, calls.end());
    EXPECT_THAT(recorded.contents.text(call->second.column(2)),
                ::testing::AnyOf("cudaLaunchKernel", "cuLaunchKernel"));
    EXPECT_LT(call->second.column(0), kernel.column(kernel_column::kStart)) << "launched before it ran";
    EXPECT_EQ(recorded.contents.lanes.at(call->second.lane).type, "thread");
    EXPECT_EQ(recorded.contents.lanes.at(call->second.lane).tid,
              thread_of[static_cast<uint32_t>(call->first)]);
  }
  EXPECT_GE(recorded.contents.of(Kind::kSync).size(), 3U * 4 * 3);
}

TEST_P(CuptiRecords, LevelFullHasMemoryAndCompilation) {
  Recorded recorded = record_job(GetParam(), {"steps=2", "allocations=3", "compilations=2", "events=1"},
                                 {{"STEPSCOPE_LEVEL", "full"}});
  expect_kernels(recorded, true);
  std::vector<Event> memory = recorded.contents.of(Kind::kMemory);
  ASSERT_EQ(memory.size(), 2U * 3 * 2);
  EXPECT_EQ(memory[0].column(3), 1 << 20);
  std::vector<Event> compilations = recorded.contents.of(Kind::kJit);
  ASSERT_EQ(compilations.size(), 2U);
  EXPECT_GE(compilations[0].column(1), 990'000);
  EXPECT_EQ(recorded.contents.text(compilations[0].column(2)), "compile: PTX to cubin");
}

TEST_P(CuptiRecords, LevelStepsLeavesCuptiAlone) {
  Recorded recorded = record_job(GetParam(), {"steps=3"}, {{"STEPSCOPE_LEVEL", "steps"}});
  EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
  EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 3U);
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "off: level steps");
  EXPECT_EQ(recorded.job.report["records_written"], 0U);
}

TEST_P(CuptiRecords, TimesLieWithinTheirSteps) {
  Recorded recorded = record_job(GetParam(), {"steps=20", "think_us=2000"});
  std::vector<Event> steps = by_start(recorded.contents.of(Kind::kStep));
  ASSERT_EQ(steps.size(), 20U);
  // Each step launches 40 kernels after its mark and waits for them.
  std::vector<Event> kernels = by_start(recorded.contents.of(Kind::kKernel));
  ASSERT_EQ(kernels.size(), 20U * 40);
  for (size_t i = 0; i < kernels.size(); ++i) {
    EXPECT_GT(kernels[i].column(0), steps[i / 40].column(0)) << "kernel " << i;
    if (i / 40 + 1 < steps.size()) {
      EXPECT_LT(kernels[i].column(0) + kernels[i].column(1), steps[i / 40 + 1].column(0)) << "kernel " << i;
    }
  }
}

TEST_F(CuptiTest, StreamsOfSeveralContextsHaveLanesOfTheirOwn) {
  Recorded recorded = record_job("13.0", {"steps=2", "contexts=2", "threads=2", "streams=1"});
  std::map<std::pair<int64_t, int64_t>, std::map<std::string, int>> lanes;
  for (const Event& kernel : recorded.contents.of(Kind::kKernel)) {
    ++lanes[{kernel.column(kernel_column::kContext), kernel.column(kernel_column::kStream)}]
           [lane_name(recorded.contents, kernel)];
  }
  ASSERT_EQ(lanes.size(), 3U);
  for (const auto& [stream, names] : lanes) {
    EXPECT_EQ(names.size(), 1U) << "context " << stream.first << " stream " << stream.second;
    EXPECT_THAT(names.begin()->first, ::testing::HasSubstr("stream " + std::to_string(stream.second)));
  }
}

TEST_F(CuptiTest, ATorchThatBroughtItsOwnLibraryIsListenedTo) {
  // No path given: the library in the process is the one to use, as another copy would break torch.
  Recorded recorded = record_job("12.4", {"steps=2", "cupti=loaded"}, {{"STEPSCOPE_CUPTI_LIBRARY", ""}});
  EXPECT_EQ(recorded.contents.fact("cupti.library"), cupti_path("12.4"));
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
}

TEST_F(CuptiTest, LinkedOrOpenedLateOrInjectedAlone) {
  Recorded linked = record_job("13.0", {"steps=2"}, {}, FAKE_CUDA_JOB_LINKED);
  EXPECT_EQ(kernel_counts(linked.contents), kernel_counts(linked.job));
  Recorded injected = record_job("13.0", {"steps=2", "marks=no"},
                                 {{"LD_PRELOAD", ""}, {"CUDA_INJECTION64_PATH", STEPSCOPE_LIBRARY}});
  EXPECT_EQ(kernel_counts(injected.contents), kernel_counts(injected.job));
  EXPECT_EQ(injected.contents.fact("door.preload"), "absent");
}

}  // namespace
}  // namespace stepscope::testing
