// SPDX-License-Identifier: Apache-2.0
#include "trace/collective_join.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace stepscope::trace {
namespace {

using Calls = std::span<CollectiveCall*>;
using Kernels = std::span<CollectiveKernel>;

// Neighbours with the same key, which `items` is sorted by.
template <typename Item, typename Key>
std::map<uint32_t, std::span<Item>> split(std::span<Item> items, const Key& key) {
  std::map<uint32_t, std::span<Item>> parts;
  for (size_t begin = 0; begin < items.size();) {
    size_t end = begin + 1;
    while (end < items.size() && key(items[end]) == key(items[begin])) {
      ++end;
    }
    parts.emplace(key(items[begin]), items.subspan(begin, end - begin));
    begin = end;
  }
  return parts;
}

bool same_operations(const Calls& calls, const Kernels& kernels) {
  return std::equal(
      calls.begin(), calls.end(), kernels.begin(), kernels.end(),
      [](const CollectiveCall* call, const CollectiveKernel& kernel) { return call->op == kernel.op; });
}

}  // namespace

void join_collectives(std::span<CollectiveCall*> calls, std::span<CollectiveKernel> kernels) {
  std::stable_sort(calls.begin(), calls.end(), [](const CollectiveCall* a, const CollectiveCall* b) {
    return std::tie(a->communicator, a->enqueue_ns) < std::tie(b->communicator, b->enqueue_ns);
  });
  std::stable_sort(kernels.begin(), kernels.end(), [](const CollectiveKernel& a, const CollectiveKernel& b) {
    return std::tie(a.stream, a.start_ns) < std::tie(b.stream, b.start_ns);
  });
  const auto communicators = split(calls, [](const CollectiveCall* call) { return call->communicator; });
  const auto streams = split(kernels, [](const CollectiveKernel& kernel) { return kernel.stream; });
  for (const auto& [stream, ran] : streams) {
    const Calls* found = nullptr;
    size_t alike = 0;  // communicators that could have run here, and streams that could be the communicator's
    for (const auto& [communicator, enqueued] : communicators) {
      if (same_operations(enqueued, ran)) {
        found = &enqueued;
        ++alike;
      }
    }
    for (const auto& [other, ran_there] : streams) {
      alike += found != nullptr && other != stream && same_operations(*found, ran_there) ? 1U : 0U;
    }
    for (size_t i = 0; alike == 1 && i < ran.size(); ++i) {
      (*found)[i]->kernel = ran[i].correlation;
    }
  }
}

}  // namespace stepscope::trace
