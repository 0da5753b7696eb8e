// SPDX-License-Identifier: Apache-2.0
#include "collector/shared_library.hpp"

#include <dlfcn.h>

#include "collector/glibc_floor.hpp"

namespace stepscope::collector {

void* find_loaded_library(const char* soname) noexcept {
  return can_open_libraries() ? dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) : nullptr;
}

void* find_or_open_library(const char* soname) noexcept {
  void* library = find_loaded_library(soname);
  return library == nullptr && can_open_libraries() ? dlopen(soname, RTLD_NOW | RTLD_LOCAL) : library;
}

void* find_symbol(void* library, const char* name) noexcept {
  return library != nullptr && can_open_libraries() ? dlsym(library, name) : nullptr;
}

}  // namespace stepscope::collector
