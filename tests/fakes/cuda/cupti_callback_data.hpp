// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: what its callbacks point at. Compared with the toolkit's headers in records_abi_check.cpp.
#pragma once

#include <cstdint>

namespace fakecuda {

struct CallbackData {
  uint32_t site = 0;  // 0 enter, 1 exit
  const char* function_name = nullptr;
  const void* function_params = nullptr;
  void* function_return_value = nullptr;
  const char* symbol_name = nullptr;
  void* context = nullptr;
  uint32_t context_uid = 0;
  uint64_t* correlation_data = nullptr;
  uint32_t correlation_id = 0;
};

struct ResourceData {
  void* context = nullptr;
  void* stream = nullptr;
  void* descriptor = nullptr;
};

struct GraphData {
  void* graph = nullptr;
  void* original_graph = nullptr;
  void* node = nullptr;
  void* original_node = nullptr;
  uint32_t node_type = 0;
  void* dependency = nullptr;
  void* graph_exec = nullptr;
};

struct StateData {
  uint32_t result = 0;
  const char* message = nullptr;
};

// `size` says how much of it the tool knows.
struct SubscriberParams {
  size_t size;
  const char* name;
  char* old_name;
  size_t old_name_size;
  uint8_t allow_multiple;  // from 13.3 on
  uint8_t padding[7];
};

}  // namespace fakecuda
