// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/chained_plugin.hpp"

#include <stdlib.h>
#include <strings.h>

#include "collector/clock.hpp"
#include "collector/doors.hpp"
#include "collector/dynamic_library.hpp"
#include "collector/glibc_floor.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/nccl/descriptor.hpp"
#include "collector/sources/nccl/event_store.hpp"
#include "collector/sources/nccl/nccl_abi.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr const char* kVariable = "STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN";
constexpr const char* kDefaultLibrary = "libnccl-profiler.so";
constexpr int64_t kLoadPatienceNs = 5'000'000'000;
constexpr int64_t kLoadPollNs = 200'000;

enum class Loading : uint32_t { kNot, kBusy, kDone };

constinit std::atomic<Loading> g_loading{Loading::kNot};
constinit TextBuffer<256> g_asked{kZeroed};  // what the user named; empty: nothing
constinit bool g_opened = false;
constinit ChainedTable g_tables[kNewestVersion]{};

// As NCCL resolves a name.
DynamicLibrary open_library(const char* name) noexcept {
  DynamicLibrary library = DynamicLibrary::open(name);
  if (!library && strchr(name, '/') == nullptr) {
    TextBuffer<320> file;
    file.add("libnccl-profiler-").add(name).add(".so");
    library = DynamicLibrary::open(file.c_str());
  }
  return library;
}

void read_table(const DynamicLibrary& library, int version) noexcept {
  TextBuffer<32> symbol;
  symbol.add("ncclProfiler_v").add_i64(version);
  const void* found = library.symbol(symbol.c_str());
  if (found == nullptr) {
    return;
  }
  // The type of init does not matter yet: all tables look the same.
  const auto* plugin = static_cast<const Plugin<const void*>*>(found);
  if (plugin->init != nullptr && plugin->start_event != nullptr && plugin->stop_event != nullptr &&
      plugin->record_event_state != nullptr && plugin->finalize != nullptr) {
    g_tables[version - kOldestVersion] = {
        version,         plugin->init, plugin->start_event, plugin->stop_event, plugin->record_event_state,
        plugin->finalize};
  }
}

void load() noexcept {
  const char* asked = getenv(kVariable);
  const bool by_name = asked != nullptr && asked[0] != '\0';
  if (by_name && (!names_a_plugin(asked) || TextView(own_path()).equals(asked))) {
    return;
  }
  if (by_name) {
    g_asked.add(asked);
  }
  if (!can_open_libraries()) {
    return;
  }
  const DynamicLibrary library = open_library(by_name ? asked : kDefaultLibrary);
  // The same table under another name would call itself for ever.
  if (!library || library.symbol("stepscope_get_api") != nullptr) {
    return;
  }
  if (!by_name) {
    g_asked.add(kDefaultLibrary);
  }
  g_opened = true;
  for (int version = kOldestVersion; version <= kNewestVersion; ++version) {
    read_table(library, version);
  }
}

template <typename Function>
Function as_function(const void* address) noexcept {
  Function function = nullptr;
  static_assert(sizeof(function) == sizeof(address));
  memcpy(&function, &address, sizeof(function));
  return function;
}

// What the chained plugin knows an event of ours by. A handle that is no longer ours has no counterpart.
void* their_handle(const void* ours) noexcept {
  EventStore* store = event_store();
  const Handle handle = decode(ours);
  if (handle.kind == HandleKind::kOperation) {
    const Operation* operation = store->operations.at(handle.index);
    return operation != nullptr && operation->life.alive(handle.generation) ? operation->chained : nullptr;
  }
  if (handle.kind == HandleKind::kPart) {
    const Part* part = store->parts.at(handle.index);
    return part != nullptr && part->life.alive(handle.generation) ? part->chained : nullptr;
  }
  return nullptr;
}

}  // namespace

bool names_a_plugin(const char* value) noexcept {
  const size_t length = value == nullptr ? 0 : strlen(value);
  return length != 0 && strcasecmp(value, "none") != 0 && strncasecmp(value, "STATIC_PLUGIN", length) != 0;
}

const ChainedTable* chained_table(int version) noexcept {
  Loading seen = Loading::kNot;
  if (g_loading.compare_exchange_strong(seen, Loading::kBusy, std::memory_order_acquire)) {
    load();
    g_loading.store(Loading::kDone, std::memory_order_release);
    seen = Loading::kDone;
  }
  for (int64_t waited = 0; seen == Loading::kBusy && waited < kLoadPatienceNs; waited += kLoadPollNs) {
    sleep_ns(kLoadPollNs);  // communicators that are set up together
    seen = g_loading.load(std::memory_order_acquire);
  }
  const ChainedTable& table = g_tables[version - kOldestVersion];
  return seen == Loading::kDone && table.version == version ? &table : nullptr;
}

int chained_init(const ChainedTable& table, const InitCall& call, void** context, int* mask) noexcept {
  if (table.version <= 3) {
    return as_function<InitV1>(table.init)(context, mask);
  }
  if (table.version == 4) {
    return as_function<InitV4>(table.init)(context, mask, call.name, call.comm_id, call.nodes, call.ranks,
                                           call.rank, call.log);
  }
  return as_function<InitV5>(table.init)(context, call.comm_id, mask, call.name, call.nodes, call.ranks,
                                         call.rank, call.log);
}

void* chained_start(const Communicator& communicator, const void* descriptor) noexcept {
  alignas(16) unsigned char copy[kLargestDescriptor];
  const int version = communicator.version;
  memcpy(copy, descriptor, descriptor_size(version));
  const Descriptor seen = read_descriptor(version, descriptor);
  // A parent in another process is known to that process' plugin only; theirs compares the pid as we do.
  if (seen.type != kProxyOp || seen.pid == event_store()->pid) {
    replace_parents(version, copy, their_handle);
  }
  void* handle = nullptr;
  const int result = communicator.chained->start_event(communicator.chained_context, &handle, copy);
  return result == kSuccess ? handle : nullptr;
}

void report_chained(int version, bool its_init_failed) noexcept {
  if (g_loading.load(std::memory_order_acquire) != Loading::kDone || g_asked.empty()) {
    return;
  }
  TextBuffer<384> text;
  text.add(g_asked.view());
  if (!can_open_libraries()) {
    text.add(" (not loaded: no dlopen here)");
  } else if (!g_opened) {
    text.add(" (not loaded: cannot be opened)");
  } else if (g_tables[version - kOldestVersion].version != version) {
    text.add(" (not loaded: it has no ncclProfiler_v").add_i64(version).add(')');
  } else if (its_init_failed) {
    text.add(" (not loaded: its init failed)");
  }
  spool().meta("displaced.NCCL_PROFILER_PLUGIN", text.c_str());
}

void forget_chained() noexcept {
  // The library stays open in the child; its tables are read again.
  g_asked.clear();
  g_opened = false;
  memset(g_tables, 0, sizeof(g_tables));
  g_loading.store(Loading::kNot, std::memory_order_release);
}

}  // namespace stepscope::collector::nccl
