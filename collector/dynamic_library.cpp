// SPDX-License-Identifier: Apache-2.0
#include "collector/dynamic_library.hpp"

#include <link.h>

#include "collector/glibc_floor.hpp"

namespace stepscope::collector {
namespace {

void* open_with(const char* name, int flags) noexcept {
  return can_open_libraries() ? dlopen(name, flags) : nullptr;
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
  return handle != nullptr ? dlsym(handle, name) : nullptr;
}

bool any_loaded_object(bool (*visit)(void* context, TextView path), void* context) noexcept {
  Search search{visit, context};
  return dl_iterate_phdr(visit_object, &search) != 0;
}

}  // namespace stepscope::collector
