// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: records whose fields the tool chooses (user-defined records, from 13.3 on). The structures by which
// a choice is made and described, and what a subscriber has chosen. Compared with the toolkit's headers in
// user_fields_abi_check.cpp.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/fakes/cuda/records.hpp"
#include "tests/fakes/cuda/user_fields.hpp"

namespace fakecuda {

struct FieldSelection {
  size_t size;
  size_t count;
  int* ids;
};

struct ActivityConfig {
  size_t size;
  FieldSelection selection;
};

struct FieldLayout {
  size_t size;
  int id;
  size_t offset;
  size_t bytes;
  size_t alignment;
};

struct RecordLayout {
  size_t size;
  FieldLayout* entries;
  size_t count;
  size_t record_bytes;
};

struct CompleteInfo {
  size_t size;
  uint64_t thread;
  RecordLayout** layouts;  // by kind
  size_t layout_count;
};

inline constexpr uint32_t kUserDefinedAttribute = 11;
inline constexpr uint32_t kEventTimestampsAttribute = 17;
inline constexpr uint32_t kThreadIdTypeAttribute = 21;

// One subscriber's choice. Once made, a kind's layout stays: its records may still lie in buffers.
class UserRecords {
 public:
  [[nodiscard]] bool is_on() const { return on_.load(std::memory_order_relaxed); }
  void turn(bool on) { on_.store(on); }

  // What cuptiActivityEnable_v2 is told; a result code.
  int choose(uint32_t kind, const ActivityConfig* config);
  // All records are out of CUPTI's hands: another choice may be made for kinds that are disabled.
  void flushed();

  // The length of a record, 0 = no choice was made for this kind.
  [[nodiscard]] size_t record_bytes(uint32_t kind) const;
  void pack(uint32_t kind, const uint8_t* classic, uint8_t* record) const;
  // For the tool, with every buffer.
  [[nodiscard]] CompleteInfo describe(bool with_layouts);

 private:
  struct Chosen {
    std::atomic<size_t> record_bytes{0};
    std::vector<int> ids;
    std::vector<const ChoosableField*> fields;
    std::vector<FieldLayout> entries;
    RecordLayout layout = {};
    bool flushed = true;
  };

  std::atomic<bool> on_{false};
  std::array<Chosen, kKindCount> kinds_ = {};
  std::array<RecordLayout*, kKindCount> described_ = {};
};

}  // namespace fakecuda
