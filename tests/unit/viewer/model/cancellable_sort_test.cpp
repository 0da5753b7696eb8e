// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/cancellable_sort.hpp"

#include <functional>
#include <random>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

constexpr size_t kItems = 600'000;  // several times what is sorted at once

std::vector<int> items(const char* order) {
  std::mt19937 random(7);
  std::vector<int> made(kItems);
  for (size_t i = 0; i < kItems; ++i) {
    const std::string_view how = order;
    made[i] = how == "ascending"    ? static_cast<int>(i)
              : how == "descending" ? static_cast<int>(kItems - i)
              : how == "equal"      ? 5
              : how == "few"        ? static_cast<int>(random() % 3)
                                    : static_cast<int>(random());
  }
  return made;
}

TEST(SortUnless, SortsWhateverTheOrderWas) {
  const std::atomic<bool> on{false};
  for (const char* order : {"random", "ascending", "descending", "equal", "few"}) {
    std::vector<int> sorted = items(order);
    std::vector<int> expected = sorted;
    std::sort(expected.begin(), expected.end());
    EXPECT_TRUE(sort_unless(on, std::span<int>(sorted), std::less<>())) << order;
    EXPECT_EQ(sorted, expected) << order;
  }
}

TEST(SortUnless, EndsWhenItIsCancelledInTheMiddle) {
  std::atomic<bool> cancelled{false};
  std::vector<int> some = items("random");
  size_t compared = 0;
  const auto until_then = [&](int a, int b) {
    if (++compared == kItems / 4) {
      cancelled = true;
    }
    return a < b;
  };
  EXPECT_FALSE(sort_unless(cancelled, std::span<int>(some), until_then));
  EXPECT_LT(compared, 4 * kItems) << "sorting all of them takes some twenty comparisons each";
}

}  // namespace
}  // namespace stepscope::viewer
