// SPDX-License-Identifier: Apache-2.0
//
// Vendor libraries, found at run time: never linked, never closed.
//
// dlopen and dlsym live in libdl before glibc 2.34, which a program need not have; they are asked for weakly, so that we
// load everywhere, and these functions find nothing where they are missing. Takes the loader's lock: not on a hot path.
#pragma once

#include "collector/text.hpp"

namespace stepscope::collector {

struct DynamicLibrary {
  void* handle = nullptr;

  // A library that the process has loaded already, by path or soname.
  static DynamicLibrary loaded(const char* name) noexcept;
  // Loads it when it is not there yet. RTLD_LOCAL: its symbols serve nobody else.
  static DynamicLibrary open(const char* name) noexcept;

  explicit operator bool() const noexcept { return handle != nullptr; }
  [[nodiscard]] void* symbol(const char* name) const noexcept;
  // Into a function pointer of any type; false when the library does not have it.
  template <typename Function>
  bool find(const char* name, Function& function) const noexcept {
    void* address = symbol(name);
    memcpy(&function, &address, sizeof(function));
    static_assert(sizeof(function) == sizeof(address));
    return address != nullptr;
  }
};

// Calls visit(context, absolute path) for each shared object of the process, until it returns true; that is the result.
bool any_loaded_object(bool (*visit)(void* context, TextView path), void* context) noexcept;

}  // namespace stepscope::collector
