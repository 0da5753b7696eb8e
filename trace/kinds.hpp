// SPDX-License-Identifier: Apache-2.0
//
// The event kinds of a recording, as data.
//
// A kind is an id, a name and a list of columns. Every event is one row of 64-bit integers, one per
// column, in the order given here. The table travels with each recording (table `kind`), so that a
// reader lists and skips kinds it does not know, and the SQL tables generate themselves from it.
//
// Rules that keep old recordings readable (see docs/FORMAT.md):
//   * an id is never reused, a column is never removed, moved or given another meaning;
//   * new columns are appended; a reader takes a missing trailing column as 0;
//   * column 0 is always `start_ns`; a kind with a duration has it in column 1 as `dur_ns`.
//
// Times are nanoseconds of CLOCK_MONOTONIC_RAW of the recording host, unless the lane says otherwise.
// Strings are ids into the recording's string table (0 = none). Freestanding: used by the collector.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::trace {

enum class Kind : uint16_t {
  kNone = 0,
  kKernel = 1,
  kMemcpy = 2,
  kMemset = 3,
  kCudaApi = 4,
  kSync = 5,
  kRange = 6,
  kCollective = 7,
  kBatch = 8,
  kPythonSample = 9,
  kGc = 10,
  kIo = 11,
  kCounter = 12,
  kInstant = 13,
  kFlow = 14,
  kStep = 15,
  kPhase = 16,
  kHealth = 17,
  kExit = 18,
  kBatchFetch = 19,
  kOverhead = 20,
  kGraphLaunch = 21,
  kCudaEvent = 22,
  kExternalId = 23,
  kMemory = 24,
  kJit = 25,
  kCommunicator = 26,
  kStepWork = 27,
};

enum class ColumnType : uint8_t {
  kTime = 1,      // absolute ns
  kDuration = 2,  // ns, >= 0
  kInt = 3,       // signed integer
  kUint = 4,      // unsigned integer or bit set
  kString = 5,    // id into the string table
  kBytes = 6,     // a size in bytes
  kReal = 7,      // IEEE-754 double, bit pattern
};

// What the encoder tries first; each stored column says which encoding it really has.
enum class Encoding : uint8_t {
  kDelta = 1,   // zig-zag varint of the difference to the previous row: times, sequence numbers
  kVarint = 2,  // zig-zag varint of the value: durations, sizes
  kDict = 3,    // dictionary of distinct values + index: names, devices, streams; one value: no index
  kRaw = 4,     // 8 bytes per row: what no other encoding makes smaller. Never a hint in the kind table
};

struct Column {
  const char* name;
  ColumnType type;
  Encoding encoding;
};

inline constexpr size_t kMaxColumns = 20;

struct KindInfo {
  Kind id;
  const char* name;     // also the name of the SQL table
  const char* summary;  // one sentence for people
  uint8_t column_count;
  Column columns[kMaxColumns];

  [[nodiscard]] constexpr bool has_duration() const noexcept {
    return column_count > 1 && columns[1].type == ColumnType::kDuration;
  }
};

// All kinds this build knows, ascending by id.
[[nodiscard]] const KindInfo* kinds_begin() noexcept;
[[nodiscard]] const KindInfo* kinds_end() noexcept;

// The kind with this id, or nullptr when this build does not know it.
[[nodiscard]] const KindInfo* find_kind(uint16_t id) noexcept;

// Where an event came from: column `source` of range, step, phase, collective and communicator.
enum class Source : uint8_t {
  kUnknown = 0,
  kApi = 1,
  kNvtx = 2,
  kPython = 3,
  kTorchProfiler = 4,
  kImport = 5,
  kNcclPlugin = 6,
};

// The clock that stamped an event in a spool. finalize converts everything to kMonotonicRaw, by the clock anchors.
enum class Clock : uint8_t {
  kMonotonicRaw = 0,
  kCupti = 1,  // cuptiGetTimestamp: CLOCK_REALTIME ns on Linux unless the process registered another
};

// Column `payload_type` of range: NVTX's numbers are below 16. The payload is a string: the shapes of the tensors that an
// operator of an imported trace was called with, "[[32,1024],[1024,1024]]".
inline constexpr int64_t kPayloadShapes = 16;

// Bits of column `flags` of range and phase.
inline constexpr int64_t kFlagUnfinished =
    1;  // still open when the process ended; dur reaches to its last event
inline constexpr int64_t kFlagProcessRange =
    2;  // started and ended by handle, may cross threads (NVTX start/end)

// Column `op` of phase: what the process was doing, in the words of the ledger.
enum class PhaseOp : uint8_t {
  kOther = 0,
  kImport = 1,          // importing a top-level module (name = module)
  kStartup = 2,         // interpreter or framework start-up (name = what)
  kBackward = 3,        // Tensor.backward / autograd.backward on the calling thread
  kOptimizer = 4,       // Optimizer.step, outermost call (name = class)
  kCheckpointSave = 5,  // torch.save and friends
  kCheckpointLoad = 6,
  kLoaderStart = 7,  // a DataLoader iterator starting its workers (name = loader class)
  kLoaderReset = 8,  // epoch boundary with persistent workers
  kLoaderShutdown = 9,
  kDataNext = 10,  // main thread inside a data iterator's next() that no loader hook understands
  kEval = 11,
  kForward = 12,
};

// Bits of column `flags` of batch.
inline constexpr int64_t kBatchInProcess = 1;   // num_workers=0: fetched by the consuming thread itself
inline constexpr int64_t kBatchLast = 2;        // the iterator ended here; no data was handed over
inline constexpr int64_t kBatchIterable = 4;    // iterable-style dataset
inline constexpr int64_t kBatchPersistent = 8;  // persistent workers

// Column `copy_kind` of memcpy: CUpti_ActivityMemcpyKind.
enum class CopyKind : uint8_t {
  kUnknown = 0,
  kHostToDevice = 1,
  kDeviceToHost = 2,
  kHostToArray = 3,
  kArrayToHost = 4,
  kArrayToArray = 5,
  kArrayToDevice = 6,
  kDeviceToArray = 7,
  kDeviceToDevice = 8,
  kHostToHost = 9,
  kPeerToPeer = 10,
};

// Columns `src_kind`, `dst_kind` of memcpy and `memory_kind` of memset and memory: CUpti_ActivityMemoryKind.
enum class MemoryKind : uint8_t {
  kUnknown = 0,
  kPageable = 1,
  kPinned = 2,
  kDevice = 3,
  kArray = 4,
  kManaged = 5,
  kDeviceStatic = 6,
  kManagedStatic = 7,
};

// Column `sync_type` of sync: CUpti_ActivitySynchronizationType.
enum class SyncType : uint8_t {
  kUnknown = 0,
  kEvent = 1,       // host waits for an event
  kStreamWait = 2,  // stream waits for an event: costs the host nothing
  kStream = 3,      // host waits for a stream
  kContext = 4,     // host waits for the whole device
};

// Column `operation` of memory: 1 allocated, 2 released; for a memory pool kMemoryPoolOperation + 1 created, + 2 destroyed,
// + 3 trimmed.
inline constexpr int64_t kMemoryPoolOperation = 16;

// Bits of column `flags` of memcpy.
inline constexpr int64_t kCopyAsync = 1;

// Bits of column `flags` of collective.
inline constexpr int64_t kCollectivePointToPoint = 1;
inline constexpr int64_t kCollectiveCaptured = 2;    // enqueued into a CUDA graph, not run at this time
inline constexpr int64_t kCollectiveUnfinished = 4;  // the process or its communicator ended before it did
inline constexpr int64_t kCollectiveHostOnly =
    8;  // start and dur are the host's enqueue: nothing saw the device

}  // namespace stepscope::trace
