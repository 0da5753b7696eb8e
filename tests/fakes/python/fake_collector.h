/* SPDX-License-Identifier: Apache-2.0
 * What the two halves of the stand-in collector, fake_collector.c and fake_threads.cpp, need of each other. */
#ifndef STEPSCOPE_TESTS_FAKES_PYTHON_FAKE_COLLECTOR_H_
#define STEPSCOPE_TESTS_FAKES_PYTHON_FAKE_COLLECTOR_H_

#include <stdint.h>

#include "stepscope/stepscope.h"

#ifdef __cplusplus
extern "C" {
#endif

void fake_emit(uint32_t kind, uint32_t lane, const int64_t* values, uint32_t count);

/* A forked child does not record until it begins to itself. */
void fake_begin_recording(void);
int fake_is_recording(void);
void* fake_python_method(const char* name, const stepscope_python* python, int* flags);

#ifdef __cplusplus
}
#endif

#endif /* STEPSCOPE_TESTS_FAKES_PYTHON_FAKE_COLLECTOR_H_ */
