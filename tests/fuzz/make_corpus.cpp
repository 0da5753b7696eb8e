// SPDX-License-Identifier: Apache-2.0
//
// make_fuzz_corpus DIR: writes the seeds of every target to DIR/<target>/.
#include <cstdio>
#include <exception>
#include <filesystem>

#include "tests/fuzz/targets.hpp"
#include "tests/support/temp_dir.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_fuzz_corpus DIR\n", stderr);
    return 2;
  }
  try {
    for (const stepscope::fuzz::Target& target : stepscope::fuzz::kTargets) {
      const std::filesystem::path directory = std::filesystem::path(argv[1]) / target.name;
      std::filesystem::create_directories(directory);
      size_t number = 0;
      for (const std::string& seed : target.seeds()) {
        stepscope::testing::write_bytes(directory / ("seed" + std::to_string(number++)), seed);
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_fuzz_corpus: %s\n", error.what());
    return 5;
  }
  return 0;
}
