// SPDX-License-Identifier: Apache-2.0
//
// Keeps libstepscope.so loadable on glibc 2.28.
//
// A system newer than the floor binds some functions to newer symbol versions by default; the pins below ask for
// the oldest one. pthread_create, dlopen and dlsym are also weak: before glibc 2.34 they live in libpthread and libdl, and
// a program without those (bash, git) must still load us. Ask can_create_threads() or can_open_libraries() before them.
// Everything else this room calls is in libc itself since 2.28 or earlier; tests/lint audits the result.
// Include it in every file that calls a pinned function.
#pragma once

#include <dlfcn.h>
#include <pthread.h>

#if defined(__x86_64__)
#define STEPSCOPE_OLDEST_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define STEPSCOPE_OLDEST_GLIBC "GLIBC_2.17"
#else
#error "add the oldest glibc symbol version of this architecture"
#endif

__asm__(".symver pthread_create, pthread_create@" STEPSCOPE_OLDEST_GLIBC);
__asm__(".symver dlopen, dlopen@" STEPSCOPE_OLDEST_GLIBC);
__asm__(".symver dlsym, dlsym@" STEPSCOPE_OLDEST_GLIBC);
#pragma weak pthread_create
#pragma weak dlopen
#pragma weak dlsym

namespace stepscope::collector {

inline bool can_create_threads() noexcept {
  // Through a volatile, since the compiler may assume that a function's address is not null.
  int (*volatile create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) = &pthread_create;
  return create != nullptr;
}

inline bool can_open_libraries() noexcept {
  void* (*volatile open)(const char*, int) = &dlopen;
  void* (*volatile find)(void*, const char*) = &dlsym;
  return open != nullptr && find != nullptr;
}

}  // namespace stepscope::collector
