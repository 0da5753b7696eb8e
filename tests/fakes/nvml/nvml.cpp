// SPDX-License-Identifier: Apache-2.0
//
// A stand-in libnvidia-ml.so.1. Its readings are functions of the time since it was initialised and of the GPU, so that tests
// know what must come out. FAKE_NVML is a list of words that change it:
//   gpus=N        how many GPUs (1)                  init=CODE    nvmlInit fails with CODE
//   slow=MS       every clock reading takes MS       broken=NAME  this call fails with UNKNOWN
//   unsupported   nothing but name and UUID          nocounters   no field values at all
//   nvml12        the ids of NVML 12 for throttling  lost=N       GPUs are lost from the Nth clock reading on
//   mig           GPU 0 has a slice MIG-0            xid=N        one Xid event on GPU 0
//   noxid         listening for Xids is not permitted slowinit=MS  nvmlInit takes MS
// FAKE_NVML_LOG names a file that gets one line per call: name and thread name.
//
// Compiled with FAKE_NVML_OLD it is a library of an old driver: the functions that came later do not exist.
#include <fcntl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr int kSuccess = 0;
constexpr int kInvalidArgument = 2;
constexpr int kNotSupported = 3;
constexpr int kNoPermission = 4;
constexpr int kNotFound = 6;
constexpr int kTimeout = 10;
constexpr int kGpuIsLost = 15;
constexpr int kUnknown = 999;

struct Gpu {
  int index;
  bool slice;
};
Gpu g_gpus[16];
Gpu g_slice = {0, true};
std::atomic<int> g_clock_calls{0};
std::atomic<bool> g_xid_sent{false};
std::atomic<bool> g_destroyed{false};
int64_t g_begin = 0;

int64_t now_ns() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * int64_t{1000000000} + ts.tv_nsec;
}

std::string words() {
  const char* text = getenv("FAKE_NVML");
  return std::string(" ") + (text == nullptr ? "" : text) + " ";
}

bool has(const std::string& word) {
  return words().find(" " + word + " ") != std::string::npos;
}

int number(const std::string& key, int otherwise) {
  const std::string all = words();
  const size_t at = all.find(" " + key + "=");
  return at == std::string::npos ? otherwise : std::atoi(all.c_str() + at + key.size() + 2);
}

// Writes the call down; what it must return before it does anything.
int enter(const char* name, const void* device) {
  if (const char* path = getenv("FAKE_NVML_LOG")) {
    char thread[16] = {};
    prctl(PR_GET_NAME, thread);
    char line[128];
    const int length = std::snprintf(line, sizeof(line), "%s %s%s\n", name, thread,
                                     g_destroyed.load() ? " after its destructors" : "");
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
      if (write(fd, line, static_cast<size_t>(length)) < 0) {
        std::abort();
      }
      close(fd);
    }
  }
  if (has(std::string("broken=") + name)) {
    return kUnknown;
  }
  if (device != nullptr && has("unsupported") && std::strcmp(name, "GetUUID") != 0 &&
      std::strcmp(name, "GetName") != 0) {
    return kNotSupported;
  }
  return kSuccess;
}

int index_of(const void* device) {
  return static_cast<const Gpu*>(device)->index;
}

int copy(char* to, unsigned size, const std::string& text) {
  std::snprintf(to, size, "%s", text.c_str());
  return kSuccess;
}

std::string uuid_of(int index) {
  char text[64];
  std::snprintf(text, sizeof(text), "GPU-%08x-0000-4000-8000-00000000000%x", 0xa0 + index, index);
  return text;
}

struct Destroyed {
  ~Destroyed() { g_destroyed.store(true); }
};

}  // namespace

#define NVML_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

int initialize() {
  static Destroyed at_exit;
  if (const int result = enter("Init", nullptr); result != kSuccess) {
    return result;
  }
  usleep(static_cast<useconds_t>(number("slowinit", 0)) * 1000);
  for (int i = 0; i < 16; ++i) {
    g_gpus[i] = {i, false};
  }
  g_begin = now_ns();
  return number("init", kSuccess);
}

}  // namespace

#ifndef FAKE_NVML_OLD
NVML_EXPORT int nvmlInitWithFlags(unsigned flags) {
  return flags == 2 ? initialize() : kInvalidArgument;
}
#endif

NVML_EXPORT int nvmlInit_v2() {
  return initialize();
}

NVML_EXPORT int nvmlSystemGetDriverVersion(char* text, unsigned size) {
  return copy(text, size, "580.95.05");
}

NVML_EXPORT int nvmlSystemGetNVMLVersion(char* text, unsigned size) {
  return copy(text, size, "13.580.95.05");
}

NVML_EXPORT int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(number("gpus", 1));
  return kSuccess;
}

NVML_EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = &g_gpus[index & 15];
  return index < static_cast<unsigned>(number("gpus", 1)) ? kSuccess : kInvalidArgument;
}

NVML_EXPORT int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  if (has("mig") && std::strcmp(uuid, "MIG-0") == 0) {
    *device = &g_slice;
    return kSuccess;
  }
  for (int i = 0; i < number("gpus", 1); ++i) {
    if (uuid_of(i) == uuid) {
      *device = &g_gpus[i];
      return kSuccess;
    }
  }
  return kNotFound;
}

NVML_EXPORT int nvmlDeviceGetUUID(const void* device, char* text, unsigned size) {
  const int result = enter("GetUUID", device);
  return result != kSuccess
             ? result
             : copy(text, size, static_cast<const Gpu*>(device)->slice ? "MIG-0" : uuid_of(index_of(device)));
}

NVML_EXPORT int nvmlDeviceGetName(const void* device, char* text, unsigned size) {
  const int result = enter("GetName", device);
  return result != kSuccess ? result : copy(text, size, "NVIDIA Stand-in 80GB");
}

NVML_EXPORT int nvmlDeviceGetMigMode(const void*, unsigned* current, unsigned* pending) {
  *current = *pending = has("mig") ? 1 : 0;
  return has("mig") ? kSuccess : kNotSupported;
}

NVML_EXPORT int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(const void* slice, void** device) {
  *device = &g_gpus[0];
  return static_cast<const Gpu*>(slice)->slice ? kSuccess : kInvalidArgument;
}

NVML_EXPORT int nvmlDeviceGetClockInfo(const void* device, unsigned type, unsigned* mhz) {
  if (const int result = enter(type == 1 ? "SmClock" : "MemClock", device); result != kSuccess) {
    return result;
  }
  usleep(static_cast<useconds_t>(number("slow", 0)) * 1000);
  if (g_clock_calls.fetch_add(1) + 1 >= number("lost", INT32_MAX)) {
    return kGpuIsLost;
  }
  *mhz = (type == 1 ? 1980U : 2619U) - static_cast<unsigned>(index_of(device));
  return static_cast<const Gpu*>(device)->slice ? kInvalidArgument : kSuccess;
}

NVML_EXPORT int nvmlDeviceGetPowerUsage(const void* device, unsigned* milliwatt) {
  *milliwatt = 650000 + static_cast<unsigned>(index_of(device));
  return enter("Power", device);
}

#ifndef FAKE_NVML_OLD
NVML_EXPORT int nvmlDeviceGetTemperatureV(const void* device, uint32_t* temperature) {
  if (temperature[0] != (12U | (1U << 24)) || temperature[1] != 0) {
    return 25;  // another version of the structure
  }
  temperature[2] = 61;
  return enter("TemperatureV", device);
}
#endif

NVML_EXPORT int nvmlDeviceGetTemperature(const void* device, unsigned, unsigned* celsius) {
  *celsius = 59;
  return enter("Temperature", device);
}

NVML_EXPORT int nvmlDeviceGetUtilizationRates(const void* device, unsigned* rates) {
  rates[0] = 97;
  rates[1] = 40;
  return enter("Utilization", device);
}

NVML_EXPORT int nvmlDeviceGetMemoryInfo(const void* device, uint64_t* memory) {
  memory[0] = uint64_t{80} << 30;
  memory[2] = static_cast<const Gpu*>(device)->slice ? uint64_t{5} << 30 : uint64_t{60} << 30;
  memory[1] = memory[0] - memory[2];
  return enter("Memory", device);
}

// Software power cap and idle, always.
#ifdef FAKE_NVML_OLD
NVML_EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(const void* device, uint64_t* reasons) {
#else
NVML_EXPORT int nvmlDeviceGetCurrentClocksEventReasons(const void* device, uint64_t* reasons) {
#endif
  *reasons = 0x4 | 0x1;
  return enter("Reasons", device);
}

NVML_EXPORT int nvmlDeviceGetTotalEccErrors(const void* device, unsigned type, unsigned counter,
                                            uint64_t* count) {
  *count = type == 0 ? 7 : 1;
  const int result = enter("Ecc", device);
  return counter != 0 ? kInvalidArgument : result;
}

#ifndef FAKE_NVML_OLD
namespace {

struct Field {
  uint32_t id;
  uint32_t scope;
  int64_t timestamp;
  int64_t latency;
  int32_t type;
  int32_t result;
  uint64_t value;
};

// Types as in nvml.h: 1 is unsigned int, 3 unsigned long long.
void answer(Field& field) {
  const auto elapsed = static_cast<uint64_t>(now_ns() - g_begin);
  const bool older = has("nvml12");
  field.result = kSuccess;
  field.type = 3;
  switch (field.id) {
    case 74:
      field.value = 1000000000000 + elapsed / 2;  // capped half of the time
      return;
    case 75:
    case 76:
      field.value = 0;
      return;
    case 94:
      field.type = 1;
      field.value = 0xdead00000003;  // only the low half is the number
      return;
    case 38:
    case 45:
    case 52:
      field.value = 2;
      return;
    case 251:
    case 252:
    case 253:
    case 269:
    case 270:
    case 271:
      if (older == (field.id < 269)) {
        field.value =
            (field.id % 10 + 1) * 1000;  // 251: 2000, 252: 3000, 253: 4000, 269: 10000, 270: 1000, 271: 2000
      } else {
        field.type = 1;  // a switch of power smoothing
        field.value = 1;
      }
      return;
    default:
      field.result = kNotSupported;
  }
}

}  // namespace

NVML_EXPORT int nvmlDeviceGetFieldValues(const void* device, int count, Field* fields) {
  if (const int result = enter("Fields", device); result != kSuccess) {
    return result;
  }
  if (has("nocounters")) {
    return kNotSupported;
  }
  for (int i = 0; i < count; ++i) {
    answer(fields[i]);
  }
  return kSuccess;
}
#endif

NVML_EXPORT int nvmlEventSetCreate(void** set) {
  *set = &g_xid_sent;
  return kSuccess;
}

NVML_EXPORT int nvmlDeviceRegisterEvents(const void*, uint64_t types, void*) {
  return has("noxid") ? kNoPermission : types == 8 ? kSuccess : kInvalidArgument;
}

struct Event {
  const void* device;
  uint64_t type;
  uint64_t data;
  uint32_t gpu_instance;
  uint32_t compute_instance;
};

NVML_EXPORT int nvmlEventSetWait_v2(void*, Event* event, unsigned timeout_ms) {
  if (number("xid", 0) == 0 || g_xid_sent.exchange(true)) {
    usleep(timeout_ms * 1000);
    return kTimeout;
  }
  *event = {&g_gpus[0], 8, static_cast<uint64_t>(number("xid", 0)), ~0U, ~0U};
  return kSuccess;
}
