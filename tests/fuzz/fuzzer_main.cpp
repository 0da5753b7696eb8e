// SPDX-License-Identifier: Apache-2.0
//
// One libFuzzer program per target; STEPSCOPE_FUZZ_TARGET says which.
#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  stepscope::fuzz::STEPSCOPE_FUZZ_TARGET({data, size});
  return 0;
}
