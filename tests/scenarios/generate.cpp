// SPDX-License-Identifier: Apache-2.0
//
// generate: recordings of simulated training jobs with injected causes of known size.
//
//   generate --list                                              the scenarios: id, name, whether it is scored, summary
//   generate --scenario 3 --seed 7 -o DIR [--side base|changed|both] [--runs 3] [--steps N]
//
// writes DIR/base-0, DIR/changed-0, ... (one recording per process) and DIR/truth.json: what the injection costs, by
// construction. The same arguments give the same bytes. Exit status 2: usage.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/scenarios/generator/recording.hpp"
#include "tests/scenarios/generator/scenario.hpp"
#include "tests/scenarios/generator/truth.hpp"

namespace stepscope::scenarios {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  const Scenario* scenario = nullptr;
  std::string side = "both", output;
  int64_t seed = -1, runs = 3, steps = 0;
  bool list = false;
};

const Scenario* find_scenario(const std::string& id) {
  for (const Scenario& one : scenarios()) {
    if (one.id == id || one.name == id) {
      return &one;
    }
  }
  return nullptr;
}

std::optional<Arguments> parse_arguments(const std::vector<std::string>& words) {
  Arguments out;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--list") {
      out.list = true;
      continue;
    }
    if (++i == words.size()) {
      return std::nullopt;
    }
    const std::string& value = words[i];
    if (word == "--scenario") {
      out.scenario = find_scenario(value);
    } else if (word == "--side") {
      out.side = value;
    } else if (word == "-o") {
      out.output = value;
    } else if (word == "--seed") {
      out.seed = std::atoll(value.c_str());
    } else if (word == "--runs") {
      out.runs = std::atoll(value.c_str());
    } else if (word == "--steps") {
      out.steps = std::atoll(value.c_str());
    } else {
      return std::nullopt;
    }
  }
  const bool sides = out.side == "base" || out.side == "changed" || out.side == "both";
  const bool complete =
      out.scenario != nullptr && !out.output.empty() && out.seed >= 0 && out.runs > 0 && sides;
  return out.list || complete ? std::optional(out) : std::nullopt;
}

// No two runs share noise, whatever side they are on.
uint64_t seed_of(const Arguments& arguments, bool changed, int64_t run) {
  return identity(identity(identity(arguments.scenario->id), static_cast<uint64_t>(arguments.seed)),
                  static_cast<uint64_t>(2 * run + (changed ? 1 : 0)));
}

// Every other piece of GPU work is gone, as after buffers that CUPTI could not hand over.
void lose_records(History* history) {
  for (RankHistory& rank : history->ranks) {
    std::vector<Work> kept;
    for (size_t i = 0; i < rank.works.size(); ++i) {
      constexpr size_t kBuffer = 200;
      if (i / kBuffer % 2 == 0) {
        kept.push_back(rank.works[i]);
      }
    }
    rank.works = std::move(kept);
    rank.lost = true;
  }
}

void damage_files(Damage damage, const std::string& directory) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (damage == Damage::kTruncated && name.starts_with("main-r0")) {
      fs::resize_file(entry.path(), entry.file_size() * 2 / 3);
    } else if (damage == Damage::kMissingRank && name.find("-r1-") != std::string::npos) {
      fs::remove(entry.path());
    }
  }
}

void write_run(const Arguments& arguments, const Job& job, bool changed, int64_t run) {
  const uint64_t seed = seed_of(arguments, changed, run);
  const std::string directory = arguments.output + (changed ? "/changed-" : "/base-") + std::to_string(run);
  History history = simulate(job, seed);
  const Damage damage = changed ? arguments.scenario->damage : Damage::kNone;
  if (damage == Damage::kLostBuffers) {
    lose_records(&history);
  }
  write_recordings(directory, job, history, seed);
  damage_files(damage, directory);
}

int generate(const Arguments& arguments) {
  const Scenario& scenario = *arguments.scenario;
  Job base = scenario.base;
  base.steps = arguments.steps > 0 ? arguments.steps : base.steps;
  Job changed = base;
  for (const Injection& injection : scenario.injections) {
    injection.apply(changed);
  }
  fs::create_directories(arguments.output);
  std::vector<uint64_t> seeds;
  for (int64_t run = 0; run < arguments.runs; ++run) {
    if (arguments.side != "changed") {
      write_run(arguments, base, false, run);
    }
    if (arguments.side != "base") {
      write_run(arguments, changed, true, run);
    }
    seeds.push_back(seed_of(arguments, true, run));
  }
  std::ofstream(arguments.output + "/truth.json")
      << truth_json(scenario, find_truth(scenario, base, seeds), arguments.seed);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace stepscope::scenarios

int main(int argc, char** argv) {
  using namespace stepscope::scenarios;
  const std::optional<Arguments> arguments = parse_arguments({argv + 1, argv + argc});
  if (!arguments.has_value()) {
    std::fprintf(
        stderr,
        "usage: generate --list | --scenario ID --seed S -o DIR [--side base|changed|both] [--runs N] "
        "[--steps N]\n");
    return 2;
  }
  try {
    if (arguments->list) {
      for (const Scenario& one : scenarios()) {
        std::printf("%s\t%s\t%s\t%s\n", one.id.c_str(), one.name.c_str(),
                    one.scored ? "scored" : "not scored", one.summary.c_str());
      }
      return EXIT_SUCCESS;
    }
    return generate(*arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "generate: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
