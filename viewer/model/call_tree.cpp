// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/call_tree.hpp"

#include <algorithm>
#include <set>

namespace stepscope::viewer {
namespace {

// The time of the children inside their parent's box can be a little more than the parent's (ranges that cross): they
// are drawn narrower then.
double scale_of(double parent, double children) {
  return children > parent && children > 0 ? parent / children : 1;
}

constexpr std::string_view kDot = " · ";

// "rank 3" of "rank 3 · worker 1"; "" where a job has no ranks.
std::string_view rank_of(std::string_view title) {
  const size_t dot = title.find(kDot);
  return title.starts_with("rank ") && dot != std::string_view::npos ? title.substr(0, dot)
                                                                     : std::string_view();
}

// Ids of threads and communicators are others in every run: "thread 25772 (python)" -> "thread (python)".
std::string lane_part(const LaneModel& lane) {
  std::string part = lane.title;
  if (lane.role == LaneRole::kCommunicator) {
    return part.substr(0, part.find(" rank "));
  }
  constexpr std::string_view kThread = "thread ";
  if (lane.role == LaneRole::kThread && part.starts_with(kThread)) {
    const size_t after = std::min(part.find_first_not_of("0123456789", kThread.size()), part.size());
    if (after > kThread.size()) {
      part.erase(kThread.size() - 1, after - kThread.size() + 1);
    }
  }
  return part;
}

// "worker 1 · batches": lanes of all ranks that play one part are one node.
std::string part_of(const RunModel& run, const LaneModel& lane) {
  const std::string& title = run.processes[lane.process].title;
  const std::string_view rank = rank_of(title);
  return title.substr(rank.empty() ? 0 : rank.size() + kDot.size()) + std::string(kDot) + lane_part(lane);
}

// Walks the rows of one lane: events of a row under those of the row above.
class LaneTree {
 public:
  LaneTree(CallTree& tree, const RunModel& run, Side side, const LaneSpan& span,
           const std::atomic<bool>& cancelled)
      : tree_(tree),
        run_(run),
        side_(side),
        span_(span),
        rows_(run.lanes[span.lane].rows),
        cancelled_(cancelled),
        known_(rows_.size()) {}

  void add() {
    if (rows_.empty()) {
      return;
    }
    top_ = tree_.child(CallTree::kRoot, part_of(run_, run_.lanes[span_.lane]), Category::kOther);
    const size_t last = rows_[0].first_starting_at(span_.end_ns);
    walk(0, rows_[0].first_ending_after(span_.begin_ns), last, top_);
  }

 private:
  // The child that this row's name had last, so that most events ask the map for nothing.
  struct Known {
    uint32_t parent = kNoNode;
    uint32_t name = 0;
    uint32_t node = 0;
  };

  uint32_t put(size_t r, size_t i, uint32_t parent) {
    const EventRow& row = rows_[r];
    const uint32_t name = row.name(i);
    Known& known = known_[r];
    if (known.parent != parent || known.name != name) {
      known = {parent, name, tree_.child(parent, run_.names[name].text, run_.names[name].category)};
    }
    const int64_t ns = std::min(row.end(i), span_.end_ns) - std::max(row.start(i), span_.begin_ns);
    tree_.add(known.node, side_, std::max<int64_t>(0, ns), 1);
    tree_.note_longest(known.node, {side_, span_.lane, static_cast<uint32_t>(r), static_cast<uint32_t>(i)},
                       row.duration(i));
    return known.node;
  }

  void walk(size_t r, size_t first, size_t last, uint32_t parent) {
    size_t below = 0;
    for (size_t i = first; i < last && !cancelled_.load(std::memory_order_relaxed); ++i) {
      const uint32_t node = put(r, i, parent);
      if (r + 1 < rows_.size()) {
        const EventRow& next = rows_[r + 1];
        // Of an event that began before the span, those of its children that reach into it.
        const size_t from =
            rows_[r].start(i) < span_.begin_ns
                ? std::max(next.first_ending_after(span_.begin_ns), next.first_starting_at(rows_[r].start(i)))
                : next.first_starting_at(rows_[r].start(i), below);
        below = next.first_starting_at(std::min(rows_[r].end(i), span_.end_ns), from);
        walk(r + 1, from, below, node);
      }
    }
  }

  CallTree& tree_;
  const RunModel& run_;
  Side side_;
  const LaneSpan& span_;
  const std::vector<EventRow>& rows_;
  const std::atomic<bool>& cancelled_;
  std::vector<Known> known_;
  uint32_t top_ = 0;
};

}  // namespace

CallTree::CallTree() {
  nodes_.push_back({});
  nodes_[0].text = intern("all");
}

uint32_t CallTree::intern(std::string_view text) {
  const auto [at, fresh] = text_ids_.try_emplace(std::string(text), static_cast<uint32_t>(texts_.size()));
  if (fresh) {
    texts_.emplace_back(text);
  }
  return at->second;
}

uint32_t CallTree::child(uint32_t parent, std::string_view text, Category category) {
  const uint32_t id = intern(text);
  const auto [at, fresh] =
      children_.try_emplace((uint64_t{parent} << 32U) | id, static_cast<uint32_t>(nodes_.size()));
  if (fresh) {
    CallNode node;
    node.text = id;
    node.parent = parent;
    node.category = category;
    node.next_sibling = nodes_[parent].first_child;
    nodes_[parent].first_child = at->second;
    nodes_.push_back(node);
  }
  return at->second;
}

void CallTree::add(uint32_t node, Side side, int64_t ns, uint64_t count) {
  nodes_[node].total_ns[index_of(side)] += ns;
  nodes_[node].count[index_of(side)] += count;
}

void CallTree::note_longest(uint32_t node, const EventRef& ref, int64_t ns) {
  CallNode& at = nodes_[node];
  const bool better_side = at.longest_ns > 0 && ref.side == Side::kB && at.longest.side == Side::kA;
  if (ns > 0 &&
      (better_side || (ns > at.longest_ns && (at.longest_ns == 0 || ref.side == at.longest.side)))) {
    at.longest = ref;
    at.longest_ns = ns;
  }
}

void CallTree::add_stack(Side side, uint32_t under, std::span<const std::string_view> frames, int64_t ns) {
  uint32_t node = under;
  for (const std::string_view frame : frames) {
    node = child(node, frame, Category::kSample);
    add(node, side, ns, 1);
  }
}

void CallTree::finish() {
  // Children are made after their parents, so going back through the list meets them first.
  for (const size_t s : {size_t{0}, size_t{1}}) {
    std::vector<int64_t> below(nodes_.size(), 0);
    for (size_t i = nodes_.size(); i-- > 0;) {
      CallNode& node = nodes_[i];
      if (node.count[s] == 0) {
        node.total_ns[s] = below[i];
      }
      node.self_ns[s] = std::max<int64_t>(0, node.total_ns[s] - below[i]);
      if (node.parent != kNoNode) {
        below[node.parent] += node.total_ns[s];
      }
    }
  }
  std::vector<uint32_t> order;
  for (CallNode& node : nodes_) {
    order.clear();
    for (uint32_t at = node.first_child; at != kNoNode; at = nodes_[at].next_sibling) {
      order.push_back(at);
    }
    std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
      const auto size = [&](uint32_t n) { return std::max(nodes_[n].total_ns[0], nodes_[n].total_ns[1]); };
      return size(x) != size(y) ? size(x) > size(y) : texts_[nodes_[x].text] < texts_[nodes_[y].text];
    });
    node.first_child = order.empty() ? kNoNode : order.front();
    for (size_t i = 0; i < order.size(); ++i) {
      nodes_[order[i]].next_sibling = i + 1 < order.size() ? order[i + 1] : kNoNode;
    }
  }
}

void add_ranges(CallTree& tree, const RunModel& run, Side side, std::span<const LaneSpan> spans,
                const std::atomic<bool>& cancelled) {
  for (const LaneSpan& span : spans) {
    LaneTree(tree, run, side, span, cancelled).add();
  }
}

size_t ranks_of(const RunModel& run, std::span<const LaneSpan> spans) {
  std::set<std::string_view> ranks;
  for (const LaneSpan& span : spans) {
    ranks.insert(rank_of(run.processes[run.lanes[span.lane].process].title));
  }
  ranks.erase("");  // a launcher is no rank
  return std::max<size_t>(1, ranks.size());
}

double flame_size(const CallNode& node, FlameWidth width, const std::array<double, 2>& divisor) {
  const double a = static_cast<double>(node.total_ns[0]) / divisor[0];
  const double b = static_cast<double>(node.total_ns[1]) / divisor[1];
  return width == FlameWidth::kA ? a : width == FlameWidth::kB ? b : std::max(a, b);
}

std::vector<FlameBox> flame_boxes(const CallTree& tree, uint32_t zoom, FlameWidth width,
                                  const std::array<double, 2>& divisor, float least) {
  std::vector<FlameBox> boxes;
  if (flame_size(tree.node(zoom), width, divisor) <= 0) {
    return boxes;
  }
  boxes.push_back({zoom, 0, 0, 1});
  for (size_t i = 0; i < boxes.size(); ++i) {
    const FlameBox box = boxes[i];
    const CallNode& node = tree.node(box.node);
    double children = 0;
    for (uint32_t at = node.first_child; at != kNoNode; at = tree.node(at).next_sibling) {
      children += flame_size(tree.node(at), width, divisor);
    }
    const double size = flame_size(node, width, divisor);
    const double unit = static_cast<double>(box.x1 - box.x0) / size * scale_of(size, children);
    double x = static_cast<double>(box.x0);
    for (uint32_t at = node.first_child; at != kNoNode; at = tree.node(at).next_sibling) {
      const double end = x + flame_size(tree.node(at), width, divisor) * unit;
      if (end - x >= static_cast<double>(least)) {
        boxes.push_back({at, box.depth + 1, static_cast<float>(x), static_cast<float>(end)});
      }
      x = end;
    }
  }
  return boxes;
}

}  // namespace stepscope::viewer
