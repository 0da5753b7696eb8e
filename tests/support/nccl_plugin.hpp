// SPDX-License-Identifier: Apache-2.0
//
// The libstepscope.so that NCCL_PROFILER_PLUGIN names, called the way each NCCL calls its profiler plugin.
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/nccl_descriptors.hpp"

namespace stepscope::testing {

struct NcclPluginTable {
  const char* name;
  void* init;
  int (*start_event)(void*, void**, void*);
  int (*stop_event)(void*);
  int (*record_event_state)(void*, int, void*);
  int (*finalize)(void*);
};

template <typename F>
F as_function(void* address) {
  F function = nullptr;
  std::memcpy(&function, &address, sizeof(function));
  return function;
}

// One communicator of one version of NCCL.
class NcclCommunicator {
 public:
  NcclCommunicator(int version, const char* name, uint64_t id, int ranks, int rank, int nodes = 2)
      : version_(version), nodes_(nodes) {
    void* library = dlopen(getenv("NCCL_PROFILER_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
    const std::string symbol = "ncclProfiler_v" + std::to_string(version);
    plugin_ =
        library == nullptr ? nullptr : static_cast<const NcclPluginTable*>(dlsym(library, symbol.c_str()));
    result_ = plugin_ == nullptr ? -1 : init(name, id, ranks, rank);
  }

  [[nodiscard]] int init_result() const { return result_; }
  [[nodiscard]] int mask() const { return mask_; }
  [[nodiscard]] int version() const { return version_; }
  [[nodiscard]] void* context() const { return context_; }
  [[nodiscard]] const NcclPluginTable& plugin() const { return *plugin_; }

  // The handle, which is poisoned before: NCCL keeps what it finds there.
  void* start(NcclDescriptor descriptor) {
    void* handle = this;
    failures_ += plugin_->start_event(context_, &handle, descriptor.data()) != 0 || handle == this ? 1 : 0;
    return handle;
  }
  void stop(void* handle) { failures_ += plugin_->stop_event(handle) != 0 ? 1 : 0; }
  void state(void* handle, int state, void* arguments) {
    failures_ += plugin_->record_event_state(handle, state, arguments) != 0 ? 1 : 0;
  }
  void finalize() { failures_ += plugin_->finalize(context_) != 0 ? 1 : 0; }
  [[nodiscard]] int failures() const { return failures_; }

  // The parts NCCL reports for this version: channels of the kernel with the GPU's clock, or operations of the proxy.
  void* start_part(void* parent, uint8_t channel, uint64_t p_timer);
  void stop_part(void* part, uint64_t p_timer) {
    if (version_ >= 4) {
      uint64_t arguments[1] = {p_timer};
      state(part, 22, arguments);
    } else {
      unsigned char arguments[16] = {};
      state(part, 19, arguments);
    }
    stop(part);
  }

 private:
  int init(const char* name, uint64_t id, int ranks, int rank) {
    if (version_ <= 3) {
      return as_function<int (*)(void**, int*)>(plugin_->init)(&context_, &mask_);
    }
    if (version_ == 4) {
      return as_function<int (*)(void**, int*, const char*, uint64_t, int, int, int, void*)>(plugin_->init)(
          &context_, &mask_, name, id, nodes_, ranks, rank, nullptr);
    }
    return as_function<int (*)(void**, uint64_t, int*, const char*, int, int, int, void*)>(plugin_->init)(
        &context_, id, &mask_, name, nodes_, ranks, rank, nullptr);
  }

  int version_;
  int nodes_;
  const NcclPluginTable* plugin_ = nullptr;
  void* context_ = nullptr;
  int mask_ = 0;
  int result_ = 0;
  std::atomic<int> failures_{0};  // of all threads
};

inline void* NcclCommunicator::start_part(void* parent, uint8_t channel, uint64_t p_timer) {
  if (version_ >= 4) {
    return start(kernel_ch(version_, parent, channel, p_timer));
  }
  return start(proxy_op(version_, parent, getpid()));
}

}  // namespace stepscope::testing
