/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stepscope/stepscope.h>

int main(void) {
  int64_t i;
  for (i = 0; i < 5; ++i) {
    stepscope_step(i);
    stepscope_range_push("forward");
    stepscope_range_pop();
  }
  puts(stepscope_api_get() == NULL ? "not recorded" : "recorded");
  return 0;
}
