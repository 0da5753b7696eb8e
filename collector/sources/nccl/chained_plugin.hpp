// SPDX-License-Identifier: Apache-2.0
//
// NCCL takes one profiler plugin. When the user asked for another one, `stepscope record` puts ours into
// NCCL_PROFILER_PLUGIN and theirs into STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN, and ours passes everything on: theirs gets its
// own contexts and handles, as if NCCL had called it. Without that variable the library that NCCL loads by default is looked for
// (libnccl-profiler.so), since our variable keeps NCCL from it.
//
// Theirs is called with the version NCCL called us with, or not at all: it then counts as displaced, and the recording says so
// (meta displaced.NCCL_PROFILER_PLUGIN). Loaded at the first init, never closed.
#pragma once

#include <stdint.h>

#include "collector/sources/nccl/communicator.hpp"

namespace stepscope::collector::nccl {

// Theirs, of one version. The functions follow NCCL's interface; `init` is of the type that belongs to `version`.
struct ChainedTable {
  int version;
  const void* init;
  int (*start_event)(void* context, void** handle, void* descriptor);
  int (*stop_event)(void* handle);
  int (*record_event_state)(void* handle, int state, void* arguments);
  int (*finalize)(void* context);
};

// Theirs for this version, loaded now if it was not; nullptr when there is none. Cold, any thread.
[[nodiscard]] const ChainedTable* chained_table(int version) noexcept;

// Calls their init. `mask` is theirs alone.
[[nodiscard]] int chained_init(const ChainedTable& table, const InitCall& call, void** context,
                               int* mask) noexcept;

// Calls their startEvent with a copy of the descriptor that has their handles for ours. Returns their handle or nullptr.
[[nodiscard]] void* chained_start(const Communicator& communicator, const void* descriptor) noexcept;

// Writes into the recording what became of it; nothing when there is none.
void report_chained(int version, bool its_init_failed) noexcept;

void forget_chained() noexcept;

// False for values that name no library: "none", and the beginnings of STATIC_PLUGIN, which mean the program itself.
[[nodiscard]] bool names_a_plugin(const char* value) noexcept;

}  // namespace stepscope::collector::nccl
