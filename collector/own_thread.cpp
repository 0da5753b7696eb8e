// SPDX-License-Identifier: Apache-2.0
#include "collector/own_thread.hpp"

#include <signal.h>

#include "collector/glibc_floor.hpp"

namespace stepscope::collector {

bool start_own_thread(void* (*body)(void*) noexcept) noexcept {
  if (!can_create_threads()) {
    return false;
  }
  // The thread inherits this mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_t thread;
  bool created = pthread_attr_init(&attributes) == 0;
  if (created) {
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    created = pthread_create(&thread, &attributes, body, nullptr) == 0;
    pthread_attr_destroy(&attributes);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return created;
}

}  // namespace stepscope::collector
