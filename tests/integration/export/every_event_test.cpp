// SPDX-License-Identifier: Apache-2.0
//
// Simulated runs through the program: what is recorded is in the exported file, event by event, to the nanosecond.
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/run.hpp"
#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

using nlohmann::json;
using trace::Kind;

using Times = std::multiset<std::pair<int64_t, int64_t>>;  // start and duration in ns

int64_t ns(const json& microseconds) {
  return std::llround(microseconds.get<double>() * 1000);
}

// Where an event of a kind is in the file. Kinds that share a category are told apart by the name.
std::string key_of(const json& event) {
  const std::string phase = event.at("ph");
  const std::string category = event.value("cat", "");
  const std::string name = event.at("name");
  if (phase == "C") {
    return event.at("name").get<std::string>().starts_with("gpu.") ? "health" : "counter";
  }
  if (category == "user_annotation") {
    return name == "enumerate(DataLoader)#__next__"                    ? "batch"
           : name == "make batch"                                      ? "batch_fetch"
           : name.starts_with("ProfilerStep#")                         ? "steps"
           : event.contains("args") && event["args"].contains("phase") ? "phase"
                                                                       : "range";
  }
  return category;
}

std::map<std::string, Times> exported_times(const json& trace) {
  std::map<std::string, Times> out;
  std::map<int64_t, int64_t> begun;  // asynchronous events by id
  for (const json& event : trace.at("traceEvents")) {
    const std::string phase = event.at("ph");
    if (phase == "M" || phase == "s" || phase == "f") {
      continue;
    }
    const int64_t start = ns(event.at("ts"));
    if (phase == "b") {
      begun[event.at("id").get<int64_t>()] = start;
    } else if (phase == "e") {
      const int64_t begin = begun.at(event.at("id").get<int64_t>());
      out[key_of(event)].emplace(begin, start - begin);
    } else {
      const bool sample = key_of(event) == "python_sample";
      const json args = event.value("args", json::object());
      const int64_t dur = event.contains("dur") ? ns(event["dur"])
                          : sample              ? args.at("dur_ns").get<int64_t>()
                                                : 0;
      out[key_of(event)].emplace(start, dur);
      if (args.contains("Collective name")) {  // a kernel that says which collective it is stands for both
        out["collective_comm"].emplace(start, dur);
      }
    }
  }
  return out;
}

Times recorded_times(const analysis::Run& run, const trace::KindInfo& kind) {
  Times out;
  for (uint32_t process = 0; process < run.processes().size(); ++process) {
    trace::ScanFilter filter;
    filter.kind = kind.id;
    require(run.scan(process, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        out.emplace(view.columns[0][row], kind.has_duration() ? view.columns[1][row] : 0);
      }
      return trace::Status();
    }));
  }
  return out;
}

class EveryEvent : public ::testing::Test {
 protected:
  // Exports the run and compares each kind; returns the document.
  json check(const std::string& name, const std::map<Kind, std::string>& categories) {
    const Outcome outcome =
        stepscope({"export", name, "--format", "chrome", "-o", name + ".json"}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const json trace = json::parse(read_bytes(dir_.file(name + ".json")));
    std::map<std::string, Times> found = exported_times(trace);
    trace::Result<analysis::Run> run = analysis::Run::open(dir_.file(name), {});
    require(run.status());
    size_t kinds = 0;
    for (const trace::KindInfo* kind = trace::kinds_begin(); kind != trace::kinds_end(); ++kind) {
      const Times recorded = recorded_times(run.value(), *kind);
      const auto other = categories.find(kind->id);
      const std::string category = other == categories.end() ? kind->name : other->second;
      EXPECT_EQ(found[category], recorded) << kind->name;
      kinds += recorded.empty() ? 0U : 1U;
    }
    EXPECT_GE(kinds, 5U) << "the run has hardly anything in it";
    return trace;
  }

  TempDir dir_;
};

TEST_F(EveryEvent, OfAJobWithALoader) {
  write_job(dir_.file("job"),
            "steps=40 workers=2 fetch.cpu=4ms gc.every=7 gc=2ms ranges=1 checkpoint.every=20 checkpoint=9ms");
  check("job", {{Kind::kStep, "stepscope.boundary"}});
}

TEST_F(EveryEvent, OfAJobOnAGpu) {
  write_gpu_job(dir_.file("gpu"), "steps=20 graph=0");
  // Its collectives have the times of their kernels: they are the arguments of these.
  const json trace = check("gpu", {{Kind::kCudaApi, "cuda_runtime"},
                                   {Kind::kMemcpy, "gpu_memcpy"},
                                   {Kind::kMemset, "gpu_memset"},
                                   {Kind::kSync, "cuda_sync"},
                                   {Kind::kCollective, "collective_comm"},
                                   {Kind::kStep, "stepscope.boundary"}});
  EXPECT_GT(trace["traceEvents"].size(), 1000U);
}

TEST_F(EveryEvent, OfPythonSamples) {
  write_recording(dir_.file("samples.stepscope"), R"(
    meta process.role main
    lane 1 thread main tid=7
    lane 2 python_samples "main thread"
    python_sample lane=2 start_ns=10000001 dur_ns=10000001 stack=a.py:f;a.py:g
    python_sample lane=2 start_ns=20000005 dur_ns=10000004 stack=a.py:f
    range start_ns=1 dur_ns=2 name=a source=2
    instant start_ns=3 name=b source=2
    jit start_ns=4 dur_ns=5 name=PTX
    io start_ns=10 dur_ns=5 op=read bytes=7
    overhead start_ns=20 dur_ns=5 name=CUPTI_BUFFER_FLUSH
    exit start_ns=30 code=3 how=exit
  )");
  const std::string text = stepscope({"export", "samples.stepscope", "--format", "folded"}, dir_.path()).out;
  EXPECT_EQ(text, "a.py:f 1\na.py:f;a.py:g 1\n");
  const Outcome outcome = stepscope({"export", "samples.stepscope", "--format", "chrome"}, dir_.path());
  std::map<std::string, Times> found = exported_times(json::parse(outcome.out));
  EXPECT_EQ(found["python_sample"], (Times{{10000001, 10000001}, {20000005, 10000004}}));
  EXPECT_EQ(found["range"], (Times{{1, 2}, {3, 0}})) << "a mark is an annotation without a duration";
  EXPECT_EQ(found["jit"], (Times{{4, 5}}));
  EXPECT_EQ(found["io"], (Times{{10, 5}}));
  EXPECT_EQ(found["overhead"], (Times{{20, 5}}));
  EXPECT_EQ(found["exit"], (Times{{30, 0}}));
}

}  // namespace
}  // namespace stepscope::testing
