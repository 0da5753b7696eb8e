// SPDX-License-Identifier: Apache-2.0
//
// HostChain: what the threads of a process did, one thing after the other: CUDA calls of all threads, waits for batches and
// changes of what the driving thread does (pieces). A thread goes on from its last item; a thread that did nothing for a while
// was waiting for another that worked meanwhile (backward runs on autograd's thread while the main thread waits), so it goes on from that
// one's last item. Internal to the library.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/replay/process_context.hpp"

namespace stepscope::analysis {

inline constexpr uint32_t kNoItem = std::numeric_limits<uint32_t>::max();

struct HostItem {
  enum class Kind : uint8_t {
    kChange,  // the driving thread does something else from here on, or a step ends; takes no time
    kCall,    // a CUDA call
    kWait,    // for a batch, until it has arrived
  };
  Kind kind = Kind::kChange;
  CallClass call = CallClass::kOther;
  uint32_t lane = 0;  // of the recording
  uint32_t name = 0;  // run-global, of the call
  uint32_t correlation = 0;
  uint32_t batch = 0;  // index into BatchTable::batches
  int64_t begin_ns = 0, end_ns = 0;
  Moment begin = 0, end = 0;
};

class HostChain {
 public:
  // Reads the items of the window and makes their moments.
  [[nodiscard]] static Result<HostChain> read(ProcessContext& context);

  [[nodiscard]] const std::vector<HostItem>& items() const { return items_; }  // ascending by begin
  // The call that has this correlation, or kNoItem.
  [[nodiscard]] uint32_t item_of(uint32_t correlation) const;
  // The last moment of the driving thread up to `ns`, which lies in the window.
  [[nodiscard]] Moment at(int64_t ns) const;

  // What else an item waits for, before it begins and before it ends.
  using Waits = std::function<void(uint32_t item, std::vector<Cause>* begin, std::vector<Cause>* end)>;
  void link(ProcessContext& context, const Waits& waits) const;

 private:
  Status read_calls(const ProcessContext& context);
  void add_waits(const ProcessContext& context);
  void add_changes(const ProcessContext& context);
  void keep_outermost();
  void link_item(ProcessContext& context, const HostItem& item, const HostItem* before, const HostItem* own,
                 const std::vector<Cause>& more) const;

  std::vector<HostItem> items_;
  std::unordered_map<uint32_t, uint32_t> by_correlation_;
  std::vector<uint32_t> driving_;  // items of the driving thread
};

}  // namespace stepscope::analysis
