// SPDX-License-Identifier: Apache-2.0
//
// What the window says and what the program prints cannot differ.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/frame_script.hpp"
#include "viewer/loader.hpp"
#include "viewer/model/evidence.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/waterfall.hpp"

namespace stepscope::viewer {
namespace {

using nlohmann::json;

void load(AppState& state, const std::string& a, const std::string& b) {
  Loader loader(a, b, [] {});
  while (!loader.finished()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  (void)loader.poll(state);
}

json said_by(const std::vector<std::string>& arguments) {
  return json::parse(stepscope::testing::stepscope(arguments).out);
}

int32_t rank_of(const json& entry) {
  return entry["rank"].is_null() ? -1 : entry["rank"].get<int32_t>();
}

// Every number and word of the two tables of the window, against the document of the program.
void expect_same_terms(const DiffTable& table, const json& said) {
  std::set<std::pair<std::string, int32_t>> shown;
  for (const TermRow& row : table.terms) {
    const auto at = std::find_if(said["terms"].begin(), said["terms"].end(), [&](const json& term) {
      return term["leaf"] == row.name && rank_of(term) == row.rank;
    });
    ASSERT_NE(at, said["terms"].end()) << row.title();
    const json& term = *at;
    shown.emplace(row.name, row.rank);
    EXPECT_EQ(row.a_ns, term["baseline_ns"].get<int64_t>()) << row.title();
    EXPECT_EQ(row.b_ns, term["candidate_ns"].get<int64_t>()) << row.title();
    EXPECT_EQ(row.delta_ns, term["delta_ns"].get<int64_t>()) << row.title();
    EXPECT_DOUBLE_EQ(row.share, term["share"].get<double>()) << row.title();
    EXPECT_EQ(row.flagged, term["flagged"].get<bool>()) << row.title();
    EXPECT_EQ(row.modelled, term["modelled"].get<bool>()) << row.title();
    if (!term["ci_ns"].is_null()) {
      EXPECT_EQ(std::llround(row.low_ns), term["ci_ns"][0].get<int64_t>()) << row.title();
      EXPECT_EQ(std::llround(row.high_ns), term["ci_ns"][1].get<int64_t>()) << row.title();
    }
  }
  EXPECT_EQ(shown.size(), said["terms"].size());
  EXPECT_EQ(table.residual_ns(), said["residual_ns"].get<int64_t>());
}

std::string value_words(const json& value, const std::string& unit) {
  return value.is_number()   ? evidence_value(value.get<double>(), unit)
         : value.is_string() ? value.get<std::string>()
                             : "";
}

void expect_same_findings(const DiffTable& table, const json& said) {
  ASSERT_EQ(table.findings.size(), said["findings"].size());
  for (size_t i = 0; i < table.findings.size(); ++i) {
    const FindingRow& row = table.findings[i];
    const json& finding = said["findings"][i];
    EXPECT_EQ(row.id, finding["id"]);
    EXPECT_EQ(row.text, finding["sentence"]);
    EXPECT_EQ(row.advice, finding["advice"]);
    EXPECT_EQ(row.confidence, finding["confidence"]);
    EXPECT_EQ(row.effect_ns, finding["effect_ns"].get<int64_t>());
    ASSERT_EQ(row.evidence.size(), finding["evidence"].size());
    for (size_t e = 0; e < row.evidence.size(); ++e) {
      const json& seen = finding["evidence"][e];
      EXPECT_EQ(row.evidence[e].name, seen["name"]);
      EXPECT_EQ(row.evidence[e].before, value_words(seen["base"], seen["unit"])) << row.evidence[e].name;
      EXPECT_EQ(row.evidence[e].after, value_words(seen["candidate"], seen["unit"])) << row.evidence[e].name;
    }
  }
}

class SameNumbers : public testing::FrameTest {
 protected:
  void open() { load(state, dir_.file("a"), dir_.file("b")); }
  json diff() { return said_by({"diff", dir_.file("a"), "--vs", dir_.file("b"), "--json"}); }
  std::string visible_text() {
    FrameScript host(state, shell,
                     {[this] { frames(1); }, [](const std::string&) { return analysis::Status(); }});
    host.settle();
    return host.visible_text().value();
  }
  stepscope::testing::TempDir dir_;
};

// A loader, a GPU, and a job whose steps do more: sentences, modelled terms, work.
class SameTables : public SameNumbers,
                   public ::testing::WithParamInterface<std::pair<const char*, const char*>> {
 protected:
  static void make(const std::string& directory, const std::string& spec) {
    if (spec.find("kernels=") != std::string::npos) {
      stepscope::testing::write_gpu_job(directory, spec);
    } else {
      stepscope::testing::write_job(directory, spec);
    }
  }
};

TEST_P(SameTables, FindingsIntervalsVerdictMediansAndCountsAreThoseOfTheProgram) {
  make(dir_.file("a"), GetParam().first);
  make(dir_.file("b"), GetParam().second);
  open();
  const json said = diff();
  const DiffTable& table = state.table;
  EXPECT_TRUE(
      table.status.starts_with("The runs are " + said["comparability"]["verdict"].get<std::string>() + "."))
      << table.status;
  EXPECT_EQ(table.a_step_ns, said["base"]["mean_step_ns"].get<int64_t>());
  EXPECT_EQ(table.b_step_ns, said["candidate"]["mean_step_ns"].get<int64_t>());
  EXPECT_EQ(table.delta_ns, said["delta_ns"].get<int64_t>());
  expect_same_terms(table, said);
  expect_same_findings(table, said);
  for (const json& caveat : said["caveats"]) {
    EXPECT_NE(std::find(table.remarks.begin(), table.remarks.end(), caveat), table.remarks.end()) << caveat;
  }
  // The strip: train steps of both runs, and their medians. Runs of one length, so that every step has its other.
  const auto trained = std::count_if(state.strip.bars.begin(), state.strip.bars.end(),
                                     [](const StepBar& bar) { return bar.train; });
  for (const auto& [side, name, median] : {std::tuple("base", "a", state.strip.median_a_ns),
                                           std::tuple("candidate", "b", state.strip.median_b_ns)}) {
    EXPECT_EQ(static_cast<size_t>(trained), said[side]["steps"].get<size_t>()) << side;
    const json steps = said_by({"steps", dir_.file(name), "--json"});
    EXPECT_NEAR(median, steps["processes"][0]["classes"][0]["median_ns"].get<double>(), 1) << side;
  }
  // What stands in the first line of the window.
  const auto a = said["base"]["mean_step_ns"].get<double>();
  const auto delta = said["delta_ns"].get<double>();
  const std::string text = visible_text();
  for (const std::string& words :
       {format_duration(a) + "/step", format_duration(a + delta) + "/step",
        format_delta_ms(delta) + " ms  (" + format_signed_percent(delta / a) + ")"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << " in\n" << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, SameTables,
    ::testing::Values(std::pair("steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms",
                                "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms "
                                "fetch.io=60ms"),
                      std::pair("steps=40 kernels=60 kernel=200us comm=3ms sm_clock=1980",
                                "steps=40 kernels=60 kernel=262us comm=3ms sm_clock=1410 power_cap=1"),
                      std::pair("steps=40 workers=2 forward=9ms batch_size=32 tokens=4096",
                                "steps=40 workers=2 forward=12ms batch_size=32 tokens=5120")));

// What the window shows of two runs is what the program prints, to the nanosecond.
TEST_F(SameNumbers, WaterfallAndMoversAreThoseOfStepscopeDiff) {
  stepscope::testing::write_gpu_job(dir_.file("a"), "steps=30 kernels=40");
  stepscope::testing::write_gpu_job(dir_.file("b"), "steps=30 kernels=44 kernel=230us comm=9ms data=2ms");
  open();
  const json said = diff();
  std::map<std::string, int64_t> terms;
  for (const auto& term : said["terms"]) {
    terms[term["leaf"]] += term["delta_ns"].get<int64_t>();
  }
  const Waterfall fall = Waterfall::make(state.table, 1000);
  ASSERT_GE(fall.bars.size(), 4U);
  EXPECT_EQ(fall.bars.front().to_ns, said["base"]["mean_step_ns"].get<int64_t>());
  EXPECT_EQ(fall.bars.back().to_ns, said["candidate"]["mean_step_ns"].get<int64_t>());
  for (size_t i = 1; i + 1 < fall.bars.size(); ++i) {
    for (const size_t index : fall.bars[i].terms) {
      EXPECT_EQ(state.table.terms[index].delta_ns, terms.at(state.table.terms[index].name));
    }
    EXPECT_EQ(fall.bars[i].from_ns, i == 1 ? fall.bars[0].to_ns : fall.bars[i - 1].to_ns);
  }
  EXPECT_EQ(fall.bars[fall.bars.size() - 2].to_ns, fall.bars.back().to_ns);

  ASSERT_FALSE(state.movers.empty());
  const MoverTable& movers = state.movers.front();
  EXPECT_EQ(movers.delta_ns, said["delta_ns"].get<int64_t>());
  EXPECT_EQ(movers.residual_ns(), 0);
  size_t groups = 0;
  for (const auto& group : said["kernels"]["groups"]) {
    const auto mover = std::find_if(movers.movers.begin(), movers.movers.end(), [&](const Mover& one) {
      return one.label == group["label"] && one.delta_ns == group["delta_ns"].get<int64_t>();
    });
    ASSERT_NE(mover, movers.movers.end()) << group["label"];
    EXPECT_EQ(mover->tier, group["match_tier"]);
    EXPECT_EQ(mover->a_ns, group["base_ns"].get<int64_t>());
    EXPECT_EQ(mover->b_ns, group["candidate_ns"].get<int64_t>());
    ++groups;
  }
  EXPECT_GT(groups, 0U);
  // A kernel's row leads to its longest event.
  const auto kernel = std::find_if(movers.movers.begin(), movers.movers.end(),
                                   [](const Mover& one) { return !one.tier.empty() && one.delta_ns > 0; });
  ASSERT_NE(kernel, movers.movers.end());
  ASSERT_TRUE(kernel->place.has_value());
  EXPECT_EQ(state.run(Side::kB)->lanes[kernel->place->lane].role, LaneRole::kStream);
}

}  // namespace
}  // namespace stepscope::viewer
