// SPDX-License-Identifier: Apache-2.0
#include "analyzer/parallel_for.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace stepscope::analysis {

void parallel_for(size_t count, const std::function<void(size_t)>& body, size_t grain) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) {
        body(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard<std::mutex> lock(mutex);
      thrown = thrown ? thrown : std::current_exception();
    }
  };
  const size_t threads =
      std::min(count / std::max<size_t>(1, grain), size_t{std::thread::hardware_concurrency()});
  {
    std::vector<std::jthread> helpers;
    try {
      helpers.reserve(threads);
      for (size_t t = 1; t < threads; ++t) {
        helpers.emplace_back(work);
      }
    } catch (const std::system_error&) {
      // No more threads for us: those that run, and this one, do it.
    }
    work();
  }
  if (thrown) {
    std::rethrow_exception(thrown);
  }
}

}  // namespace stepscope::analysis
