// SPDX-License-Identifier: Apache-2.0
//
// The replay against published slowdowns: two jobs of the StragglerAnalysis artifact, one with a slow worker, one with a last
// stage that is too long. The artifact's own results lie beside its traces.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/analyzer/replay/job_replay.hpp"

namespace stepscope::analysis::job_trace {
namespace {

using nlohmann::json;
using Chosen = std::function<bool(const JobReplay::Node&)>;

json read_json(const std::string& path) {
  std::ifstream in(path);
  return json::parse(in);
}

bool is_transfer(const std::string& type) {
  return type != "forward-compute" && type != "backward-compute" && type != "gc" && type != "optimizer";
}

// As if nobody were slower than others: computations take the mean of their type, transfers the median.
Times without_stragglers(const JobReplay& job, const Times& times) {
  std::map<std::string, std::vector<int64_t>> by_type;
  for (const std::vector<int64_t>& step : times.own) {
    for (size_t i = 0; i < step.size(); ++i) {
      by_type[job.nodes()[i].type].push_back(step[i]);
    }
  }
  std::map<std::string, int64_t> usual;
  for (auto& [type, all] : by_type) {
    if (is_transfer(type)) {
      std::sort(all.begin(), all.end());
      usual[type] = (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
    } else {
      double sum = 0;
      for (const int64_t one : all) {
        sum += static_cast<double>(one);
      }
      usual[type] = std::llround(sum / static_cast<double>(all.size()));
    }
  }
  Times out = times;
  for (std::vector<int64_t>& step : out.own) {
    for (size_t i = 0; i < step.size(); ++i) {
      step[i] = usual[job.nodes()[i].type];
    }
  }
  return out;
}

// `into` with the times of the chosen operations from `from`.
Times with(const JobReplay& job, const Times& into, const Times& from, const Chosen& chosen) {
  Times out = into;
  for (size_t step = 0; step < out.own.size(); ++step) {
    for (size_t i = 0; i < job.nodes().size(); ++i) {
      if (chosen(job.nodes()[i])) {
        out.own[step][i] = from.own[step][i];
      }
    }
  }
  return out;
}

class PublishedJob : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] static std::string file(const std::string& kind, const std::string& ending) {
    return std::string(STEPSCOPE_SHARED_DATA) + "/straggler_analysis/" + kind + "-" + GetParam() + ending;
  }
  // Within 2 % of what was published.
  void compare(const std::string& what, double ours, double published) {
    std::printf("  %-52s ours %9.5f  published %9.5f  %+.3f %%\n", what.c_str(), ours, published,
                100 * (ours / published - 1));
    EXPECT_NEAR(ours, published, 0.02 * published) << what;
    worst_ = std::max(worst_, std::abs(ours / published - 1));
    ++numbers_;
  }
  double worst_ = 0;
  int numbers_ = 0;
};

TEST_P(PublishedJob, SlowdownsAreThoseOfTheArtifact) {
  if (!std::filesystem::exists(file("trace", ".csv.gz"))) {
    GTEST_SKIP() << "no " << file("trace", ".csv.gz");
  }
  const JobReplay job(read_trace(file("trace", ".csv.gz")));
  const json published = read_json(file("result", ".json"));
  std::printf("%s: %zu operations a step, %zu steps\n", GetParam(), job.nodes().size(),
              job.recorded().own.size());

  // The replay of the trace as it is rebuilds its steps.
  const double rebuilt = job.replay(job.recorded()).last_ns;
  std::printf("  replay of the trace as it is: %.3f ms, recorded %.3f ms: %+.4f %%\n", rebuilt / 1e6,
              job.recorded_step_ns() / 1e6, 100 * (rebuilt / job.recorded_step_ns() - 1));
  EXPECT_NEAR(rebuilt, job.recorded_step_ns(), 0.01 * job.recorded_step_ns());

  Times prompt = job.recorded();
  for (std::vector<int64_t>& step : prompt.delay) {
    std::fill(step.begin(), step.end(), 0);
  }
  const JobReplay::StepTimes now = job.replay(prompt);
  const Times usual = without_stragglers(job, prompt);
  const JobReplay::StepTimes ideal = job.replay(usual);
  compare("slowdown by delays", job.recorded_step_ns() / now.optimizer_ns, published["launch_slowdown"]);
  compare("slowdown by stragglers", now.last_ns / ideal.optimizer_ns, published["blocking_slowdown"]);

  const auto alone = [&](const Chosen& chosen) {
    return job.replay(with(job, usual, prompt, chosen)).optimizer_ns / ideal.optimizer_ns;
  };
  std::map<std::string, double> by_stage;
  std::map<std::string, double> by_rank;
  for (const auto& [name, value] : published["blocking_decompose_by_stage"].items()) {
    const std::string& stage = name;  // clang 14 captures no structured binding
    by_stage[stage] = alone([&](const JobReplay::Node& n) { return std::to_string(n.stage) == stage; });
    compare("stage " + stage + " alone", by_stage[stage], value);
  }
  for (const auto& [name, value] : published["blocking_decompose_by_dp_rank"].items()) {
    const std::string& rank = name;  // clang 14 captures no structured binding
    by_rank[rank] = alone([&](const JobReplay::Node& n) { return std::to_string(n.data_rank) == rank; });
    compare("data-parallel rank " + rank + " alone", by_rank[rank], value);
  }
  for (const auto& [name, value] : published["blocking_decompose_by_optype"].items()) {
    const std::string& type = name;  // clang 14 captures no structured binding
    const bool both = type == "forward-pp-comm" || type == "backward-pp-comm";
    const std::string start = type.substr(0, type.find('-'));
    compare(type + " alone", alone([&](const JobReplay::Node& n) {
              return both ? n.type == start + "-send" || n.type == start + "-recv" : n.type == type;
            }),
            value);
  }

  // Brackets: taken away from the job as it is, added to the job without stragglers.
  const auto bracket = [&](const std::string& what, const json& expected, const Chosen& chosen) {
    compare(what + ": step without them, s", job.replay(with(job, prompt, usual, chosen)).last_ns / 1e9,
            expected["trem"]);
    compare(what + ": step with them alone, s", job.replay(with(job, usual, prompt, chosen)).last_ns / 1e9,
            expected["tadd"]);
  };
  compare("step without delays, s", now.last_ns / 1e9, read_json(file("ms", ".json"))["tori"]);
  compare("step without stragglers, s", ideal.last_ns / 1e9, read_json(file("ms", ".json"))["tideal"]);
  int64_t last_stage = 0;
  std::pair<double, std::pair<int64_t, int64_t>> worst_worker;
  for (const JobReplay::Node& n : job.nodes()) {
    last_stage = std::max(last_stage, n.stage);
    const double score = std::min(by_stage[std::to_string(n.stage)], by_rank[std::to_string(n.data_rank)]);
    worst_worker = std::max(worst_worker, {score, {n.stage, n.data_rank}});
  }
  bracket("last stage", read_json(file("ms", ".json")),
          [&](const JobReplay::Node& n) { return n.stage == last_stage; });
  bracket("worst worker", read_json(file("mw", ".json")),
          [&](const JobReplay::Node& n) { return std::pair(n.stage, n.data_rank) == worst_worker.second; });
  std::printf("  largest difference %.3f %%\n", 100 * worst_);

  // Whose fault it is: a stage, and one worker of it where a rank explains more than twice as much as any other.
  const auto most_first = [](const std::map<std::string, double>& alone_by) {
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [name, slowdown] : alone_by) {
      order.emplace_back(slowdown, name);
    }
    std::sort(order.rbegin(), order.rend());
    return order;
  };
  const auto stages = most_first(by_stage);
  const auto ranks = most_first(by_rank);
  const bool one_worker = ranks[0].first - 1 > 2 * (ranks[1].first - 1);
  const std::string culprit =
      "stage " + stages[0].second + (one_worker ? " and data-parallel rank " + ranks[0].second : "");
  EXPECT_EQ(culprit, std::string(GetParam()) == "AR" ? "stage 0 and data-parallel rank 0" : "stage 3");
  // For tests/scenarios/pairs.py.
  RecordProperty("culprit", culprit);
  RecordProperty("culprit_slowdown", std::to_string(stages[0].first));
  RecordProperty("worst_difference", std::to_string(worst_));
  RecordProperty("numbers", numbers_);
}

INSTANTIATE_TEST_SUITE_P(StragglerAnalysis, PublishedJob, ::testing::Values("AR", "ST"),
                         [](const auto& job) { return std::string(job.param); });

}  // namespace
}  // namespace stepscope::analysis::job_trace
