// SPDX-License-Identifier: Apache-2.0
//
// The constructor of libstepscope.so: what happens in every process it is loaded into, also in shells and compilers.
//
// It only sets environment variables that are not set yet, so that the other doors (CUDA, NVTX, NCCL, Python) find
// this library: no file, no thread, no log. It returns at once with STEPSCOPE_DISABLE set or in a setuid program.
#pragma once

#include <limits.h>

#include "collector/text.hpp"

namespace stepscope::collector {

// False in setuid programs and with STEPSCOPE_DISABLE: no door opens then.
[[nodiscard]] bool is_enabled() noexcept;

// Where a run goes when STEPSCOPE_DIR is not set: <cwd>/stepscope-run-<pid>.
void default_directory(TextBuffer<PATH_MAX>& out) noexcept;

// True for python, python3, python3.11, ...: the programs that get the Python hooks.
[[nodiscard]] bool is_python(TextView executable) noexcept;

// `current` with `directory` in front; `current` itself when it is there already. For PYTHONPATH.
void prepend_path(TextView current, TextView directory, TextBuffer<2 * PATH_MAX>& out) noexcept;

}  // namespace stepscope::collector
