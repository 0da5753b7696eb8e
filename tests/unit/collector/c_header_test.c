/* SPDX-License-Identifier: Apache-2.0
 * The C header in plain C99, in a process without a collector: everything is a no-op. Returns 0 when it is so. */
#include <stepscope/stepscope.h>

int use_every_function_in_c(void);

int use_every_function_in_c(void) {
  stepscope_step(1);
  stepscope_step_named(2, "train");
  stepscope_step_work(32, 4096);
  stepscope_range_push("a");
  stepscope_range_push_domain("b", "domain");
  stepscope_range_push(NULL);
  stepscope_range_pop();
  stepscope_range_pop();
  stepscope_range_pop();
  stepscope_mark("mark");
  stepscope_counter("counter", 1.5);
  stepscope_meta("key", "value");
  return stepscope_active() || stepscope_reopen() || stepscope_now_ns() != 0 || stepscope_api_get() != NULL;
}
