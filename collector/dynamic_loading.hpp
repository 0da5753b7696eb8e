// SPDX-License-Identifier: Apache-2.0
//
// dlopen and dlsym without asking for more than glibc 2.28: before 2.34 they live in libdl, which a program may do
// without, so they are weak. Use can_load_libraries() before them. Whoever loads plugins (NCCL, the CUDA driver) has
// libdl in the process already. Include it in every file that calls them.
#pragma once

#include <dlfcn.h>

#include "collector/glibc_floor.hpp"

__asm__(".symver dlopen, dlopen@" STEPSCOPE_OLDEST_GLIBC);
__asm__(".symver dlsym, dlsym@" STEPSCOPE_OLDEST_GLIBC);
#pragma weak dlopen
#pragma weak dlsym

namespace stepscope::collector {

inline bool can_load_libraries() noexcept {
  // Through volatiles, since the compiler may assume that a function's address is not null.
  void* (*volatile open)(const char*, int) = &dlopen;
  void* (*volatile find)(void*, const char*) = &dlsym;
  return open != nullptr && find != nullptr;
}

}  // namespace stepscope::collector
