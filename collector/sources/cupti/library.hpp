// SPDX-License-Identifier: Apache-2.0
//
// Finding libcupti and its functions.
//
// A process must end up with one libcupti, the one its framework was built with: whoever opens another copy of the same
// soname first breaks the framework's import. So: one that is loaded already; else the one beside the loaded libtorch or
// libcudart; else, where no framework can come any more or does not come, the toolkit's. Never linked, never closed.
#pragma once

#include <stdint.h>

#include "collector/dynamic_library.hpp"
#include "collector/sources/cupti/cupti_abi.hpp"

namespace stepscope::collector::cupti {

// nullptr: the loaded version does not have it. The _v2 functions are those of one subscriber among several (13.3).
struct Functions {
  // needed
  abi::Result (*subscribe)(abi::Subscriber*, abi::CallbackFunction, void*) = nullptr;
  abi::Result (*unsubscribe)(abi::Subscriber) = nullptr;
  abi::Result (*enable_callback)(uint32_t on, abi::Subscriber, int domain, uint32_t id) = nullptr;
  abi::Result (*register_callbacks)(abi::BufferRequested, abi::BufferCompleted) = nullptr;
  abi::Result (*enable)(uint32_t kind) = nullptr;
  abi::Result (*disable)(uint32_t kind) = nullptr;
  abi::Result (*flush_all)(uint32_t flag) = nullptr;
  abi::Result (*next_record)(uint8_t* buffer, size_t valid, void** record) = nullptr;
  abi::Result (*dropped_records)(void* context, uint32_t stream, size_t* dropped) = nullptr;
  abi::Result (*timestamp)(uint64_t*) = nullptr;
  abi::Result (*version)(uint32_t*) = nullptr;
  // optional
  abi::Result (*set_attribute)(int attribute, size_t* size, void* value) = nullptr;
  abi::Result (*set_thread_id_type)(int type) = nullptr;
  abi::Result (*enable_runtime_api)(uint32_t id, uint8_t on) = nullptr;  // 12.5
  abi::Result (*enable_driver_api)(uint32_t id, uint8_t on) = nullptr;
  abi::Result (*enable_event_timestamps)(uint8_t on) = nullptr;  // 12.8
  abi::Result (*graph_exec_id)(void* graph_exec, uint32_t* id) = nullptr;
  abi::Result (*result_string)(abi::Result, const char** text) = nullptr;
  abi::Result (*subscribe_v2)(abi::Subscriber*, abi::CallbackFunction, void*,
                              abi::SubscriberParams*) = nullptr;  // 13.0
  abi::Result (*register_callbacks_v2)(abi::Subscriber, abi::BufferRequestedV2,
                                       abi::BufferCompletedV2) = nullptr;
  abi::Result (*enable_v2)(abi::Subscriber, uint32_t kind, const abi::ActivityConfig* config) = nullptr;
  abi::Result (*disable_v2)(abi::Subscriber, uint32_t kind, const abi::ActivityConfig* config) = nullptr;
  abi::Result (*next_record_v2)(abi::Subscriber, uint8_t* buffer, size_t valid, void** record) = nullptr;
  abi::Result (*dropped_records_v2)(abi::Subscriber, void* context, uint32_t stream,
                                    size_t* dropped) = nullptr;
  abi::Result (*set_attribute_v2)(abi::Subscriber, int attribute, size_t* size, void* value) = nullptr;
  abi::Result (*timestamp_v2)(abi::Subscriber, uint64_t*) = nullptr;

  // False when one that is needed is missing.
  bool find_in(const DynamicLibrary& library) noexcept;
};

using LibraryPath = TextBuffer<1024>;

enum class Search : uint8_t {
  kCautious,  // loaded already, or beside a framework that is loaded
  kAnywhere,  // also the toolkit's
};

// Finds and opens it; `path` says which. No CUDA or CUPTI call is made.
[[nodiscard]] DynamicLibrary find_library(Search search, LibraryPath& path) noexcept;

// 570 of "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15 ..." (/proc/driver/nvidia/version); 0 when it is not there.
[[nodiscard]] uint64_t driver_branch(TextView version) noexcept;

// Text for people: CUPTI's own words and the number, else "error (39)": without a driver 13.3 does not even name its errors.
void describe_result(const Functions& functions, abi::Result result, TextBuffer<128>& out) noexcept;

}  // namespace stepscope::collector::cupti
