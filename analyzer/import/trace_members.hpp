// SPDX-License-Identifier: Apache-2.0
//
// TraceMembers: what a Kineto trace says beside its events: rank, devices, versions, where its times begin.
//
// Members come in any order, before or after the events, or not at all; what is not understood is ignored. Only facts on
// the list below become part of a recording: a trace may name users and machines. One thread. Internal to analyzer/import.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "trace/recording_builder.hpp"

namespace stepscope::analysis::importing {

class TraceMembers {
 public:
  // A member of the outer object, as JSON.
  void take(std::string_view key, std::string_view json);

  [[nodiscard]] int32_t rank() const { return rank_; }              // -1: not said
  [[nodiscard]] int32_t world_size() const { return world_size_; }  // -1: not said
  [[nodiscard]] int64_t base_ns() const { return base_ns_; }        // since 1970; 0: not said
  [[nodiscard]] bool kineto() const { return kineto_; }

  void store(trace::RecordingBuilder& builder) const;

 private:
  void take_distributed(std::string_view json);
  void take_devices(std::string_view json);

  int32_t rank_ = -1;
  int32_t world_size_ = -1;
  int64_t base_ns_ = 0;
  bool kineto_ = false;
  std::map<std::string, std::string> facts_;  // meta key, value
};

}  // namespace stepscope::analysis::importing
