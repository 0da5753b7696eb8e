// SPDX-License-Identifier: Apache-2.0
//
// The NVTX door: puts our functions into the tables of a program's NVTX.
//
// NVTX 3 is header-only: every shared object of the program has its own instance and calls InitializeInjectionNvtx2 by
// itself, possibly at the same time as others. All of them get the same functions, so the call has no state. The door
// counts as opened at the first event, not here: a library may carry NVTX and never use it.
#include <string.h>

#include "collector/clock.hpp"
#include "collector/exports.hpp"
#include "collector/sources/nvtx/events.hpp"
#include "collector/sources/nvtx/names.hpp"
#include "collector/sources/nvtx/payload_schema.hpp"

namespace stepscope::collector::nvtx {
namespace {

// -- functions of module CORE and CORE2 that need a translation of their arguments --

void mark_ex(const EventAttributes* event) noexcept {
  mark(nullptr, event);
}
int push_ex(const EventAttributes* event) noexcept {
  return push(nullptr, event);
}
int pop_default() noexcept {
  return pop(nullptr);
}
uint64_t start_ex(const EventAttributes* event) noexcept {
  return start(nullptr, event);
}
void end_in_domain(const void*, uint64_t handle) noexcept {
  end(handle);
}

void name_category_a(uint32_t number, const char* name) noexcept {
  name_category(nullptr, number, make_name(TextView(name)));
}
void name_category_w(uint32_t number, const wchar_t* name) noexcept {
  name_category(nullptr, number, make_name(name));
}
void name_domain_category_a(const void* domain, uint32_t number, const char* name) noexcept {
  name_category(domain, number, make_name(TextView(name)));
}
void name_domain_category_w(const void* domain, uint32_t number, const wchar_t* name) noexcept {
  name_category(domain, number, make_name(name));
}

void name_thread_w(uint32_t tid, const wchar_t* name) noexcept {
  char utf8[256];
  utf8[to_utf8(name, utf8, sizeof(utf8) - 1)] = '\0';
  name_thread(tid, utf8);
}

void* create_domain_a(const char* name) noexcept {
  return make_name(TextView(name));
}
void* create_domain_w(const wchar_t* name) noexcept {
  return make_name(name);
}
void* register_string_a(const void*, const char* text) noexcept {
  return make_name(TextView(text));
}
void* register_string_w(const void*, const wchar_t* text) noexcept {
  return make_name(text);
}

// The handle only has to be something the program can give back.
void* create_resource(const void* domain, const ResourceAttributes* resource) noexcept {
  name_resource(domain, resource);
  return const_cast<ResourceAttributes*>(resource);
}

// -- names of CUDA objects --

template <int Type>
void name_cuda(uint64_t object, const char* name) noexcept {
  constexpr const char* kTypes[] = {"device", "context", "stream", "event"};
  name_object(kTypes[Type], object, name);
}
// Devices are named by an int, whose upper half in the register is undefined.
void name_cuda_device(int device, const char* name) noexcept {
  name_cuda<0>(static_cast<uint64_t>(device), name);
}

// -- payload extension --

uint8_t domain_is_enabled(const void*) noexcept {
  return 1;
}
int64_t timestamp() noexcept {
  return now_ns();
}
int pop_in_domain(const void* domain) noexcept {
  return pop(domain);
}
void end_payload(const void*, uint64_t handle, const PayloadData*, size_t) noexcept {
  end(handle);
}

struct TableEntry {
  uint32_t slot;
  Function function;
};

// The program's NVTX calls each slot with the types of that slot. Written out, not wrapped in a function: so the tables are
// data, and loading the library runs no code for them.
const TableEntry kCoreTable[] = {
    {kMarkEx, reinterpret_cast<Function>(mark_ex)},
    {kMarkA, reinterpret_cast<Function>(mark_text<char>)},
    {kMarkW, reinterpret_cast<Function>(mark_text<wchar_t>)},
    {kRangeStartEx, reinterpret_cast<Function>(start_ex)},
    {kRangeStartA, reinterpret_cast<Function>(start_text<char>)},
    {kRangeStartW, reinterpret_cast<Function>(start_text<wchar_t>)},
    {kRangeEnd, reinterpret_cast<Function>(end)},
    {kRangePushEx, reinterpret_cast<Function>(push_ex)},
    {kRangePushA, reinterpret_cast<Function>(push_text<char>)},
    {kRangePushW, reinterpret_cast<Function>(push_text<wchar_t>)},
    {kRangePop, reinterpret_cast<Function>(pop_default)},
    {kNameCategoryA, reinterpret_cast<Function>(name_category_a)},
    {kNameCategoryW, reinterpret_cast<Function>(name_category_w)},
    {kNameOsThreadA, reinterpret_cast<Function>(name_thread)},
    {kNameOsThreadW, reinterpret_cast<Function>(name_thread_w)},
};

const TableEntry kCore2Table[] = {
    {kDomainMarkEx, reinterpret_cast<Function>(mark)},
    {kDomainRangeStartEx, reinterpret_cast<Function>(start)},
    {kDomainRangeEnd, reinterpret_cast<Function>(end_in_domain)},
    {kDomainRangePushEx, reinterpret_cast<Function>(push)},
    {kDomainRangePop, reinterpret_cast<Function>(pop_in_domain)},
    {kDomainResourceCreate, reinterpret_cast<Function>(create_resource)},
    {kDomainNameCategoryA, reinterpret_cast<Function>(name_domain_category_a)},
    {kDomainNameCategoryW, reinterpret_cast<Function>(name_domain_category_w)},
    {kDomainRegisterStringA, reinterpret_cast<Function>(register_string_a)},
    {kDomainRegisterStringW, reinterpret_cast<Function>(register_string_w)},
    {kDomainCreateA, reinterpret_cast<Function>(create_domain_a)},
    {kDomainCreateW, reinterpret_cast<Function>(create_domain_w)},
};

const TableEntry kCudaRtTable[] = {
    {kNameCudaDeviceA, reinterpret_cast<Function>(name_cuda_device)},
    {kNameCudaStreamA, reinterpret_cast<Function>(name_cuda<2>)},
    {kNameCudaEventA, reinterpret_cast<Function>(name_cuda<3>)},
};

const TableEntry kCudaTable[] = {
    {kNameCuDeviceA, reinterpret_cast<Function>(name_cuda_device)},
    {kNameCuContextA, reinterpret_cast<Function>(name_cuda<1>)},
    {kNameCuStreamA, reinterpret_cast<Function>(name_cuda<2>)},
    {kNameCuEventA, reinterpret_cast<Function>(name_cuda<3>)},
};

const TableEntry kPayloadTable[] = {
    {kSchemaRegister, reinterpret_cast<Function>(register_schema)},
    {kMarkPayload, reinterpret_cast<Function>(mark_payload)},
    {kRangePushPayload, reinterpret_cast<Function>(push_payload)},
    {kRangePopPayload, reinterpret_cast<Function>(pop)},
    {kRangeStartPayload, reinterpret_cast<Function>(start_payload)},
    {kRangeEndPayload, reinterpret_cast<Function>(end_payload)},
    {kDomainIsEnabled, reinterpret_cast<Function>(domain_is_enabled)},
    {kTimestampGet, reinterpret_cast<Function>(timestamp)},
};

template <size_t N>
void fill_module(const ExportTableCallbacks& callbacks, uint32_t module,
                 const TableEntry (&entries)[N]) noexcept {
  Function** table = nullptr;
  unsigned int size = 0;
  if (callbacks.get_module_function_table(module, &table, &size) == 0 || table == nullptr) {
    return;
  }
  for (const TableEntry& item : entries) {
    if (item.slot < size && table[item.slot] != nullptr) {
      *table[item.slot] = item.function;
    }
  }
}

}  // namespace
}  // namespace stepscope::collector::nvtx

int InitializeInjectionNvtx2(const void* (*get_export_table)(uint32_t)) noexcept {
  using namespace stepscope::collector::nvtx;  // NOLINT(google-build-using-namespace): C has no namespaces
  if (get_export_table == nullptr) {
    return 1;
  }
  const auto* callbacks = static_cast<const ExportTableCallbacks*>(get_export_table(kExportCallbacks));
  if (callbacks != nullptr && callbacks->struct_size >= sizeof(ExportTableCallbacks)) {
    fill_module(*callbacks, kModuleCore, kCoreTable);
    fill_module(*callbacks, kModuleCore2, kCore2Table);
    fill_module(*callbacks, kModuleCuda, kCudaTable);
    fill_module(*callbacks, kModuleCudaRt, kCudaRtTable);
  }
  return 1;
}

int InitializeInjectionNvtxExtension(void* module_info) noexcept {
  using namespace stepscope::collector::nvtx;  // NOLINT(google-build-using-namespace): C has no namespaces
  const auto* module = static_cast<const ExtensionModule*>(module_info);
  if (module == nullptr || module->struct_size < sizeof(ExtensionModule) ||
      module->module_id != kPayloadModule || module->segment_count == 0 || module->segments == nullptr) {
    return 1;  // an extension we do not listen to: its functions become no-ops
  }
  const ExtensionSegment& segment = module->segments[0];
  for (const TableEntry& item : kPayloadTable) {
    if (item.slot < segment.slot_count) {
      segment.slots[item.slot] = reinterpret_cast<intptr_t>(item.function);
    }
  }
  return 1;
}
