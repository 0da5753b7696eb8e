// SPDX-License-Identifier: Apache-2.0
//
// Public traces with ProfilerStep# annotations: with the annotation hidden, the kernels must give the same period.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

struct Annotation {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  size_t kernels = 0;  // launched in it
};

struct Trace {
  std::vector<Annotation> steps;
  size_t kernels = 0;

  // The same number of kernels in every annotated step, and three of them at least: then there is a period to be found.
  [[nodiscard]] bool steady() const {
    return steps.size() >= 3 && steps[0].kernels > 0 &&
           std::all_of(steps.begin(), steps.end(),
                       [&](const Annotation& s) { return s.kernels == steps[0].kernels; });
  }
};

simdjson::dom::element unpacked(const std::string& path, simdjson::dom::parser* parser) {
  const std::string command = (path.ends_with(".gz") ? "gzip -dc '" : "cat '") + path + "'";
  std::string text;
  if (FILE* pipe = popen(command.c_str(), "r"); pipe != nullptr) {
    char buffer[65536];
    for (size_t n = fread(buffer, 1, sizeof buffer, pipe); n > 0; n = fread(buffer, 1, sizeof buffer, pipe)) {
      text.append(buffer, n);
    }
    pclose(pipe);
  }
  return parser->parse(simdjson::padded_string(text));
}

int64_t whole_ns(simdjson::dom::element event, const char* key) {
  double us = 0;
  return event[key].get(us) == simdjson::SUCCESS ? static_cast<int64_t>(us * 1000.0 + 0.5) : 0;
}

std::string text_of(simdjson::simdjson_result<simdjson::dom::element> value) {
  simdjson::dom::element element;
  std::string_view text;
  if (value.get(element) != simdjson::SUCCESS) {
    return {};
  }
  return element.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(element);
}

// Writes kernels and copies of a Kineto trace as a recording without marks.
Trace convert(const std::string& from, const std::string& to) {
  simdjson::dom::parser parser;
  simdjson::dom::array events;
  Trace out;
  if (unpacked(from, &parser)["traceEvents"].get(events) != simdjson::SUCCESS) {
    return out;
  }
  ::stepscope::testing::TextRecording recording(to);
  recording.lines("meta process.role main\nmeta process.pid 100\nlane 1 stream \"GPU 0\"\n");
  std::map<int64_t, int64_t> launched;  // correlation -> when
  std::vector<int64_t> correlations;
  for (const simdjson::dom::element event : events) {
    std::string category = text_of(event["cat"]);
    std::transform(category.begin(), category.end(), category.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const std::string name = text_of(event["name"]);
    const int64_t begin = whole_ns(event, "ts");
    const int64_t dur = whole_ns(event, "dur");
    int64_t correlation = 0;
    if (event["args"]["correlation"].get(correlation) != simdjson::SUCCESS &&
        event["args"]["External id"].get(correlation) != simdjson::SUCCESS) {
      correlation = 0;
    }
    if (category == "kernel") {
      recording.event(Kind::kKernel, 1,
                      {begin, dur, recording.name(name), 0, 0, correlation, 0, 0, 0,
                       recording.name(text_of(event["args"]["grid"]))});
      correlations.push_back(correlation);
    } else if (category == "memcpy" || category == "gpu_memcpy") {
      const bool in =
          name.find("HtoD") != std::string::npos || name.find("HostToDevice") != std::string::npos;
      const bool back =
          name.find("DtoH") != std::string::npos || name.find("DeviceToHost") != std::string::npos;
      recording.event(Kind::kMemcpy, 1,
                      {begin, dur,
                       in     ? 1
                       : back ? 2
                              : 8,
                       0, 0, 0, correlation, 0, 0, 0, 0, 0, 0, 0});
    } else if (category == "memset" || category == "gpu_memset") {
      recording.event(Kind::kMemset, 1, {begin, dur, 0, 0, 0, correlation, 0, 0, 0, 0});
    } else if (category == "runtime" || category == "cuda_runtime" || category == "cuda_driver") {
      launched.emplace(correlation, begin);
    } else if (name.starts_with("ProfilerStep#") && category != "gpu_user_annotation") {
      out.steps.push_back({begin, begin + dur, 0});
    }
  }
  recording.finish();
  out.kernels = correlations.size();
  for (const int64_t correlation : correlations) {
    const auto at = launched.find(correlation);
    for (Annotation& step : out.steps) {
      step.kernels +=
          at != launched.end() && at->second >= step.begin_ns && at->second < step.end_ns ? 1U : 0U;
    }
  }
  return out;
}

class MotifTracesTest : public RunTest {};

TEST_F(MotifTracesTest, GiveThePeriodOfTheirHiddenAnnotation) {
  const char* const elsewhere = std::getenv("STEPSCOPE_SHARED_DATA");
  const std::filesystem::path data = elsewhere != nullptr ? elsewhere : STEPSCOPE_SHARED_DATA;
  if (!std::filesystem::is_directory(data)) {
    GTEST_SKIP() << "no public traces beside the repository";
  }
  std::set<std::string> paths;
  for (const char* const origin : {"hta", "kineto_tb_plugin", "tracelens"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data / origin)) {
      const std::string path = entry.path().string();
      if (path.ends_with(".json.gz") || path.ends_with(".json")) {
        paths.insert(path);
      }
    }
  }
  std::printf("%-62s %7s %5s %8s %7s %6s %5s\n", "trace", "kernels", "steps", "per step", "period", "steps",
              "conf");
  size_t steady = 0;
  for (const std::string& path : paths) {
    const std::string name = "run" + std::to_string(std::hash<std::string>()(path));
    std::filesystem::create_directories(this->path(name));
    const Trace trace = convert(path, this->path(name) + "/main.stepscope");
    if (trace.kernels == 0) {
      continue;
    }
    StepOptions hidden;
    hidden.only = StepMethod::kKernels;
    const analysis::Run run = open(name);
    const Result<ProcessSteps> steps = find_process_steps(run, 0, hidden);
    ::stepscope::testing::require(steps.status());
    const ProcessSteps& found = steps.value();
    size_t period = 0;
    std::sscanf(found.detail.c_str(), "from %zu kernels", &period);
    const std::string shown = path.substr(data.string().size() + 1);
    std::printf("%-62.62s %7zu %5zu %8s %7zu %6zu %5.2f\n", shown.c_str(), trace.kernels, trace.steps.size(),
                trace.steady() ? std::to_string(trace.steps[0].kernels).c_str() : "-", period,
                found.steps.size(), found.confidence);
    if (!trace.steady()) {
      EXPECT_EQ(found.method, StepMethod::kNone) << path << ": " << found.detail;
      continue;
    }
    ++steady;
    EXPECT_EQ(found.method, StepMethod::kKernels) << path << ": " << found.detail;
    EXPECT_EQ(period, trace.steps[0].kernels) << path;
    EXPECT_GE(found.steps.size() + 1, trace.steps.size()) << path;  // one may be cut by the ends of the trace
    EXPECT_LE(found.steps.size(), trace.steps.size()) << path;
  }
  EXPECT_GE(steady, 7U);
}

}  // namespace
}  // namespace stepscope::analysis
