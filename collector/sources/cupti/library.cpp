// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/library.hpp"

#include <stdlib.h>

#include <initializer_list>

#include "collector/system_file.hpp"

namespace stepscope::collector::cupti {
namespace {

// Newest first; 11.x sonames carry the minor version.
constexpr const char* kSonames[] = {"libcupti.so.13", "libcupti.so.12", "libcupti.so.11.8"};

// The soname that fits the driver, nullptr where there is no NVIDIA driver to ask. A newer libcupti than the driver's CUDA
// does not work with it.
const char* soname_of_driver() noexcept {
  char text[512];
  const long length = read_file("/proc/driver/nvidia/version", text, sizeof(text));
  const uint64_t driver = length > 0 ? driver_branch(TextView(text, static_cast<size_t>(length))) : 0;
  return driver == 0 ? nullptr : kSonames[driver >= 580 ? 0 : driver >= 525 ? 1 : 2];
}

bool is_named(TextView path, const char* file_prefix) noexcept {
  size_t slash = path.size;
  while (slash > 0 && path.data[slash - 1] != '/') {
    --slash;
  }
  return path.substr(slash).starts_with(file_prefix);
}

TextView parent_of(TextView path) noexcept {
  size_t end = path.size;
  while (end > 0 && path.data[end - 1] != '/') {
    --end;
  }
  return path.substr(0, end > 0 ? end - 1 : 0);
}

bool take_if_cupti(void* context, TextView path) noexcept {
  if (!is_named(path, "libcupti.so")) {
    return false;
  }
  static_cast<LibraryPath*>(context)->add(path);
  return true;
}

// DIRECTORY/TAIL/SONAME for every soname, the first that is there.
bool there(TextView directory, const char* tail, LibraryPath& path) noexcept {
  for (const char* soname : kSonames) {
    path.clear();
    path.add(directory).add(tail).add('/').add(soname);
    if (!path.cut() && file_exists(path.c_str())) {
      return true;
    }
  }
  path.clear();
  return false;
}

// A framework's wheels lie side by side: <site>/torch/lib/libtorch_cuda.so, <site>/nvidia/cuda_runtime/lib/libcudart.so.12;
// a toolkit's libraries in one folder.
bool take_if_beside(void* context, TextView path) noexcept {
  auto& found = *static_cast<LibraryPath*>(context);
  const TextView folder = parent_of(path);
  if (is_named(path, "libtorch")) {
    const TextView site = parent_of(parent_of(folder));
    return there(site, "/nvidia/cu13/lib", found) || there(site, "/nvidia/cuda_cupti/lib", found) ||
           there(folder, "", found);
  }
  if (is_named(path, "libcudart.so")) {
    return there(parent_of(parent_of(folder)), "/cuda_cupti/lib", found) || there(folder, "", found) ||
           there(parent_of(folder), "/extras/CUPTI/lib64", found);
  }
  return false;
}

bool in_toolkit(LibraryPath& path) noexcept {
  const char* homes[] = {getenv("CUDA_HOME"), getenv("CUDA_PATH"), "/usr/local/cuda"};
  for (const char* home : homes) {
    if (home != nullptr && home[0] == '/' &&
        (there(TextView(home), "/lib64", path) || there(TextView(home), "/extras/CUPTI/lib64", path) ||
         there(TextView(home), "/targets/x86_64-linux/lib", path))) {
      return true;
    }
  }
  return false;
}

}  // namespace

uint64_t driver_branch(TextView version) noexcept {
  TextView line;
  if (!next_field(version, '\n', line)) {
    return 0;
  }
  TextView word;
  while (next_field(line, ' ',
                    word)) {  // "... Kernel Module  570.86.15  Thu ...": the first word like a version
    uint64_t branch = 0;
    if (word.find('.') < word.size && parse_u64(word, branch)) {
      return branch;
    }
  }
  return 0;
}

bool Functions::find_in(const DynamicLibrary& library) noexcept {
  bool all = library.find("cuptiSubscribe", subscribe);
  all &= library.find("cuptiUnsubscribe", unsubscribe);
  all &= library.find("cuptiEnableCallback", enable_callback);
  all &= library.find("cuptiActivityRegisterCallbacks", register_callbacks);
  all &= library.find("cuptiActivityEnable", enable);
  all &= library.find("cuptiActivityDisable", disable);
  all &= library.find("cuptiActivityFlushAll", flush_all);
  all &= library.find("cuptiActivityGetNextRecord", next_record);
  all &= library.find("cuptiActivityGetNumDroppedRecords", dropped_records);
  all &= library.find("cuptiGetTimestamp", timestamp);
  all &= library.find("cuptiGetVersion", version);
  (void)library.find("cuptiActivitySetAttribute", set_attribute);
  (void)library.find("cuptiSetThreadIdType", set_thread_id_type);
  (void)library.find("cuptiActivityEnableRuntimeApi", enable_runtime_api);
  (void)library.find("cuptiActivityEnableDriverApi", enable_driver_api);
  (void)library.find("cuptiActivityEnableCudaEventDeviceTimestamps", enable_event_timestamps);
  (void)library.find("cuptiGetGraphExecId", graph_exec_id);
  (void)library.find("cuptiGetResultString", result_string);
  (void)library.find("cuptiSubscribe_v2", subscribe_v2);
  (void)library.find("cuptiActivityRegisterCallbacks_v2", register_callbacks_v2);
  (void)library.find("cuptiActivityEnable_v2", enable_v2);
  (void)library.find("cuptiActivityDisable_v2", disable_v2);
  (void)library.find("cuptiActivityGetNextRecord_v2", next_record_v2);
  (void)library.find("cuptiActivityGetNumDroppedRecords_v2", dropped_records_v2);
  (void)library.find("cuptiActivitySetAttribute_v2", set_attribute_v2);
  (void)library.find("cuptiGetTimestamp_v2", timestamp_v2);
  return all;
}

DynamicLibrary find_library(Search search, LibraryPath& path) noexcept {
  path.clear();
  if (any_loaded_object(take_if_cupti, &path)) {
    return DynamicLibrary::loaded(path.c_str());
  }
  const char* given = getenv("STEPSCOPE_CUPTI_LIBRARY");
  if (given != nullptr && given[0] == '/') {
    path.add(given);
    return DynamicLibrary::open(given);
  }
  if (any_loaded_object(take_if_beside, &path)) {
    return DynamicLibrary::open(path.c_str());
  }
  if (search == Search::kCautious) {
    return {};
  }
  // Wherever the loader looks; the driver's own first.
  for (const char* soname : {soname_of_driver(), kSonames[0], kSonames[1], kSonames[2]}) {
    if (soname == nullptr) {
      continue;
    }
    if (DynamicLibrary library = DynamicLibrary::open(soname); library) {
      path.clear();
      path.add(soname);
      return library;
    }
  }
  if (in_toolkit(path)) {
    return DynamicLibrary::open(path.c_str());
  }
  return {};
}

void describe_result(const Functions& functions, abi::Result result, TextBuffer<128>& out) noexcept {
  const char* text = nullptr;
  if (functions.result_string != nullptr && functions.result_string(result, &text) == abi::kSuccess &&
      text != nullptr) {
    out.add(text).add(" (").add_i64(result).add(')');
  } else {
    out.add("error (").add_i64(result).add(')');
  }
}

}  // namespace stepscope::collector::cupti
