// SPDX-License-Identifier: Apache-2.0
//
// Another tool's profiler plugin, of versions 4 and 5: writes a line per call to the file FAKE_PLUGIN_LOG names. Its handles
// are pointers to its own objects, which know their type, so that a handle of somebody else would not go unnoticed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

constexpr uint64_t kMagic = 0xFEEDFACE12345678;

struct Object {
  uint64_t magic;
  uint64_t type;  // 0: a context
};

// "nothing", the type, "elsewhere" (0x10: an address of another process) or "foreign".
void print_object(std::FILE* log, const void* pointer) {
  const auto* object = static_cast<const Object*>(pointer);
  if (object == nullptr) {
    std::fprintf(log, "nothing");
  } else if (pointer == reinterpret_cast<void*>(0x10)) {
    std::fprintf(log, "elsewhere");
  } else if ((reinterpret_cast<uintptr_t>(pointer) >> 47) != 0 || object->magic != kMagic) {
    std::fprintf(log, "foreign");
  } else {
    std::fprintf(log, "%llu", static_cast<unsigned long long>(object->type));
  }
}

void line(const char* what, const void* about, const char* more, const void* parent, int number) {
  std::FILE* log = std::fopen(std::getenv("FAKE_PLUGIN_LOG"), "a");
  std::fprintf(log, "%s ", what);
  print_object(log, about);
  if (more != nullptr) {
    std::fprintf(log, " %s ", more);
    std::strcmp(more, "in") == 0 ? print_object(log, parent)
                                 : static_cast<void>(std::fprintf(log, "%d", number));
  }
  std::fprintf(log, "\n");
  std::fclose(log);
}

template <typename T>
T read_at(const void* from, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(from) + offset, sizeof(value));
  return value;
}

template <int kVersion>
int start(void* context, void** handle, void* descriptor) {
  const uint64_t type = kVersion == 4 ? read_at<uint8_t>(descriptor, 0) : read_at<uint64_t>(descriptor, 0);
  auto* object = new Object{kMagic, type};
  line("start", object, "in", read_at<const void*>(descriptor, 8), 0);
  *handle = object;
  return static_cast<Object*>(context)->magic == kMagic ? 0 : 3;
}

int stop(void* handle) {
  line("stop", handle, nullptr, nullptr, 0);
  return 0;
}

int record(void* handle, int state, void*) {
  line("state", handle, "is", nullptr, state);
  return 0;
}

int finalize(void* context) {
  line("finalize", context, nullptr, nullptr, 0);
  return 0;
}

int begin(void** context, int* mask) {
  if (std::getenv("FAKE_PLUGIN_FAILS") != nullptr) {
    return 3;
  }
  *context = new Object{kMagic, 0};
  *mask = 2 | 8 | 256;  // Coll, ProxyOp, GroupApi
  line("init", *context, nullptr, nullptr, 0);
  return 0;
}

int init_v4(void** context, int* mask, const char*, uint64_t, int, int, int, void*) {
  return begin(context, mask);
}
int init_v5(void** context, uint64_t, int* mask, const char*, int, int, int, void*) {
  return begin(context, mask);
}

template <typename Init>
struct Plugin {
  const char* name;
  Init init;
  int (*start_event)(void*, void**, void*);
  int (*stop_event)(void*);
  int (*record_event_state)(void*, int, void*);
  int (*finalize)(void*);
};

}  // namespace

#define EXPORTED_PLUGIN(VERSION)                                                             \
  extern "C" __attribute__((visibility("default"))) const Plugin<decltype(&init_v##VERSION)> \
      ncclProfiler_v##VERSION = {"fake", init_v##VERSION, start<VERSION>, stop, record, finalize}

EXPORTED_PLUGIN(4);
EXPORTED_PLUGIN(5);
