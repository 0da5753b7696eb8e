// SPDX-License-Identifier: Apache-2.0
//
// viewer_make_run DIR "steps=60 workers=2 ...": writes the recordings of a simulated job (tests/support/job_simulator.hpp).
#include <cstdio>
#include <exception>

#include "tests/support/job_simulator.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: viewer_make_run DIR SPEC\n");
    return 2;
  }
  try {
    stepscope::testing::write_job(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "viewer_make_run: %s\n", error.what());
    return 1;
  }
  return 0;
}
