// SPDX-License-Identifier: Apache-2.0
//
// What the Python hooks call per batch and what stands in the way of one (wrappers.hpp), as functions that CPython calls directly,
// without ctypes and, for the latter, without a Python frame. What each does stands at stepscope_api::python_method.
// Called with the GIL held. Hot path: no lock, no allocation; fetches make the system calls of FetchMeter.
#pragma once

#include <stepscope/stepscope.h>

namespace stepscope::collector::python {

// The function `name` and, in `flags`, how to call it (PyMethodDef::ml_flags, 0 for a slot); nullptr when there is none of that name or `python`
// is incomplete. From any thread that holds the GIL.
void* method(const char* name, const stepscope_python* python, int* flags) noexcept;

}  // namespace stepscope::collector::python
