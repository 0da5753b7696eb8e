// SPDX-License-Identifier: Apache-2.0
//
// Libraries of vendors, found at run time: called through function tables, never linked, never closed.
//
// A library that the program has loaded already is taken as it is. Only then is it opened by name, which is right for
// libraries of the driver; one that the program may bring itself in another version must not be opened before it does.
// Any thread; takes the loader's lock, so never under a lock of ours that the program could wait for.
#pragma once

#include <string.h>

namespace stepscope::collector {

// The library with this soname when it is loaded in the process; nullptr otherwise.
[[nodiscard]] void* find_loaded_library(const char* soname) noexcept;
// The same, opened when it was not loaded; nullptr when it cannot be found. Its symbols stay local.
[[nodiscard]] void* find_or_open_library(const char* soname) noexcept;
// nullptr when the library does not have it.
[[nodiscard]] void* find_symbol(void* library, const char* name) noexcept;

// Sets a function pointer, to nullptr when the library does not have it.
template <typename F>
void bind_symbol(void* library, const char* name, F& function) noexcept {
  void* address = find_symbol(library, name);
  static_assert(sizeof(function) == sizeof(address));
  memcpy(&function, &address, sizeof(function));
}

}  // namespace stepscope::collector
