// SPDX-License-Identifier: Apache-2.0
//
// Category: what kind of activity an event or a ledger leaf is. A small fixed set, so that a colour means the
// same in every lane, table and picture. Order is stable: the viewer indexes its palette with it; append
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trace/kinds.hpp"

namespace stepscope::analysis {

enum class Category : uint8_t {
  kOther = 0,      // events that fit nowhere else
  kCompute,        // GPU kernels; forward on a host-only run
  kBackward,       // backward pass
  kOptimizer,      // optimizer step
  kCommunication,  // collectives and point-to-point
  kCopy,           // memcpy, memset
  kSync,           // waiting for a device
  kApi,            // CUDA API calls
  kRange,          // NVTX and C API ranges
  kDataWait,       // a consumer waiting for a batch
  kDataWork,       // a worker making a batch: fetch, collate, transfer, pin
  kGc,             // Python's garbage collector
  kCheckpoint,     // saving or loading a checkpoint
  kEval,           // evaluation
  kStartup,        // imports, loader start, interpreter start
  kIo,             // files and sockets
  kIdle,           // nothing recorded
  kHost,           // host code without a better name
  kSample,         // sampled Python stacks
  kCounter,        // counters and health readings (no time of their own)
  kMarker,         // instants, step boundaries, flows, exit (no time of their own)
};
inline constexpr size_t kCategoryCount = static_cast<size_t>(Category::kMarker) + 1;

// Short lower-case word for legends and JSON: "compute", "data_wait".
[[nodiscard]] std::string_view category_name(Category category);

// The category of an event. `op` is column `op` of kind phase and is ignored for other kinds. Run::scan_lane refines it by
// name: a kernel that communicates is kCommunication, a CUDA call that waits for the GPU kSync.
[[nodiscard]] Category category_of_event(trace::Kind kind, int64_t op);

// The category of a ledger leaf or diff term ("data.fetch.io" -> kDataWait, "host/x" -> kHost).
[[nodiscard]] Category category_of_leaf(std::string_view leaf);

}  // namespace stepscope::analysis
