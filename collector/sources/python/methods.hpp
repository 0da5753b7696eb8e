// SPDX-License-Identifier: Apache-2.0
//
// What the Python hooks call per batch, as functions that CPython calls directly (METH_FASTCALL), without ctypes between.
// What each does stands at stepscope_api::python_method. The collector does not link to Python: the three functions of the
// interpreter that these need are handed in by the hooks. Called with the GIL held; never releases it.
// Hot path: no lock, no allocation; fetch_begin and fetch_end make the system calls of FetchMeter (host/fetch_meter.hpp).
#pragma once

#include <stepscope/stepscope.h>

namespace stepscope::collector::python {

// The function `name`, or nullptr when there is none or `python` is incomplete. From any thread that holds the GIL.
stepscope_python_method method(const char* name, const stepscope_python* python) noexcept;

}  // namespace stepscope::collector::python
