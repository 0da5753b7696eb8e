// SPDX-License-Identifier: Apache-2.0
//
// CallTree: what ran inside what, of one or two runs in one tree: nested ranges of lanes, or sampled Python stacks. Nodes of equal
// text under equal parents are one. Plus the boxes of a flame graph of it. Pure.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "viewer/model/event_filter.hpp"

namespace stepscope::viewer {

inline constexpr uint32_t kNoNode = 0xFFFFFFFFU;

struct CallNode {
  uint32_t text = 0;  // index into CallTree::texts
  uint32_t parent = kNoNode;
  uint32_t first_child = kNoNode;
  uint32_t next_sibling = kNoNode;
  Category category = Category::kOther;
  std::array<int64_t, 2> total_ns{};  // by Side; what is nested inside included
  std::array<int64_t, 2> self_ns{};
  std::array<uint64_t, 2> count{};  // events, or samples
  EventRef longest;                 // of the nodes' events, B's before A's; only where longest_ns > 0
  int64_t longest_ns = 0;
};

class CallTree {
 public:
  CallTree();
  // The child of `parent` with that text, made if need be. Category: of the first.
  uint32_t child(uint32_t parent, std::string_view text, Category category);
  void add(uint32_t node, Side side, int64_t ns, uint64_t count);
  // Adds a sample to each frame of its stack, outermost first.
  void add_stack(Side side, uint32_t under, std::span<const std::string_view> frames, int64_t ns);
  // Orders children: the largest of either run first. Sets totals of nodes that got none of their own to the sum of
  // their children, and self times. Call once.
  void finish();

  static constexpr uint32_t kRoot = 0;
  [[nodiscard]] std::span<const CallNode> nodes() const { return nodes_; }
  [[nodiscard]] const CallNode& node(uint32_t id) const { return nodes_[id]; }
  [[nodiscard]] const std::string& text(uint32_t id) const { return texts_[nodes_[id].text]; }
  void note_longest(uint32_t node, const EventRef& ref, int64_t ns);

 private:
  [[nodiscard]] uint32_t intern(std::string_view text);
  std::vector<CallNode> nodes_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, uint32_t> text_ids_;
  std::unordered_map<uint64_t, uint32_t> children_;  // parent << 32 | text
};

// Adds the events of the lanes' spans, each under the event of the row above that it starts in; at the top stands a node per kind of
// lane (its title, without the rank). An event counts with its time inside the span.
void add_ranges(CallTree& tree, const RunModel& run, Side side, std::span<const LaneSpan> spans,
                const std::atomic<bool>& cancelled);

// How many ranks the lanes belong to, at least 1: what times are divided by, so that lanes of all ranks in one node compare with a
// step.
[[nodiscard]] size_t ranks_of(const RunModel& run, std::span<const LaneSpan> spans);

enum class FlameWidth : uint8_t { kB, kA, kLarger };

struct FlameBox {
  uint32_t node = 0;
  uint32_t depth = 0;  // below the node it is zoomed to, which is 0
  float x0 = 0;        // 0..1
  float x1 = 0;
};

// The node and what is nested in it, parts narrower than `least` (of the whole width) left out; kA: width by run A, and so on.
// divisor: what each run's times are divided by, so that runs of other lengths compare.
[[nodiscard]] std::vector<FlameBox> flame_boxes(const CallTree& tree, uint32_t zoom, FlameWidth width,
                                                const std::array<double, 2>& divisor, float least);

// What a node's width is made of.
[[nodiscard]] double flame_size(const CallNode& node, FlameWidth width, const std::array<double, 2>& divisor);

}  // namespace stepscope::viewer
