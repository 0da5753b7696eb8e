// SPDX-License-Identifier: Apache-2.0
//
// export_make_run DIR: writes a simulated job on a GPU there, large enough for several row groups.
#include <cstdio>
#include <exception>

#include "tests/support/gpu_job.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: export_make_run DIR\n", stderr);
    return 2;
  }
  try {
    stepscope::testing::write_gpu_job(argv[1], "steps=3000 kernels=60");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "export_make_run: %s\n", error.what());
    return 1;
  }
  return 0;
}
