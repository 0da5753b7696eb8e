// SPDX-License-Identifier: Apache-2.0
//
// The words in which Kineto describes work on a GPU, as numbers of a recording. Pure functions, any thread; what they do
// not know is 0, "unknown". Internal to analyzer/import.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "trace/kinds.hpp"

namespace stepscope::analysis::importing {

struct CopyName {
  trace::CopyKind kind = trace::CopyKind::kUnknown;
  trace::MemoryKind source = trace::MemoryKind::kUnknown;
  trace::MemoryKind target = trace::MemoryKind::kUnknown;
};

// "Memcpy HtoD (Pageable -> Device)", "CopyHostToDevice".
[[nodiscard]] CopyName parse_copy_name(std::string_view name);

// "Memset (Device)".
[[nodiscard]] trace::MemoryKind parse_memset_name(std::string_view name);

// "Stream Wait Event", "Stream Sync", "Context Sync", "Event Sync".
[[nodiscard]] trace::SyncType parse_sync_kind(std::string_view kind);

// Bytes of one element of c10's scalar types, as record_param_comms writes them ("BFloat16"), and NCCL's name for it.
struct ElementType {
  int64_t bytes = 0;
  std::string_view name;
};
[[nodiscard]] ElementType element_type(std::string_view dtype);

// How a kernel was launched. A number that is not said is -1.
struct LaunchShape {
  std::array<int64_t, 3> grid = {-1, -1, -1};
  std::array<int64_t, 3> block = {-1, -1, -1};
  int64_t registers = -1;
  int64_t shared_bytes = -1;
  int64_t dynamic_shared_bytes = -1;  // said apart: then shared_bytes are the static ones
  auto operator<=>(const LaunchShape&) const = default;
};

// "grid 128x1x1 block 256x1x1 regs 32 smem 4096"; what is not said is left out, and "" when nothing is. As in a
// recording of our own it ends "smem 0+4096" where static and dynamic shared memory are said apart; Kineto adds them up.
[[nodiscard]] std::string launch_text(const LaunchShape& shape);

}  // namespace stepscope::analysis::importing
