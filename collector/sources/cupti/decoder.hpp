// SPDX-License-Identifier: Apache-2.0
//
// From a completed buffer of CUPTI records to events in a ring: names, signatures and lanes get their ids here.
//
// One thread at a time (the drain thread). Its tables live in one private mapping of some MB, of which only what is used is
// touched; per record there is no allocation, no lock and no system call, but for a name, signature or lane that is new.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/sources/cupti/records.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector::cupti {

// Walks a buffer: the next record, or nullptr at the end.
struct RecordWalk {
  const void* (*next)(void* context, uint8_t* buffer, size_t valid, const void* previous) noexcept;
  void* context;
};

// Spans of CUPTI's clock outside of which nothing is kept.
struct Windows {
  static constexpr size_t kMax = 256;
  struct Span {
    int64_t begin_ns;
    int64_t end_ns;  // INT64_MAX while it is open
  };
  bool active = false;  // false: everything is kept
  Span spans[kMax] = {};
  uint32_t count = 0;  // published last

  [[nodiscard]] bool contains(int64_t ns) const noexcept;
};

struct DecoderCounts {
  uint64_t records = 0;
  uint64_t kernels = 0;         // within a window or not
  uint64_t graph_launches = 0;  // within a window or not
  uint64_t no_time = 0;
  uint64_t bad_time = 0;
  uint64_t unknown = 0;
  uint64_t undescribed = 0;
  uint64_t outside_window = 0;
  uint64_t signatures_full = 0;
};

class Decoder {
 public:
  // False when there is no memory. Once.
  bool open(trace::Spool& spool, const Windows& windows) noexcept;
  [[nodiscard]] bool is_open() const noexcept { return tables_ != nullptr; }
  // How the records are laid out; before the first buffer. One or the other.
  void read_classic(const RecordLayouts::Tail& tail) noexcept { layouts_.set_classic(tail); }
  void read_described(const DescribedRecords& described) noexcept { described_ = &described; }

  // Pushes the events of one buffer into `ring`, which is drained whenever kDrainEvery events are in it.
  static constexpr size_t kDrainEvery = 1024;
  void decode(uint8_t* buffer, size_t valid, const RecordWalk& walk, trace::Ring* ring,
              int64_t now_ns) noexcept;

  // Code was unloaded: the addresses of names may mean something else now.
  void forget_names() noexcept { ++names_epoch_; }
  // Thread numbers may be used again: lanes of threads are looked up anew.
  void forget_threads() noexcept { ++threads_epoch_; }

  [[nodiscard]] const DecoderCounts& counts() const noexcept { return counts_; }

 private:
  struct Tables;

  void push(Event& event, trace::Ring* ring, int64_t now_ns) noexcept;
  void note_metadata(const void* record) noexcept;
  void note_device(const Record& record) noexcept;
  void note_stream(const Record& record) noexcept;
  void note_context(uint32_t context, uint32_t device, bool green) noexcept;
  [[nodiscard]] bool is_green(uint32_t context) const noexcept;
  [[nodiscard]] uint32_t device_of(uint32_t context) const noexcept;
  [[nodiscard]] uint32_t name_id(const char* name) noexcept;
  [[nodiscard]] uint32_t signature_id(const Signature& signature) noexcept;
  [[nodiscard]] uint32_t lane_id(const LaneKey& key) noexcept;
  [[nodiscard]] uint32_t declare(const LaneKey& key) noexcept;
  void note(const Event& event) noexcept;
  void note_node(const Event& event, size_t column) noexcept;
  void count_node(uint32_t graph, uint64_t node) noexcept;
  [[nodiscard]] int64_t nodes_of(uint32_t graph) const noexcept;

  Tables* tables_ = nullptr;
  trace::Spool* spool_ = nullptr;
  const Windows* windows_ = nullptr;
  RecordLayouts layouts_;
  const DescribedRecords* described_ = nullptr;
  DecoderCounts counts_;
  size_t pushed_ = 0;  // since the last drain
  uint32_t names_epoch_ = 0;
  uint32_t threads_epoch_ = 0;
};

}  // namespace stepscope::collector::cupti
