// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/ledger.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/unit/analyzer/export/exported.hpp"

namespace stepscope::analysis {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ExportChrome : public ExportTest {
 protected:
  void read(const analysis::Run& run, std::optional<int32_t> rank = std::nullopt) {
    text_ = exported(run, "chrome", "", rank);
    trace_ = json::parse(text_);
  }

  // Events with these values of members; fails the test when there is none.
  [[nodiscard]] std::vector<json> events(const json& members) const {
    std::vector<json> out;
    for (const json& event : trace_.at("traceEvents")) {
      bool same = true;
      for (const auto& [key, value] : members.items()) {
        same &= event.value(key, json()) == value;
      }
      if (same) {
        out.push_back(event);
      }
    }
    EXPECT_FALSE(out.empty()) << members;
    return out;
  }
  [[nodiscard]] json event(const json& members) const {
    const std::vector<json> found = events(members);
    return found.empty() ? json::object() : found[0];
  }

  std::string text_;
  json trace_;
};

TEST_F(ExportChrome, AKernelIsWhatKinetoWrites) {
  read(process("run", R"run(
    lane 2 stream "GPU 1 stream 7"
    cuda_api start_ns=1712195495505543210 dur_ns=41768 name=cudaLaunchKernel correlation=135071 result=719
    kernel lane=2 start_ns=1712195495505583001 dur_ns=4928 name="void cat<4u>(int)" device=1 stream=7 correlation=135071 context=1 graph=3 graph_node=9 signature="grid 8x16x5 block 128x1x1 regs 122 smem 12544"
  )run"));
  const json kernel = event({{"cat", "kernel"}});
  EXPECT_EQ(kernel["ph"], "X");
  EXPECT_EQ(kernel["name"], "void cat<4u>(int)");
  EXPECT_EQ(kernel["pid"], 1) << "the GPU";
  EXPECT_EQ(kernel["tid"], 7) << "the stream";
  EXPECT_THAT(text_, HasSubstr("\"ts\": 1712195495505583.001, \"dur\": 4.928")) << "to the nanosecond";
  EXPECT_EQ(kernel["args"], json::parse(R"({"device": 1, "context": 1, "stream": 7, "correlation": 135071,
    "graph id": 3, "graph node id": 9, "grid": [8, 16, 5], "block": [128, 1, 1],
    "registers per thread": 122, "shared memory": 12544})"));
  const json call = event({{"cat", "cuda_runtime"}});
  EXPECT_EQ(call["pid"], 100);
  EXPECT_EQ(call["tid"], 100);
  EXPECT_THAT(text_, HasSubstr("\"ts\": 1712195495505543.210, \"dur\": 41.768"));
  EXPECT_EQ(call["args"], json::parse(R"({"correlation": 135071, "result": 719})"));
  const json begin = event({{"cat", "ac2g"}, {"ph", "s"}});
  const json end = event({{"cat", "ac2g"}, {"ph", "f"}});
  EXPECT_EQ(begin["id"], 135071);
  EXPECT_EQ(end["id"], 135071);
  EXPECT_EQ(end["bp"], "e");
  EXPECT_EQ(begin["tid"], 100);
  EXPECT_EQ(end["ts"], kernel["ts"]);
}

TEST_F(ExportChrome, CopiesMemsetsAndWaitsHaveKinetosWords) {
  read(process("run", R"(
    lane 2 stream "GPU 0 stream 7"
    lane 3 sync "CUDA waits, context 1"
    memcpy lane=2 start_ns=100 dur_ns=50 copy_kind=1 bytes=4096 stream=7 correlation=3 context=1 src_kind=2 dst_kind=3 peer_device=5 flags=1
    memset lane=2 start_ns=200 dur_ns=10 bytes=512 stream=7 correlation=4 context=1 memory_kind=3
    sync lane=3 start_ns=300 dur_ns=20 sync_type=3 stream=7 correlation=5 context=1 event=11
    cuda_event lane=2 start_ns=290 event=12 stream=7 context=1 correlation=6
    graph_launch lane=2 start_ns=400 dur_ns=30 graph=77 stream=7 correlation=7 context=1 nodes=50
  )"));
  const json copy = event({{"cat", "gpu_memcpy"}});
  EXPECT_EQ(copy["name"], "Memcpy HtoD (Pinned -> Device)");
  EXPECT_EQ(copy["args"]["bytes"], 4096);
  EXPECT_EQ(copy["args"]["memory bandwidth (GB/s)"], 81.92);
  EXPECT_EQ(copy["args"]["peer device"], 5);
  EXPECT_EQ(copy["args"]["flags"], 1);
  EXPECT_EQ(event({{"cat", "gpu_memset"}})["name"], "Memset (Device)");
  const json wait = event({{"cat", "cuda_sync"}});
  EXPECT_EQ(wait["name"], "Stream Sync");
  EXPECT_EQ(wait["args"]["cuda_sync_kind"], "Stream Sync");
  EXPECT_EQ(wait["args"]["wait_on_cuda_event_id"], 11);
  EXPECT_NE(wait["tid"], 7) << "what waits for a stream is not on its track";
  EXPECT_EQ(event({{"cat", "cuda_event"}})["args"]["event_id"], 12);
  EXPECT_EQ(event({{"name", "CUDA graph 77"}})["args"]["graph nodes"], 50);
}

TEST_F(ExportChrome, ACollectiveIsTheArgumentsOfItsKernel) {
  const std::string recorded = R"(
    lane 2 stream "GPU 0 stream 13"
    lane 4 communicator "default_pg of 8"
    kernel lane=2 start_ns=1000 dur_ns=500 name=ncclDevKernel_AllReduce stream=13 correlation=9
    kernel lane=2 start_ns=2000 dur_ns=500 name=ncclDevKernel_ReduceScatter stream=13 correlation=10
    collective lane=4 start_ns=1000 dur_ns=500 op=AllReduce comm=1 seq=41 bytes=200 dtype=bfloat16 ranks=8 peer=-1 count=100 kernel=9
    collective lane=4 start_ns=1999 dur_ns=501 op=ReduceScatter comm=1 seq=42 bytes=400 dtype=float32 ranks=8 peer=-1 count=100 kernel=10
    kernel lane=2 start_ns=2600 dur_ns=50 name=ncclDevKernel_SendRecv stream=13 correlation=11
    collective lane=4 start_ns=2600 dur_ns=50 op=Send comm=1 seq=7 dtype=int8 ranks=8 peer=6 count=4 kernel=11
    collective lane=4 start_ns=3000 dur_ns=70 op=Send comm=1 seq=1 dtype=int32 ranks=8 rank=2 peer=3 count=5 algo=RING proto=LL channels=4 flags=9
  )";
  read(process("run", recorded));
  const json reduced = event({{"name", "ncclDevKernel_AllReduce"}})["args"];
  EXPECT_EQ(reduced["Collective name"], "allreduce");
  EXPECT_EQ(reduced["dtype"], "BFloat16");
  EXPECT_EQ(reduced["In msg nelems"], 100);
  EXPECT_EQ(reduced["Group size"], 8);
  EXPECT_EQ(reduced["Process Group Name"], "default_pg");
  EXPECT_EQ(reduced["Seq"], 41);
  const json scattered = event({{"name", "ncclDevKernel_ReduceScatter"}})["args"];
  EXPECT_EQ(scattered["In msg nelems"], 800);
  EXPECT_EQ(scattered["Out msg nelems"], 100);
  const std::vector<json> own = events({{"cat", "collective_comm"}, {"ph", "b"}});
  ASSERT_EQ(own.size(), 2U) << "one with times of its own, one without a kernel";
  EXPECT_EQ(own[0]["ts"], 1.999);
  EXPECT_EQ(own[1]["name"], "Send");
  EXPECT_EQ(own[1]["args"],
            json::parse(R"({"comm": 1, "seq": 1, "bytes": 0, "count": 5, "dtype": "int32", "ranks": 8,
    "rank": 2, "peer": 3, "algo": "RING", "proto": "LL", "channels": 4, "correlation": 0, "flags": 9})"));
  EXPECT_EQ(event({{"name", "ncclDevKernel_SendRecv"}})["args"]["Dst Rank"], 6);
  EXPECT_EQ(events({{"cat", "collective_comm"}, {"ph", "e"}})[1]["ts"], 3.07);
}

TEST_F(ExportChrome, PhasesAndBatchesHaveTorchsNames) {
  read(process("run", R"(
    phase start_ns=10 dur_ns=5 name=AdamW op=4 source=3
    phase start_ns=20 dur_ns=5 op=3 source=3 flags=1
    phase start_ns=30 dur_ns=5 name=_BaseDataLoaderIter.__next__ op=10 source=5
    batch start_ns=40 dur_ns=5 loader=1 task=7 worker=-1 arrive_ns=44
    gc start_ns=50 dur_ns=5 generation=2 collected=8
  )"));
  EXPECT_EQ(event({{"name", "Optimizer.step#AdamW.step"}})["cat"], "user_annotation");
  EXPECT_EQ(event({{"name", "backward"}})["args"]["unfinished"], true);
  (void)event({{"name", "enumerate(DataLoader)#_BaseDataLoaderIter.__next__"}});
  const json batch = event({{"name", "enumerate(DataLoader)#__next__"}})["args"];
  EXPECT_EQ(batch["task"], 7);
  EXPECT_EQ(batch["worker"], -1);
  EXPECT_EQ(batch["arrive_ns"], 44);
  EXPECT_FALSE(batch.contains("dispatch_ns")) << "not known";
  EXPECT_EQ(event({{"name", "gc generation 2"}})["args"]["collected"], 8);
}

TEST_F(ExportChrome, AKindWithoutWordsHasItsColumnsAsArguments) {
  read(process("run", R"(
    memory start_ns=10 operation=1 bytes=4096 address=-16 device=1 stream=7 correlation=3
    io start_ns=20 dur_ns=7 op=read bytes=512 path="/data/a \"b\""
  )"));
  const json memory = event({{"name", "allocate"}});
  EXPECT_EQ(memory["ph"], "i");
  EXPECT_EQ(memory["args"]["bytes"], 4096);
  EXPECT_THAT(text_, HasSubstr("\"address\": 18446744073709551600")) << "addresses have all 64 bits";
  const json read_call = event({{"cat", "io"}});
  EXPECT_EQ(read_call["dur"], 0.007);
  EXPECT_EQ(read_call["args"]["bytes"], 512);
}

TEST_F(ExportChrome, RangesThatMayOverlapAreAsynchronous) {
  read(process("run", R"(
    range start_ns=10 dur_ns=50 name=inner domain=mine source=2 payload_type=1 payload=-7
    range start_ns=20 dur_ns=90 name=handle source=2 flags=2
    instant start_ns=30 name=mark source=1
  )"));
  const json range = event({{"name", "inner"}});
  EXPECT_EQ(range["ph"], "X");
  EXPECT_EQ(range["args"]["domain"], "mine");
  EXPECT_EQ(range["args"]["source"], "nvtx");
  EXPECT_EQ(range["args"]["payload"], -7);
  EXPECT_EQ(range["dur"], 0.05);
  const json begin = event({{"name", "handle"}, {"ph", "b"}});
  const json end = event({{"name", "handle"}, {"ph", "e"}});
  EXPECT_EQ(begin["id"], end["id"]);
  EXPECT_EQ(end["ts"], 0.11);
  EXPECT_EQ(event({{"name", "mark"}})["ph"], "i");
}

TEST_F(ExportChrome, AnOperatorsShapesAreItsInputDims) {
  // The first text of a recording is string 1.
  read(process(
      "run", "range start_ns=10 dur_ns=50 name=[[2,3]] category=cpu_op source=5 payload_type=16 payload=1"));
  EXPECT_EQ(event({{"name", "[[2,3]]"}})["args"]["Input Dims"], "[[2,3]]");
}

TEST_F(ExportChrome, CountersAndHealthAreCounterEvents) {
  read(process("run", R"(
    lane 2 counter host
    lane 3 device "GPU 2"
    counter lane=2 start_ns=1000 name=proc.cpu_ns value=0.1 subject=100
    health lane=3 start_ns=2000 name=gpu.sm_clock_mhz value=1410 device=2
  )"));
  const json counter = event({{"name", "proc.cpu_ns"}});
  EXPECT_EQ(counter["ph"], "C");
  EXPECT_EQ(counter["id"], 100);
  EXPECT_EQ(counter["args"], json({{"value", 0.1}}));
  EXPECT_EQ(event({{"name", "gpu.sm_clock_mhz"}})["pid"], 2);
}

TEST_F(ExportChrome, StepsAndLedgerAreTracksThatFillTheSteps) {
  const analysis::Run run = job("run", "steps=30 workers=2 fetch.cpu=9ms");
  const Ledger ledger = ledger_of(run);
  read(run);
  const std::vector<Step>& steps = ledger.processes[0].steps.steps;
  const std::vector<json> drawn = events({{"cat", "stepscope.step"}});
  ASSERT_EQ(drawn.size(), steps.size());
  EXPECT_EQ(drawn[0]["name"], "warmup " + std::to_string(steps[0].number));
  EXPECT_EQ(drawn.back()["args"], json({{"step", steps.back().number},
                                        {"index", steps.back().index},
                                        {"class", "train"},
                                        {"micro_steps", steps.back().micro_steps}}));
  EXPECT_EQ(events({{"name", "ProfilerStep#" + std::to_string(steps[3].number)}})[0]["tid"], 1000)
      << "on the thread that drives the steps";
  int64_t end_ns = steps[0].begin_ns;
  int64_t sum_ns = 0;
  for (const json& leaf : events({{"cat", "stepscope.ledger"}})) {
    EXPECT_EQ(std::llround(leaf["ts"].get<double>() * 1000), end_ns) << "no gap, no overlap";
    end_ns += leaf["args"]["exclusive_ns"].get<int64_t>();
    sum_ns += leaf["args"]["exclusive_ns"].get<int64_t>();
  }
  EXPECT_EQ(end_ns, steps.back().end_ns);
  EXPECT_EQ(sum_ns, steps.back().end_ns - steps[0].begin_ns);
  EXPECT_EQ(event({{"name", "thread_name"}, {"tid", drawn[0]["tid"]}})["args"]["name"], "steps");
}

TEST_F(ExportChrome, AStepThatCutsARangeIsNotDrawnOnItsThread) {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += "step start_ns=" + std::to_string(10 * i + 10) + "ms index=" + std::to_string(i) + " source=1\n";
    text += "range start_ns=" + std::to_string(10 * i + 15) + "ms dur_ns=9ms name=across source=1\n";
  }
  read(process("run", text));
  EXPECT_THAT(text_, ::testing::Not(HasSubstr("ProfilerStep#")));
  EXPECT_EQ(events({{"cat", "stepscope.step"}}).size(), 7U);
}

TEST_F(ExportChrome, OneFileHasAProcessPerRankAndPerGpu) {
  for (const int rank : {0, 1}) {
    ::stepscope::testing::GpuJob gpu;
    gpu.steps = 6;
    gpu.rank = rank;
    gpu.world_size = 2;
    std::filesystem::create_directories(path("run"));
    ::stepscope::testing::GpuJobWriter(gpu, path("run")).run();
  }
  const analysis::Run run = open("run");
  read(run);
  EXPECT_EQ(trace_.value("distributedInfo", json()), json()) << "it has no one rank";
  std::map<int64_t, std::string> names;
  for (const json& one : events({{"name", "process_name"}})) {
    EXPECT_TRUE(names.emplace(one["pid"], one["args"]["name"]).second) << "pids differ";
  }
  EXPECT_EQ(names.size(), 4U);
  EXPECT_THAT(names[1000], HasSubstr("main-r0"));
  EXPECT_THAT(names[1100], HasSubstr("main-r1"));
  std::set<int64_t> ids;
  size_t kernels = 0;
  for (const json& arrow : events({{"cat", "ac2g"}, {"ph", "s"}})) {
    ids.insert(arrow["id"].get<int64_t>());
    ++kernels;
  }
  EXPECT_EQ(ids.size(), kernels) << "arrows of two ranks do not meet";
  read(run, 1);
  EXPECT_EQ(trace_["distributedInfo"]["rank"], 1);
  EXPECT_EQ(trace_["distributedInfo"]["world_size"], 2);
  EXPECT_EQ(event({{"cat", "kernel"}})["pid"], 0) << "as one file per rank has it";
}

TEST_F(ExportChrome, TheHeadSaysWhenAndOnWhat) {
  read(process("run",
               "meta device.0.name \"Example GPU\"\nmeta cupti.version 26\nmeta process.host node7\n"
               "anchor monotonic_raw_ns=0 realtime_ns=1700000000s\n"
               "range start_ns=5s dur_ns=1 name=a\n"));
  EXPECT_EQ(trace_["schemaVersion"], 1);
  EXPECT_EQ(trace_["deviceProperties"], json::parse(R"([{"id": 0, "name": "Example GPU"}])"));
  EXPECT_EQ(trace_["cupti_version"], 26);
  EXPECT_EQ(trace_["host_name"], "node7");
  EXPECT_EQ(trace_["baseTimeNanoseconds"], 1700000000000000000);
  EXPECT_EQ(event({{"name", "a"}})["ts"], 5000000.0) << "ts * 1000 is start_ns";
}

TEST_F(ExportChrome, WhatAnEarlierExportDerivedIsDerivedAnew) {
  read(process("run", R"(
    range start_ns=10 dur_ns=5 name=aten::add category=cpu_op source=5
    range start_ns=10 dur_ns=5 name="compute/forward" category=stepscope.ledger source=5
    instant start_ns=12 name="step boundary" category=stepscope.boundary source=5
  )"));
  const json kept = event({{"name", "aten::add"}});
  EXPECT_EQ(kept["cat"], "cpu_op");
  EXPECT_FALSE(kept.contains("args")) << "that it was imported is no argument of it";
  EXPECT_THAT(text_, ::testing::Not(HasSubstr("stepscope.")));
}

TEST_F(ExportChrome, TheSameRunGivesTheSameBytes) {
  const analysis::Run run = job("run", "steps=10 workers=1");
  EXPECT_EQ(exported(run, "chrome"), exported(run, "chrome"));
}

}  // namespace
}  // namespace stepscope::analysis
