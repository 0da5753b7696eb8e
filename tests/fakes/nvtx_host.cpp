// SPDX-License-Identifier: Apache-2.0
//
// A stand-in for programs that contain NVTX: its handshake as often and as concurrently as asked, and calls of every kind.
#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/nccl_plugin.hpp"
#include "tests/support/nvtx_instance.hpp"

namespace {

using namespace stepscope::testing;

int simple_ranges(const NvtxInstance& instance, int count) {
  auto push = core<PushText>(instance, abi::kRangePushA);
  auto pop = core<Pop>(instance, abi::kRangePop);
  for (int i = 0; i < count; ++i) {
    if (push("outer") != 0 || push("inner") != 1 || pop() != 1 || pop() != 0) {
      return 1;
    }
  }
  return pop() == -1 ? 0 : 2;
}

void payload_events(const NvtxInstance& instance, const void* domain) {
  abi::SchemaEntry entries[] = {
      {0, abi::kTypeUint64, "NCCL communicator ID", nullptr, 0, 0, nullptr, nullptr},
      {0, abi::kTypeSize, "Message size [bytes]", nullptr, 0, 8, nullptr, nullptr}};
  abi::SchemaAttributes schema = {};
  schema.field_mask = abi::kSchemaHasEntries | abi::kSchemaHasEntryCount | abi::kSchemaHasId;
  schema.entries = entries;
  schema.entry_count = 2;
  schema.schema_id = (1U << 24) + 5;
  auto add_schema = reinterpret_cast<uint64_t (*)(const void*, const abi::SchemaAttributes*)>(
      instance.payload_slots[abi::kSchemaRegister]);
  uint64_t id = add_schema(domain, &schema);
  struct {
    uint64_t communicator = 0xABCDEF;
    uint64_t bytes = 1 << 20;
  } values;
  abi::PayloadData data = {id, sizeof(values), &values};
  abi::EventAttributes event = event_of(abi::kMessageAscii, "ncclAllReduce");
  event.payload_type = static_cast<int32_t>(abi::kPayloadExtended);
  event.payload_count = 1;
  event.payload = reinterpret_cast<uintptr_t>(&data);
  core2<PushEvent>(instance, abi::kDomainRangePushEx)(domain, &event);
  core2<PopIn>(instance, abi::kDomainRangePop)(domain);
  abi::PayloadData unknown = {999, 4, &values};
  event.message = "unknown schema";
  event.payload = reinterpret_cast<uintptr_t>(&unknown);
  core2<PushEvent>(instance, abi::kDomainMarkEx)(domain, &event);
}

// Every kind of call once.
int everything(const NvtxInstance& instance) {
  void* domain = core2<MakeHandle>(instance, abi::kDomainCreateA)("my domain");
  void* text = core2<RegisterString>(instance, abi::kDomainRegisterStringA)(domain, "registered");
  core2<void (*)(const void*, uint32_t, const char*)>(instance, abi::kDomainNameCategoryA)(domain, 4,
                                                                                           "my category");
  abi::EventAttributes event = event_of(abi::kMessageRegistered, text);
  event.category = 4;
  event.payload_type = abi::kPayloadInt32;
  event.payload = 0xFFFFFFFF00000000U | static_cast<uint32_t>(-42);
  core2<PushEvent>(instance, abi::kDomainRangePushEx)(domain, &event);
  event.category = 9;  // has no name
  core2<PushEvent>(instance, abi::kDomainMarkEx)(domain, &event);
  core2<PopIn>(instance, abi::kDomainRangePop)(domain);
  core<int (*)(const wchar_t*)>(instance, abi::kRangePushW)(L"w\u00efde \u4f60 \U0001F600");
  core<Pop>(instance, abi::kRangePop)();
  auto start = core<uint64_t (*)(const char*)>(instance, abi::kRangeStartA);
  auto end = core<void (*)(uint64_t)>(instance, abi::kRangeEnd);
  uint64_t first = start("first");
  uint64_t second = start("second");
  end(first);
  std::thread([&] { end(second); }).join();
  start("never ended");
  core<void (*)(const char*)>(instance, abi::kMarkA)("a mark");
  core<void (*)(uint32_t, const char*)>(instance, abi::kNameOsThreadA)(static_cast<uint32_t>(getpid()),
                                                                       "the trainer");
  reinterpret_cast<void (*)(void*, const char*)>(
      instance.functions[abi::kModuleCudaRt][abi::kNameCudaStreamA])(reinterpret_cast<void*>(17),
                                                                     "copy stream");
  payload_events(instance, domain);
  auto enabled = reinterpret_cast<uint8_t (*)(const void*)>(instance.payload_slots[abi::kDomainIsEnabled]);
  core2<PushEvent>(instance, abi::kDomainMarkEx)(domain, nullptr);
  core<PushText>(instance, abi::kRangePushA)(nullptr);
  core<Pop>(instance, abi::kRangePop)();
  return enabled(domain) == 1 ? 0 : 1;
}

// An event with everything in it, of a domain (nullptr: the default one).
abi::EventAttributes full_event(const void* text) {
  abi::EventAttributes event = event_of(abi::kMessageRegistered, text);
  event.category = 4;
  event.payload_type = abi::kPayloadInt32;
  event.payload = static_cast<uint32_t>(-42);
  return event;
}

// The calls that "everything" leaves out, each once and with a name of its own.
int the_rest(const NvtxInstance& instance) {
  void* domain = core2<MakeHandle>(instance, abi::kDomainCreateA)("my domain");
  core2<void (*)(const void*, uint32_t, const char*)>(instance, abi::kDomainNameCategoryA)(domain, 4,
                                                                                           "my category");
  core<void (*)(uint32_t, const wchar_t*)>(instance, abi::kNameCategoryW)(4, L"default category");
  auto text = [&](const char* name) {
    return core2<RegisterString>(instance, abi::kDomainRegisterStringA)(domain, name);
  };
  using StartEvent = uint64_t (*)(const abi::EventAttributes*);
  using StartEventIn = uint64_t (*)(const void*, const abi::EventAttributes*);
  abi::EventAttributes event = full_event(text("core mark"));
  core<void (*)(const abi::EventAttributes*)>(instance, abi::kMarkEx)(&event);
  event = full_event(text("core start"));
  uint64_t range = core<StartEvent>(instance, abi::kRangeStartEx)(&event);
  core<void (*)(uint64_t)>(instance, abi::kRangeEnd)(range);
  event = full_event(text("core push"));
  core<int (*)(const abi::EventAttributes*)>(instance, abi::kRangePushEx)(&event);
  core<Pop>(instance, abi::kRangePop)();
  event = full_event(text("domain start"));
  range = core2<StartEventIn>(instance, abi::kDomainRangeStartEx)(domain, &event);
  core2<void (*)(const void*, uint64_t)>(instance, abi::kDomainRangeEnd)(domain, range);
  core<void (*)(const wchar_t*)>(instance, abi::kMarkW)(L"wide mark \u4f60");
  range = core<uint64_t (*)(const wchar_t*)>(instance, abi::kRangeStartW)(L"wide start");
  core<void (*)(uint64_t)>(instance, abi::kRangeEnd)(range);
  void* wide_domain = core2<void* (*)(const wchar_t*)>(instance, abi::kDomainCreateW)(L"wide domain");
  event = event_of(abi::kMessageRegistered,
                   core2<void* (*)(const void*, const wchar_t*)>(instance, abi::kDomainRegisterStringW)(
                       wide_domain, L"wide string"));
  core2<PushEvent>(instance, abi::kDomainMarkEx)(wide_domain, &event);
  uint32_t value = 77;
  abi::PayloadData data = {abi::kTypeUint32, sizeof(value), &value};
  auto payload = [&](uint32_t slot) { return instance.payload_slots[slot]; };
  reinterpret_cast<void (*)(const void*, const abi::PayloadData*, size_t)>(payload(abi::kMarkPayload))(
      domain, &data, 1);
  reinterpret_cast<int (*)(const void*, const abi::PayloadData*, size_t)>(payload(abi::kRangePushPayload))(
      domain, &data, 1);
  core2<PopIn>(instance, abi::kDomainRangePop)(domain);
  range = reinterpret_cast<uint64_t (*)(const void*, const abi::PayloadData*, size_t)>(
      payload(abi::kRangeStartPayload))(domain, &data, 1);
  core2<void (*)(const void*, uint64_t)>(instance, abi::kDomainRangeEnd)(domain, range);
  auto resource =
      core2<void* (*)(const void*, const abi::ResourceAttributes*)>(instance, abi::kDomainResourceCreate);
  abi::ResourceAttributes named = {};
  named.version = 3;
  named.size = sizeof(named);
  named.identifier_type = 65538;
  named.identifier = 1234;
  named.message_type = abi::kMessageAscii;
  named.message = "the lock";
  resource(domain, &named);
  named.identifier = 1235;
  named.message_type = abi::kMessageRegistered;
  named.message = text("the registered lock");
  resource(domain, &named);
  named.identifier_type = abi::kResourceThreadNative;
  named.identifier = 4321;
  resource(nullptr, &named);
  return 0;
}

// Messages of two domains whose ranges close in another order than they opened, more of them than are kept at once.
int interleaved_messages(const NvtxInstance& instance) {
  abi::SchemaEntry entries[] = {{0, abi::kTypeSize, "Message size [bytes]", nullptr, 0, 0, nullptr, nullptr}};
  abi::SchemaAttributes schema = {};
  schema.field_mask = abi::kSchemaHasEntries | abi::kSchemaHasEntryCount;
  schema.entries = entries;
  schema.entry_count = 1;
  auto add_schema = reinterpret_cast<uint64_t (*)(const void*, const abi::SchemaAttributes*)>(
      instance.payload_slots[abi::kSchemaRegister]);
  void* one = core2<MakeHandle>(instance, abi::kDomainCreateA)("one");
  void* two = core2<MakeHandle>(instance, abi::kDomainCreateA)("two");
  const uint64_t ids[] = {add_schema(one, &schema), add_schema(two, &schema), add_schema(nullptr, &schema)};
  auto push = [&](void* domain, uint64_t bytes) {
    abi::PayloadData data = {ids[domain == nullptr ? 2 : domain == two ? 1 : 0], sizeof(bytes), &bytes};
    abi::EventAttributes event = event_of(abi::kMessageAscii, domain == two ? "ncclTwo" : "ncclOne");
    event.payload_type = static_cast<int32_t>(abi::kPayloadExtended);
    event.payload_count = 1;
    event.payload = reinterpret_cast<uintptr_t>(&data);
    core2<PushEvent>(instance, abi::kDomainRangePushEx)(domain, &event);
  };
  auto pop = [&](void* domain) { core2<PopIn>(instance, abi::kDomainRangePop)(domain); };
  for (uint64_t i = 0; i < 10; ++i) {
    push(one, 100);
    push(two, 200);
    pop(one);  // below the other
    pop(two);
  }
  push(nullptr, 400);
  core<PushText>(instance, abi::kRangePushA)("inside");
  core<Pop>(instance, abi::kRangePop)();
  usleep(2000);
  core<Pop>(instance, abi::kRangePop)();
  for (int i = 0; i < 6; ++i) {
    push(one, 300);
  }
  for (int i = 0; i < 6; ++i) {
    pop(one);
  }
  return 0;
}

// A forked child that knows nothing of us but NVTX.
int forked_with_nvtx_only(const NvtxInstance& instance) {
  simple_ranges(instance, 1);
  pid_t child = fork();
  if (child == 0) {
    _exit(simple_ranges(instance, 3));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

int killed(const NvtxInstance& instance) {
  auto start = core<uint64_t (*)(const char*)>(instance, abi::kRangeStartA);
  core<void (*)(uint64_t)>(instance, abi::kRangeEnd)(start("ended"));
  start("open at the kill");
  raise(SIGKILL);
  return 0;
}

// A worker forked from a program that made its domains and strings before.
int forked(const NvtxInstance& instance) {
  void* domain = core2<MakeHandle>(instance, abi::kDomainCreateA)("my domain");
  void* text = core2<RegisterString>(instance, abi::kDomainRegisterStringA)(domain, "registered");
  abi::EventAttributes event = event_of(abi::kMessageRegistered, text);
  core2<PushEvent>(instance, abi::kDomainMarkEx)(domain, &event);
  pid_t child = fork();
  if (child == 0) {
    auto get =
        symbol<const void* (*)()>(dlopen(getenv("NVTX_INJECTION64_PATH"), RTLD_LAZY), "stepscope_get_api");
    int (*open)(const char*) = nullptr;
    std::memcpy(&open, static_cast<const char*>(get()) + 8, sizeof(open));
    open("python-worker");
    core<PushText>(instance, abi::kRangePushA)("only in the child");  // shifts the string ids
    core<Pop>(instance, abi::kRangePop)();
    core2<PushEvent>(instance, abi::kDomainMarkEx)(domain, &event);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

int many_instances() {
  std::vector<std::thread> threads;
  std::vector<NvtxInstance> instances(8);
  std::vector<int> results(8, 99);
  for (size_t i = 0; i < instances.size(); ++i) {
    threads.emplace_back(
        [&, i] { results[i] = attach_nvtx(instances[i]) ? simple_ranges(instances[i], 1000) : 98; });
  }
  int worst = 0;
  for (size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    worst = results[i] > worst ? results[i] : worst;
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "instances") {
    return many_instances();
  }
  static NvtxInstance instance;
  if (!attach_nvtx(instance)) {
    std::fprintf(stderr, "no injection\n");
    return 97;
  }
  if (what == "attach") {
    core2<MakeHandle>(instance, abi::kDomainCreateA)("a domain nobody uses");
    return 0;
  }
  if (what == "with plugin") {
    // NCCL has its plugin ready before its first collective.
    stepscope::testing::NcclCommunicator comm(5, "world", 0xABCDEF, 2, 0);
    return comm.init_result() + everything(instance);
  }
  return what == "everything"   ? everything(instance)
         : what == "rest"       ? the_rest(instance)
         : what == "messages"   ? interleaved_messages(instance)
         : what == "fork"       ? forked(instance)
         : what == "fork-plain" ? forked_with_nvtx_only(instance)
         : what == "killed"     ? killed(instance)
                                : simple_ranges(instance, 10);
}
