// SPDX-License-Identifier: Apache-2.0
//
// The tree of nested ranges against the call stack of each event, found by looking at all others.
#include "viewer/model/call_tree.hpp"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

const std::atomic<bool> kGrowOn{false};

// Properly nested random ranges inside [begin, end).
void nest_ranges(std::mt19937_64& random, int64_t begin, int64_t end, int depth, std::vector<RawEvent>& out) {
  int64_t at = begin;
  while (depth > 0 && end - at > 8) {
    const int64_t start = at + static_cast<int64_t>(random() % 4);
    const int64_t length = 4 + static_cast<int64_t>(random() % static_cast<uint64_t>((end - start) / 2 + 1));
    if (start + length > end) {
      return;
    }
    out.push_back({start, length, static_cast<uint32_t>(random() % 4)});
    nest_ranges(random, start, start + length, depth - 1, out);
    at = start + length;
  }
}

std::string path_of(const CallTree& tree, uint32_t node) {
  std::string path;
  for (uint32_t at = node; at != CallTree::kRoot; at = tree.node(at).parent) {
    path = "/" + tree.text(at) + path;
  }
  return path;
}

class TreesOfRandomRanges : public ::testing::TestWithParam<int> {};

TEST_P(TreesOfRandomRanges, AgreeWithEachEventsStack) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  testing::RunWriter writer("run");
  for (const char* text : {"a", "b", "c", "d"}) {
    (void)writer.name(text, Category::kRange);
  }
  writer.process("rank 2 · main");
  std::vector<RawEvent> events;
  nest_ranges(random, 0, 5000, 4, events);
  writer.lane(0, "main thread", events);
  const auto run = writer.take();
  const LaneSpan span = GetParam() % 2 == 0 ? LaneSpan{0, 0, 5000} : LaneSpan{0, 1203, 3141};
  CallTree tree;
  add_ranges(tree, *run, Side::kB, {&span, 1}, kGrowOn);
  tree.finish();
  std::map<std::string, std::pair<int64_t, uint64_t>> expected;
  int64_t outermost = 0;
  for (const RawEvent& event : events) {
    const int64_t end = event.start_ns + event.duration_ns;
    if (end <= span.begin_ns || event.start_ns >= span.end_ns) {
      continue;
    }
    std::map<int64_t, uint32_t> parents;  // by length, longest last
    for (const RawEvent& other : events) {
      if (other.start_ns <= event.start_ns && other.start_ns + other.duration_ns >= end &&
          other.duration_ns > event.duration_ns) {
        parents[-other.duration_ns] = other.name;
      }
    }
    std::string path = "/main · main thread";
    for (const auto& [length, name] : parents) {
      path += "/" + run->names[name].text;
    }
    const int64_t ns = std::min(end, span.end_ns) - std::max(event.start_ns, span.begin_ns);
    outermost += parents.empty() ? ns : 0;
    auto& [total, count] = expected[path + "/" + run->names[event.name].text];
    total += ns;
    ++count;
  }
  std::map<std::string, std::pair<int64_t, uint64_t>> found;
  for (uint32_t node = 1; node < tree.nodes().size(); ++node) {
    if (tree.node(node).count[1] > 0) {
      found[path_of(tree, node)] = {tree.node(node).total_ns[1], tree.node(node).count[1]};
    }
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(tree.node(CallTree::kRoot).total_ns[1], outermost);
  EXPECT_EQ(tree.node(CallTree::kRoot).total_ns[0], 0);
  int64_t self = 0;
  for (const CallNode& node : tree.nodes()) {
    self += node.self_ns[1];
  }
  EXPECT_EQ(self, outermost) << "self times add up to the whole";
}
INSTANTIATE_TEST_SUITE_P(Seeds, TreesOfRandomRanges, ::testing::Range(1, 9));

TEST(CallTree, LanesOfAllRanksAreOneNodeAndTheirTimeIsPerRank) {
  testing::RunWriter writer("run");
  const uint32_t name = writer.name("forward", Category::kCompute);
  for (uint32_t rank = 0; rank < 4; ++rank) {
    writer.process("rank " + std::to_string(rank) + " · main");
    writer.lane(rank, "main thread", {{0, 100, name}});
  }
  const auto run = writer.take();
  const auto spans = whole_run(*run);
  CallTree tree;
  add_ranges(tree, *run, Side::kA, spans, kGrowOn);
  tree.finish();
  ASSERT_EQ(tree.nodes().size(), 3U);
  EXPECT_EQ(path_of(tree, 2), "/main · main thread/forward");
  EXPECT_EQ(ranks_of(*run, spans), 4U);
  EXPECT_EQ(ranks_of(*run, std::span(spans).first(1)), 1U);
  EXPECT_DOUBLE_EQ(flame_size(tree.node(2), FlameWidth::kA, {4, 1}), 100);
  testing::RunWriter launched("run");
  const uint32_t spawn = launched.name("spawn", Category::kRange);
  for (const char* title : {"rank 0 · main", "rank 1 · main", "launcher"}) {
    launched.process(title);
    launched.lane(static_cast<uint32_t>(launched.model().processes.size() - 1), "main thread",
                  {{0, 100, spawn}});
  }
  const auto job = launched.take();
  EXPECT_EQ(ranks_of(*job, whole_run(*job)), 2U) << "a launcher is no rank";
}

TEST(CallTree, IdsOfThreadsAndCommunicatorsDoNotKeepRunsApart) {
  testing::RunWriter writer("run");
  const uint32_t name = writer.name("work", Category::kCompute);
  writer.process("main");
  for (const char* title : {"thread 25772 (python)", "thread 25773 (python)", "thread 9", "thread pool"}) {
    writer.lane(0, title, {{0, 100, name}});
  }
  writer.lane(0, "default_pg rank 0/4", {{0, 100, name}});
  writer.model().lanes.back().role = LaneRole::kCommunicator;
  const auto run = writer.take();
  CallTree tree;
  add_ranges(tree, *run, Side::kA, whole_run(*run), kGrowOn);
  tree.finish();
  std::set<std::string> parts;
  for (uint32_t at = tree.node(CallTree::kRoot).first_child; at != kNoNode; at = tree.node(at).next_sibling) {
    parts.insert(tree.text(at));
  }
  EXPECT_EQ(parts, (std::set<std::string>{"main · thread (python)", "main · thread", "main · thread pool",
                                          "main · default_pg"}));
}

TEST(CallTree, StacksOfTwoRunsShareFrames) {
  CallTree tree;
  const std::string_view slow[] = {"train.py:main", "train.py:step", "copy.py:clone"};
  const std::string_view fast[] = {"train.py:main", "train.py:step"};
  tree.add_stack(Side::kA, CallTree::kRoot, fast, 10);
  tree.add_stack(Side::kB, CallTree::kRoot, slow, 30);
  tree.add_stack(Side::kB, CallTree::kRoot, fast, 10);
  tree.finish();
  ASSERT_EQ(tree.nodes().size(), 4U);
  EXPECT_EQ(tree.node(1).total_ns, (std::array<int64_t, 2>{10, 40}));
  EXPECT_EQ(tree.node(2).self_ns, (std::array<int64_t, 2>{10, 10}));
  EXPECT_EQ(tree.node(3).total_ns, (std::array<int64_t, 2>{0, 30}));
  EXPECT_EQ(path_of(tree, 3), "/train.py:main/train.py:step/copy.py:clone");
}

TEST(CallTree, ABoxIsAsWideAsItsRunsTime) {
  CallTree tree;
  const uint32_t gone = tree.child(CallTree::kRoot, "gone", Category::kRange);
  const uint32_t grown = tree.child(CallTree::kRoot, "grown", Category::kRange);
  tree.add(gone, Side::kA, 100, 1);
  tree.add(grown, Side::kA, 100, 1);
  tree.add(grown, Side::kB, 600, 2);
  tree.finish();
  const std::array<double, 2> divisor{1, 2};
  const auto widths = [&](FlameWidth width) {
    std::map<uint32_t, float> out;
    for (const FlameBox& box : flame_boxes(tree, CallTree::kRoot, width, divisor, 0.001F)) {
      out[box.node] = box.x1 - box.x0;
    }
    return out;
  };
  EXPECT_FLOAT_EQ(widths(FlameWidth::kA)[gone], 0.5F);
  EXPECT_EQ(widths(FlameWidth::kB).count(gone), 0U) << "what is gone has no width in B";
  EXPECT_FLOAT_EQ(widths(FlameWidth::kB)[grown], 1.0F);
  EXPECT_DOUBLE_EQ(flame_size(tree.node(grown), FlameWidth::kB, divisor), 300);
  const auto zoomed = flame_boxes(tree, grown, FlameWidth::kB, divisor, 0.001F);
  ASSERT_EQ(zoomed.size(), 1U);
  EXPECT_EQ(zoomed[0].depth, 0U);
}

TEST(CallTree, PartsThatNoPixelShowsAreLeftOut) {
  CallTree tree;
  tree.add(tree.child(CallTree::kRoot, "large", Category::kRange), Side::kA, 999'000, 1);
  tree.add(tree.child(CallTree::kRoot, "tiny", Category::kRange), Side::kA, 1'000, 1);
  tree.finish();
  EXPECT_EQ(flame_boxes(tree, CallTree::kRoot, FlameWidth::kA, {1, 1}, 0.01F).size(), 2U);
  EXPECT_EQ(flame_boxes(tree, CallTree::kRoot, FlameWidth::kA, {1, 1}, 0.0001F).size(), 3U);
}

}  // namespace
}  // namespace stepscope::viewer
