// SPDX-License-Identifier: Apache-2.0
//
// The dialects of Kineto's traces, each as a few events in the words its time wrote them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/import/imported.hpp"

namespace stepscope::analysis::importing {
namespace {

using ::testing::ElementsAre;
using trace::Kind;

constexpr int64_t kImport = 5;  // column `source`

TEST(Kineto, AKernelOfToday) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"kernel","name":"gemm<float>","pid":0,"tid":7,"ts":4458676604328.785,"dur":46.208,
          "args":{"External id":3917,"queued":0,"device":0,"context":1,"stream":7,"correlation":33712,
                  "registers per thread":22,"shared memory":400,"blocks per SM":116.148148,"grid":[12544,1,1],
                  "block":[64,2,1],"est. achieved occupancy %":75,"graph id":9,"graph node id":11}})J");
  const auto rows = t.rows(Kind::kKernel);
  ASSERT_EQ(rows.size(), 1U);
  const auto& v = rows[0].values;
  EXPECT_THAT(v, ElementsAre(4458676604328785, 46208, v[2], 0, 7, 33712, 9, 11, 1, v[9]));
  EXPECT_EQ(t.text(v[2]), "gemm<float>");
  EXPECT_EQ(t.text(v[9]), "grid 12544x1x1 block 64x2x1 regs 22 smem 400");
  EXPECT_EQ(t.lane(rows[0].lane), "stream GPU 0 stream 7");
}

TEST(Kineto, TheWordsOf2021) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"Kernel","name":"k","pid":1,"tid":"stream 7","ts":1623142624061552,"dur":2,
          "args":{"device":1,"context":1,"stream":7,"correlation":68848,"external id":12367}},
         {"ph":"X","cat":"Memcpy","name":"Memcpy HtoD (Pageable -> Device)","pid":1,"tid":"stream 7",
          "ts":1623142624059168,"dur":1937,"args":{
  "device" : 1, "context" : 1, "stream" : 7, "correlation" : 68824, "bytes" : 19267584}},
         {"ph":"X","cat":"Memset","name":"Memset (Device)","pid":1,"tid":"stream 7","ts":1623142624109623,"dur":1,
          "args":{"device":1,"context":1,"stream":7,"correlation":72711,"bytes":128000}},
         {"ph":"X","cat":"Runtime","name":"cudaMemcpyAsync","pid":25738,"tid":"25738","ts":1623142624059005,"dur":2021,
          "args":{"cbid":41,"correlation":68824}},
         {"ph":"X","cat":"Operator","name":"aten::empty","pid":25738,"tid":"25738","ts":1623142623987331,"dur":12,
          "args":{"Input Dims":[[],[]],"Call stack":"a.py(1): f;b"}},
         {"ph":"s","id":68824,"pid":25738,"tid":25738,"ts":1623142624059005,"cat":"async","name":"launch"})J");
  const auto copies = t.rows(Kind::kMemcpy);
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_THAT(copies[0].values,
              ElementsAre(1623142624059168000, 1937000, 1, 19267584, 1, 7, 68824, 0, 1, 1, 3, 0, 0, 0));
  ASSERT_EQ(t.rows(Kind::kMemset).size(), 1U);
  EXPECT_EQ(t.rows(Kind::kMemset)[0].lane, copies[0].lane);
  EXPECT_EQ(t.rows(Kind::kKernel)[0].lane, copies[0].lane);
  const auto calls = t.rows(Kind::kCudaApi);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].values[3], 68824);
  const auto ranges = t.rows(Kind::kRange);
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(t.text(ranges[0].values[4]), "cpu_op") << "one word for what has had two";
  EXPECT_EQ(ranges[0].lane, calls[0].lane) << "thread \"25738\" is thread 25738";
  EXPECT_EQ(t.loss("import.flow"), 1U);
  EXPECT_EQ(t.meta("process.pid"), "25738");
}

TEST(Kineto, AnOperatorKeepsTheShapesOfItsInputs) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":10,"dur":5,"args":{"External id":3,
          "Concrete Inputs":["",""],"Input type":["float","float"],"Input Dims":[[64, 768], [768, 768], []],"Ev Idx":1}},
         {"ph":"X","cat":"cpu_op","name":"aten::item","pid":1,"tid":1,"ts":20,"dur":5,"args":{"Input Dims":[[]]}})J");
  const auto ranges = t.rows(Kind::kRange);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].values[7], trace::kPayloadShapes);
  EXPECT_EQ(t.text(ranges[0].values[8]), "[[64,768],[768,768]]");
  EXPECT_EQ(ranges[1].values[7], 0);
}

TEST(Kineto, ThreadZeroOfProcessZeroIsNoStream) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"python_function","name":"f.py(1): g","pid":0,"tid":0,"ts":1,"dur":5,"args":{"Python id":1}},
         {"ph":"X","cat":"kernel","name":"k","pid":0,"tid":0,"ts":2,"dur":1,"args":{"stream":0,"device":0}},
         {"ph":"M","name":"thread_name","pid":0,"tid":0,"args":{"name":"thread 0 (python3)"}})J");
  EXPECT_EQ(t.lane(t.rows(Kind::kRange)[0].lane), "thread thread 0 (python3)");
  EXPECT_EQ(t.lane(t.rows(Kind::kKernel)[0].lane), "stream GPU 0 stream 0");
}

TEST(Kineto, ProfilerStepsAreStepsAsOurOwnHookRecordsThem) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"user_annotation","name":"ProfilerStep#6","pid":9,"tid":9,"ts":200,"dur":90},
         {"ph":"X","cat":"user_annotation","name":"ProfilerStep#5","pid":9,"tid":9,"ts":100,"dur":99},
         {"ph":"X","cat":"gpu_user_annotation","name":"ProfilerStep#5","pid":0,"tid":7,"ts":150,"dur":80})J");
  const auto steps = t.rows(Kind::kStep);
  ASSERT_EQ(steps.size(), 3U) << "a boundary at each begin, one at the last end";
  EXPECT_THAT(steps[0].values, ElementsAre(100000, 4, 4, steps[0].values[3], 0));
  EXPECT_THAT(steps[1].values, ElementsAre(200000, 5, 4, steps[1].values[3], 0));
  EXPECT_THAT(steps[2].values, ElementsAre(290000, 6, 4, steps[2].values[3], 0));
  EXPECT_EQ(t.text(steps[1].values[3]), "ProfilerStep#5");
  const auto ranges = t.rows(Kind::kRange);
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(t.lane(ranges[0].lane), "annotation GPU 0 stream 7 annotations");
}

TEST(Kineto, PyTorchsOwnAnnotationsArePhases) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"user_annotation","name":"ProfilerStep#1","pid":9,"tid":9,"ts":0,"dur":5000},
         {"ph":"X","cat":"user_annotation","name":"enumerate(DataLoader)#_MultiProcessingDataLoaderIter.__next__",
          "pid":9,"tid":9,"ts":10,"dur":20},
         {"ph":"X","cat":"cpu_op","name":"autograd::engine::evaluate_function: A","pid":9,"tid":12,"ts":100,"dur":50},
         {"ph":"X","cat":"cpu_op","name":"autograd::engine::evaluate_function: B","pid":9,"tid":12,"ts":200,"dur":50},
         {"ph":"X","cat":"cpu_op","name":"autograd::engine::evaluate_function: C","pid":9,"tid":12,"ts":3000,"dur":50},
         {"ph":"X","cat":"user_annotation","name":"Optimizer.step#SGD.step","pid":9,"tid":9,"ts":400,"dur":30})J");
  const auto phases = t.rows(Kind::kPhase);
  ASSERT_EQ(phases.size(), 4U);
  EXPECT_THAT(phases[0].values, ElementsAre(10000, 20000, phases[0].values[2], 10, kImport, 0));
  EXPECT_THAT(phases[1].values, ElementsAre(100000, 150000, phases[1].values[2], 3, kImport, 0))
      << "functions close to each other are one backward, of the thread that drives the steps";
  EXPECT_EQ(phases[1].lane, phases[0].lane);
  EXPECT_THAT(phases[2].values, ElementsAre(400000, 30000, phases[2].values[2], 4, kImport, 0));
  EXPECT_EQ(t.text(phases[2].values[2]), "SGD");
  EXPECT_EQ(phases[3].values[0], 3000000);
  EXPECT_EQ(t.rows(Kind::kRange).size(), 3U) << "the functions are ranges of their own thread as well";
}

TEST(Kineto, NcclKernelsAreCollectives) {
  const std::string common =
      R"J("pid":0,"tid":40,"ts":10,"dur":2636.669,"args":{"device":0,"context":1,"stream":40,"correlation":60047,)J"
      R"J("Group size":2,"dtype":"BFloat16","Process Group Name":"0","Process Group Description":"default_pg",)J"
      R"J("Process Group Ranks":"[0, 1]","Seq":17,)J";
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"kernel","name":"ncclKernel_AllReduce",)J" + common +
      R"J("Collective name":"allreduce","In msg nelems":1000,"Out msg nelems":1000}},
         {"ph":"X","cat":"kernel","name":"ncclKernel_ReduceScatter",)J" +
      common +
      R"J("Collective name":"_reduce_scatter_base","In msg nelems":1000,"Out msg nelems":500}},
         {"ph":"X","cat":"kernel","name":"ncclKernel_SendRecv",)J" +
      common + R"J("Collective name":"send","In msg nelems":8,"Out msg nelems":8,"Dst Rank":1}})J");
  EXPECT_EQ(t.rows(Kind::kKernel).size(), 3U);
  const auto rows = t.rows(Kind::kCollective);
  ASSERT_EQ(rows.size(), 3U);
  const auto& v = rows[0].values;
  EXPECT_EQ(t.text(v[2]), "allreduce");
  EXPECT_EQ(v[1], 2636669);
  EXPECT_EQ(v[4], 17) << "seq";
  EXPECT_EQ(v[5], 2000) << "bytes";
  EXPECT_EQ(t.text(v[6]), "bfloat16");
  EXPECT_EQ(v[7], 2) << "ranks";
  EXPECT_EQ(v[16], 60047) << "its kernel";
  EXPECT_EQ(t.lane(rows[0].lane), "communicator default_pg of 2");
  EXPECT_EQ(rows[1].values[5], 1000) << "a reduce_scatter passes what one rank receives";
  EXPECT_EQ(rows[2].values[9], 1) << "peer";
  EXPECT_EQ(rows[2].values[17], trace::kCollectivePointToPoint);
}

TEST(Kineto, WaitsAndEventsOfCuda) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"cuda_sync","name":"Stream Wait Event","pid":0,"tid":24,"ts":5,"dur":2,
          "args":{"cuda_sync_kind":"Stream Wait Event","wait_on_stream":20,"wait_on_cuda_event_record_corr_id":1385,
                  "wait_on_cuda_event_id":19,"stream":24,"correlation":1389,"device":0,"context":1}},
         {"ph":"X","cat":"cuda_sync","name":"Event Sync","pid":0,"tid":-1,"ts":8,"dur":4,
          "args":{"cuda_sync_kind":"Event Sync","stream":-1,"correlation":54,"device":0,"context":1}},
         {"ph":"X","cat":"cuda_event","name":"cudaEventRecord","pid":0,"tid":20,"ts":4,"dur":0,
          "args":{"event_id":19,"device":0,"context":1,"stream":20,"correlation":1385}},
         {"ph":"X","cat":"overhead","name":"Command Buffer Full","pid":-1,"tid":0,"ts":9,"dur":1})J");
  const auto syncs = t.rows(Kind::kSync);
  ASSERT_EQ(syncs.size(), 2U);
  EXPECT_THAT(syncs[0].values, ElementsAre(5000, 2000, 2, 0, 24, 1389, 1, 19));
  EXPECT_THAT(syncs[1].values, ElementsAre(8000, 4000, 1, 0, 0, 54, 1, 0));
  EXPECT_EQ(t.lane(syncs[0].lane), "sync CUDA waits, context 1");
  ASSERT_EQ(t.rows(Kind::kCudaEvent).size(), 1U);
  EXPECT_THAT(t.rows(Kind::kCudaEvent)[0].values, ElementsAre(4000, 19, 0, 20, 1, 1385));
  EXPECT_EQ(t.rows(Kind::kOverhead).size(), 1U);
}

TEST(Kineto, TheSameObjectAtAnotherAddressIsNoOtherName) {
  const Imported t = Imported::of_events(
      R"J({"ph":"X","cat":"python_function","name":"<built-in method to of Tensor object at 0x7d67180cc190>","pid":1,
          "tid":1,"ts":1,"dur":1})J");
  EXPECT_EQ(t.text(t.rows(Kind::kRange)[0].values[2]), "<built-in method to of Tensor object>");
}

TEST(Kineto, FactsMayComeBehindTheEvents) {
  const Imported t(
      R"J({"traceEvents":[{"ph":"X","name":"x","pid":1,"tid":1,"ts":2.5,"dur":1}],
          "deviceProperties":[{"id":0,"name":"NVIDIA H100","totalGlobalMem":1},{"id":1,"name":"NVIDIA H100"}],
          "distributedInfo":{"backend":"nccl","rank":3,"world_size":8,"nccl_version":"2.27.5"},
          "cupti_version":22,"username":"somebody","baseTimeNanoseconds":1711964646000000000,"traceName":"/x/y"})J");
  EXPECT_EQ(t.file().rank, 3);
  EXPECT_EQ(t.file().format, "kineto");
  EXPECT_EQ(t.meta("process.rank"), "3");
  EXPECT_EQ(t.meta("process.world_size"), "8");
  EXPECT_EQ(t.meta("device.1.name"), "NVIDIA H100");
  EXPECT_EQ(t.meta("cupti.version"), "22");
  EXPECT_EQ(t.meta("nccl.version"), "2.27.5");
  EXPECT_EQ(t.loss("import.missing_ranks"), 7U);
  for (const auto& [key, value] : t.recording().meta()) {
    EXPECT_NE(value, "somebody") << key << ": users' names stay where they are";
  }
  ASSERT_EQ(t.recording().anchors().size(), 1U);
  EXPECT_EQ(t.recording().anchors()[0].realtime_ns - t.recording().anchors()[0].monotonic_raw_ns,
            1711964646000000000);
}

TEST(Kineto, TimesSince1970AreTheirOwnBase) {
  const Imported absolute = Imported::of_events(R"J({"ph":"X","name":"x","ts":1623142623460111,"dur":1})J");
  ASSERT_EQ(absolute.recording().anchors().size(), 1U);
  EXPECT_EQ(absolute.recording().anchors()[0].realtime_ns, 0);
  const Imported unknown = Imported::of_events(R"J({"ph":"X","name":"x","ts":2413669096090.1,"dur":1})J");
  EXPECT_TRUE(unknown.recording().anchors().empty()) << "nobody says since when these count";
}

TEST(ChromeTrace, AnyOtherEventsBecomeRangesInstantsAndCounters) {
  const Imported t(
      R"J([{"ph":"B","name":"outer","cat":"x","pid":"main","tid":"worker","ts":"10"},
          {"ph":"B","name":"inner","pid":"main","tid":"worker","ts":11},
          {"ph":"E","pid":"main","tid":"worker","ts":13},
          {"ph":"E","pid":"main","tid":"worker","ts":15},
          {"ph":"E","pid":"main","tid":"worker","ts":16},
          {"ph":"i","name":"mark","pid":1,"tid":2,"ts":12.25,"s":"t"},
          {"ph":"C","name":"memory","pid":1,"ts":14,"args":{"used":1.5,"free":2}},
          {"ph":"X","name":"esc\"aped\u00e9","pid":1,"tid":2,"ts":20},
          {"ph":"b","name":"async","id":1,"pid":1,"tid":2,"ts":21},
          {"ph":"?","name":"new","pid":1,"tid":2,"ts":21}])J");
  EXPECT_EQ(t.file().format, "chrome trace");
  const auto ranges = t.rows(Kind::kRange);
  ASSERT_EQ(ranges.size(), 3U);
  EXPECT_EQ(t.lane(ranges[0].lane), "thread worker");
  EXPECT_EQ(t.text(ranges[0].values[2]), "outer");
  EXPECT_EQ(ranges[0].values[1], 5000);
  EXPECT_EQ(t.text(ranges[1].values[2]), "inner");
  EXPECT_EQ(ranges[1].values[1], 2000);
  EXPECT_EQ(t.text(ranges[2].values[2]), "esc\"aped\u00e9");
  EXPECT_EQ(t.rows(Kind::kInstant)[0].values[0], 12250);
  const auto counters = t.rows(Kind::kCounter);
  ASSERT_EQ(counters.size(), 2U);
  EXPECT_EQ(t.text(counters[0].values[1]), "memory.used");
  EXPECT_EQ(std::bit_cast<double>(counters[0].values[2]), 1.5);
  EXPECT_EQ(t.loss("import.unmatched_end"), 1U);
  EXPECT_EQ(t.loss("import.async_event"), 1U);
  EXPECT_EQ(t.loss("import.unknown_phase"), 1U);
}

}  // namespace
}  // namespace stepscope::analysis::importing
