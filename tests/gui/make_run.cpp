// SPDX-License-Identifier: Apache-2.0
//
// viewer_make_run DIR "steps=60 workers=2 ...": writes the recordings of a simulated job (tests/support/job_simulator.hpp),
// viewer_make_run DIR "gpu steps=40 ...": of one on a GPU (tests/support/gpu_job.hpp).
#include <cstdio>
#include <exception>
#include <string>

#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: viewer_make_run DIR SPEC\n");
    return 2;
  }
  try {
    const std::string spec = argv[2];
    if (spec.starts_with("gpu ")) {
      stepscope::testing::write_gpu_job(argv[1], spec.substr(4));
    } else {
      stepscope::testing::write_job(argv[1], spec);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "viewer_make_run: %s\n", error.what());
    return 1;
  }
  return 0;
}
