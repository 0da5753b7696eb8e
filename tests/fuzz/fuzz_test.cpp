// SPDX-License-Identifier: Apache-2.0
//
// The fuzz targets as ordinary tests: every seed as it is, then some thousand mutations with a fixed random sequence, so
// that a failure repeats. Meant to run under the sanitizers too (preset asan). Longer runs: tests/fuzz/README.md.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/fuzz/targets.hpp"

namespace stepscope::fuzz {
namespace {

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  [[nodiscard]] std::string mutate(std::string input) {
    for (size_t n = 1 + random_() % 4; n > 0 && !input.empty(); --n) {
      const size_t at = position(input);
      switch (random_() % 6) {
        case 0:
          input[at] = static_cast<char>(input[at] ^ (1 << random_() % 8));
          break;
        case 1:
          input[at] = static_cast<char>(random_());
          break;
        case 2:  // a field becomes an edge value
          overwrite(input, at, random_() % 2 == 0 ? '\0' : '\xff', size_t{1} << random_() % 4);
          break;
        case 3:  // a small count becomes a large one or the other way round
          overwrite(input, at, static_cast<char>(1 << random_() % 8), 1);
          break;
        case 4:
          if (random_() % 8 == 0) {
            input.resize(at);
          }
          break;
        default: {  // a piece appears somewhere else
          const size_t from = position(input);
          const size_t size = std::min({size_t{1} + random_() % 64, input.size() - at, input.size() - from});
          std::copy_n(std::string(input, from, size).begin(), size,
                      input.begin() + static_cast<std::ptrdiff_t>(at));
        }
      }
    }
    return input;
  }

 private:
  // Headers are where decisions are made: half of the changes go to the first bytes, and few to runs of zeros.
  size_t position(const std::string& input) {
    size_t at = random_() % (random_() % 2 == 0 ? std::min<size_t>(input.size(), 2048) : input.size());
    for (int i = 0; i < 16 && input[at] == 0; ++i) {
      at = random_() % input.size();
    }
    return at;
  }
  static void overwrite(std::string& input, size_t at, char value, size_t size) {
    std::fill_n(input.begin() + static_cast<std::ptrdiff_t>(at), std::min(size, input.size() - at), value);
  }

  std::mt19937 random_;
};

void run_mutations(const Target& target, size_t count) {
  const std::vector<std::string> seeds = target.seeds();
  const auto run = [&](const std::string& input) {
    target.run({static_cast<const uint8_t*>(static_cast<const void*>(input.data())), input.size()});
  };
  for (const std::string& seed : seeds) {
    ASSERT_FALSE(seed.empty());
    run(seed);
  }
  Mutator mutator(20240607);
  for (size_t i = 0; i < count; ++i) {
    run(mutator.mutate(seeds[i % seeds.size()]));
  }
  run("");
}

TEST(Fuzz, SegmentDecoderSurvivesAnyBytes) {
  run_mutations(kTargets[0], 8000);
}

TEST(Fuzz, SpoolReaderSurvivesAnyBytes) {
  run_mutations(kTargets[1], 1500);
}

TEST(Fuzz, RecordingReaderSurvivesAnyBytes) {
  run_mutations(kTargets[2], 1500);
}

TEST(Fuzz, ImportSurvivesAnyBytes) {
  run_mutations(kTargets[3], 1000);
}

TEST(Fuzz, FleetTableSurvivesAnyBytes) {
  run_mutations(kTargets[4], 1000);
}

}  // namespace
}  // namespace stepscope::fuzz
