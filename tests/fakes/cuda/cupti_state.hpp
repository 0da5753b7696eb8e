// SPDX-License-Identifier: Apache-2.0
//
// What the files of the libcupti stand-in share.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/fakes/cuda/driver.hpp"
#include "tests/fakes/cuda/records.hpp"
#include "tests/fakes/cuda/user_records.hpp"

#define FAKE_CUPTI_EXPORT extern "C" __attribute__((visibility("default")))

namespace fakecuda {

enum Result : int {
  kSuccess = 0,
  kInvalidParameter = 1,
  kInvalidOperation = 7,
  kParameterSizeNotSufficient = 10,
  kMaxLimitReached = 12,
  kQueueEmpty = 18,
  kInvalidKind = 21,
  kNotSupported = 27,
  kInsufficientPrivileges = 35,
  kMultipleSubscribers = 39,
  kUnknown = 999
};

using BufferRequested = void (*)(uint8_t** buffer, size_t* size, size_t* max_records);
using BufferCompleted = void (*)(void* context, uint32_t stream, uint8_t* buffer, size_t size, size_t valid);
using Callback = void (*)(void* user, uint32_t domain, uint32_t cbid, const void* data);

inline constexpr size_t kDomains = 7;
inline constexpr size_t kCallbackIds = 1024;
inline constexpr uint32_t kResourceDomain = 3;
inline constexpr uint32_t kStateDomain = 6;

// Which GPU work has the correlation id of the call that submitted it. CUPTI is said to fill it in only when calls are
// recorded or called back for; a tool should come to terms with any of these.
enum class Correlate : uint8_t { kKnownCalls, kAlways, kNever };

// What the environment asks of this library (FAKE_CUPTI_*), read once.
struct Options {
  int subscribe_result = 0;               // FAKE_CUPTI_SUBSCRIBE
  std::string holder = "Nsight Systems";  // FAKE_CUPTI_HOLDER: who has CUPTI when that is 39
  std::map<uint32_t, int> enable_fails;   // FAKE_CUPTI_ENABLE_FAILS: "36,38=27": kind[=result], default 999
  // FAKE_CUPTI_FIELDS_FAIL: "attribute=27" or "10,1=27": choosing fields is refused, at all or of a kind
  std::map<std::string, int> fields_fail;
  bool describes =
      true;  // FAKE_CUPTI_DESCRIBES=0: says nothing of the layout of user-defined records, as 13.2
  std::map<std::string, int> call_fails;  // FAKE_CUPTI_CALL_FAILS: "cuptiActivityFlushPeriod=27,..."
  uint64_t fatal_after = 0;               // FAKE_CUPTI_FATAL_AFTER: records until the fatal state; 0 = never
  uint64_t fatal_at_clock = 0;  // FAKE_CUPTI_FATAL_AT_CLOCK: as the clock is read the n-th time; 0 = never
  uint64_t drop_every = 0;      // FAKE_CUPTI_DROP_EVERY: each n-th record is dropped and counted
  uint64_t odd_every = 0;       // FAKE_CUPTI_ODD_EVERY: each n-th kernel in turn: NULL name, 0/0, end < start
  bool flush_hangs = false;     // FAKE_CUPTI_FLUSH_HANGS: a flush that is not forced never comes back
  bool hold_back = false;       // FAKE_CUPTI_HOLD_BACK: full buffers wait for the next flush
  bool late = false;     // FAKE_CUPTI_LATE: a flush returns before its buffers are back; they come soon after
  bool shuffle = false;  // FAKE_CUPTI_SHUFFLE: buffers and kernels in any order
  bool truncate = false;  // FAKE_CUPTI_TRUNCATE: a buffer's valid size ends within its last record
  bool spoil = false;     // FAKE_CUPTI_SPOIL: a buffer's last record is of a kind the library cannot read
  Correlate correlate = Correlate::kKnownCalls;  // FAKE_CUPTI_CORRELATE: always, never
  bool check_zeroed = true;                      // FAKE_CUPTI_CHECK_ZEROED=0: trust the tool (benches)
};

const Options& options();

struct Subscriber {
  Callback callback = nullptr;
  void* user = nullptr;
  std::string name;
  const void* library = nullptr;  // where the caller's code lies
  std::array<std::array<uint8_t, kCallbackIds>, kDomains> enabled = {};
};

// A buffer of the tool that CUPTI fills. One per thread from 13.0 on, before that one for all.
struct Owner {
  uint8_t* buffer = nullptr;
  size_t capacity = 0;
  size_t used = 0;
  size_t last = 0;  // where the last record begins
  size_t records = 0;
  size_t max_records = 0;
  bool shared = false;          // the tool gave it out twice
  uint8_t* unpacked = nullptr;  // the last record, while its fields are still in `classic`
  std::array<uint8_t, kLargestRecord> classic = {};
};

struct Filled {
  uint8_t* buffer;
  size_t capacity;
  size_t valid;
};

// What the GPU has not been asked for yet: executions in "device buffers".
struct Pending {
  Execution execution;
  Owner* owner;
  bool is_graph;  // one GRAPH_TRACE record instead of its nodes
};

// Counted for tests; printed as JSON into FAKE_CUDA_REPORT at the end of the process.
struct Counters {
  std::atomic<uint64_t> written{0}, bytes{0}, kernels{0}, dropped{0}, dropped_reported{0}, truncated{0},
      spoiled{0}, odd{0}, incomplete{0};
  std::atomic<uint64_t> requested{0}, refused{0}, given_twice{0}, completed{0}, outstanding{0}, flushes{0},
      forced_flushes{0};
};

// What one subscriber has. There is one, the first, for everybody; 13.3 makes another for each further subscriber when all
// of them agree to share.
struct Cupti {
  size_t index = 0;
  bool shares = false;
  bool own_calls = false;  // the subscriber uses the calls that name it
  UserRecords user;
  // Recursive as CUPTI may be called from within bufferRequested (attributes).
  std::recursive_mutex lock;
  const Driver* driver = nullptr;
  std::atomic<Subscriber*> subscriber{nullptr};
  BufferRequested requested = nullptr;
  BufferCompleted completed = nullptr;

  std::array<std::atomic<bool>, kKindCount> kinds = {};
  std::array<std::array<std::atomic<uint8_t>, kCallbackIds>, 3> recorded_apis = {};  // by domain
  std::atomic<bool> system_thread_ids{false};
  std::atomic<bool> latency_timestamps{false};
  std::atomic<bool> event_timestamps{false};
  bool zeroed_buffers = false;
  size_t device_buffer_records = 4096;
  std::map<uint32_t, uint64_t> attributes;
  std::vector<Owner*> owners;
  std::vector<Pending> pending;
  std::multimap<uint8_t*, size_t> held;  // buffers of the tool that CUPTI has now
  std::vector<Filled> filled;
  std::condition_variable_any filled_changed;
  size_t delivering = 0;
  bool worker_started = false;
  std::atomic<uint32_t> flush_period_ms{0};
  std::atomic<uint64_t> undelivered_drops{0};
  std::atomic<uint64_t> clock_readings{0};
  std::atomic<bool> fatal{false};
  std::atomic<bool> fatal_told{false};
  std::atomic<bool> fatal_known{false};  // the tool has been told and has answered: a call now breaks a rule
  uint64_t sequence = 0;
  Counters counters;
};

inline constexpr size_t kSessions = 4;

// The session that the calling thread works for; the first unless InSession says otherwise. Sessions are never destroyed.
Cupti& cupti();
Cupti& session(size_t index);
// Those that exist.
size_t session_count();
Cupti* new_session();  // null when there are kSessions

class InSession {
 public:
  explicit InSession(Cupti& wanted);
  ~InSession();
  InSession(const InSession&) = delete;
  InSession& operator=(const InSession&) = delete;

 private:
  Cupti* before_;
};

template <typename F>
void for_each_session(F&& function) {
  for (size_t i = 0; i < session_count(); ++i) {
    InSession inside(session(i));
    function();
  }
}

// Who is inside one of the tool's callbacks.
enum class Inside : uint8_t { kNothing, kBufferRequested, kBufferCompleted, kCallback };
extern thread_local Inside t_inside;

// CUPTI has finalized itself and said so: calling it, even to read a buffer, breaks a rule.
void refuse_after_fatal(const char* function);
// Every exported function begins with this; its result is what the function returns when it is not kSuccess.
Result enter(const char* function, bool needs_driver = true);

// The session of a subscriber handle; null = no such subscriber.
Cupti* session_of(const void* handle);
// Where the object lies that contains this code.
const void* library_of(const void* code);
// The driver of this process, found when first needed as CUPTI does; null = none here.
const Driver* driver();
// The hooks this library hands to the driver (cupti_hooks.cpp).
extern const ProfilerHooks kHooks;

// --- buffers (cupti_buffers.cpp); the lock is held ---
Owner& owner_of_this_thread();
// Room for one record of this kind in its classic layout, its kind filled in; null = dropped.
uint8_t* new_record(Owner& owner, uint32_t kind, size_t size);
// The length of a record of the calling session as it lies in a buffer; 0 = no such kind.
size_t delivered_bytes(uint32_t kind);
// Moves what the GPU has finished into buffers; everything, unfinished with end = 0, when forced.
void collect(bool forced);
// --- not under the lock ---
void flush(bool forced);
void tell_fatal();
void start_worker();

// --- records (cupti_records.cpp); the lock is held ---
void write_execution(Owner& owner, const Execution& execution, bool complete);
void write_graph(Owner& owner, const Execution& execution, bool complete);
// DEVICE, CONTEXT or STREAM records of what exists already.
void write_known_objects(uint32_t kind);
void write_new_context(const ContextInfo& info);
void write_new_stream(const StreamInfo& info);
void write_overhead(Owner& owner, uint32_t what, uint64_t start_ns, uint64_t end_ns);

uint32_t thread_id();                  // as the tool wants it
uint32_t correlation_of(uint32_t id);  // what a record of the calling thread's call says

// External correlation ids of the calling thread, by kind; the lock is not needed.
Result push_external(uint32_t kind, uint64_t id);
Result pop_external(uint32_t kind, uint64_t* last);

void call_back(uint32_t domain, uint32_t cbid, const void* data);
bool wants_callback(uint32_t domain, uint32_t cbid);

}  // namespace fakecuda
