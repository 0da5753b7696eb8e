// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <stepscope/stepscope.hpp>

int main() {
  for (int i = 0; i < 5; ++i) {
    stepscope_step(i);
  }
  std::puts(stepscope_api_get() == nullptr ? "not recorded" : "recorded");
}
