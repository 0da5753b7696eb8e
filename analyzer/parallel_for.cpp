// SPDX-License-Identifier: Apache-2.0
#include "analyzer/parallel_for.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace stepscope::analysis {

void parallel_for(size_t count, const std::function<void(size_t)>& body) {
  constexpr size_t kWorthAThread = 8;
  constexpr size_t kMostThreads = 8;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      body(i);
    }
  };
  const size_t threads =
      std::min({count / kWorthAThread, kMostThreads, size_t{std::thread::hardware_concurrency()}});
  std::vector<std::jthread> helpers;
  try {
    for (size_t t = 1; t < threads; ++t) {
      helpers.emplace_back(work);
    }
  } catch (const std::system_error&) {
    // No more threads for us: those that run, and this one, do it.
  }
  work();
}

}  // namespace stepscope::analysis
