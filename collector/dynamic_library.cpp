// SPDX-License-Identifier: Apache-2.0
#include "collector/dynamic_library.hpp"

#include <dlfcn.h>
#include <link.h>

#include "collector/glibc_floor.hpp"

__asm__(".symver dlopen, dlopen@" STEPSCOPE_OLDEST_GLIBC);
__asm__(".symver dlsym, dlsym@" STEPSCOPE_OLDEST_GLIBC);
#pragma weak dlopen
#pragma weak dlsym

namespace stepscope::collector {
namespace {

// Through volatiles: the compiler may assume that a function's address is not null.
void* open_with(const char* name, int flags) noexcept {
  void* (*volatile function)(const char*, int) = &dlopen;
  return function != nullptr ? function(name, flags) : nullptr;
}

struct Search {
  bool (*visit)(void*, TextView);
  void* context;
};

int visit_object(dl_phdr_info* info, size_t, void* context) noexcept {
  const auto* search = static_cast<const Search*>(context);
  const TextView path(info->dlpi_name);
  return path.starts_with("/") && search->visit(search->context, path) ? 1 : 0;
}

}  // namespace

DynamicLibrary DynamicLibrary::loaded(const char* name) noexcept {
  return {open_with(name, RTLD_NOW | RTLD_NOLOAD)};
}

DynamicLibrary DynamicLibrary::open(const char* name) noexcept {
  return {open_with(name, RTLD_NOW | RTLD_LOCAL)};
}

void* DynamicLibrary::symbol(const char* name) const noexcept {
  void* (*volatile function)(void*, const char*) = &dlsym;
  return handle != nullptr && function != nullptr ? function(handle, name) : nullptr;
}

bool any_loaded_object(bool (*visit)(void* context, TextView path), void* context) noexcept {
  Search search{visit, context};
  return dl_iterate_phdr(visit_object, &search) != 0;
}

}  // namespace stepscope::collector
