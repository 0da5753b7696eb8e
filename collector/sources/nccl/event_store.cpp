// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/event_store.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace stepscope::collector::nccl {
namespace {

constinit std::atomic<EventStore*> g_store{nullptr};

}  // namespace

EventStore* event_store() noexcept {
  return g_store.load(std::memory_order_acquire);
}

EventStore* make_event_store() noexcept {
  EventStore* store = event_store();
  if (store != nullptr) {
    return store;
  }
  void* fresh = mmap(nullptr, sizeof(EventStore), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh == MAP_FAILED) {
    return nullptr;
  }
  auto* made = static_cast<EventStore*>(fresh);  // zero-filled is its initial value
  made->pid = getpid();
  if (!g_store.compare_exchange_strong(store, made, std::memory_order_acq_rel)) {
    munmap(fresh, sizeof(EventStore));  // another thread was first
    return store;
  }
  return made;
}

void forget_event_store() noexcept {
  g_store.store(nullptr, std::memory_order_release);
}

Communicator* communicator_of(void* context) noexcept {
  EventStore* store = event_store();
  if (store == nullptr || context == nullptr) {
    return nullptr;
  }
  const auto offset =
      reinterpret_cast<uintptr_t>(context) - reinterpret_cast<uintptr_t>(store->communicators);
  if (offset >= sizeof(store->communicators) || offset % sizeof(Communicator) != 0) {
    return nullptr;
  }
  auto* communicator = static_cast<Communicator*>(context);
  return communicator->state.load(std::memory_order_acquire) == CommunicatorState::kLive ? communicator
                                                                                         : nullptr;
}

uint32_t index_of(const EventStore& store, const Communicator& communicator) noexcept {
  return static_cast<uint32_t>(&communicator - store.communicators);
}

}  // namespace stepscope::collector::nccl
