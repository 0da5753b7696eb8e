// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/event_list.hpp"

#include <algorithm>
#include <span>

#include "viewer/model/cancellable_sort.hpp"

namespace stepscope::viewer {
namespace {

constexpr unsigned kRowBits = 8;
constexpr unsigned kSideShift = 31;
static_assert(kMaxRows <= (1U << kRowBits));

// Position of each name of both runs in the order of texts; equal texts are equal.
std::array<std::vector<uint32_t>, 2> name_ranks(const std::array<const RunModel*, 2>& runs) {
  struct Name {
    const std::string* text;
    size_t side;
    uint32_t id;
  };
  std::vector<Name> names;
  std::array<std::vector<uint32_t>, 2> ranks;
  for (size_t s = 0; s < 2; ++s) {
    for (uint32_t id = 0; runs[s] != nullptr && id < runs[s]->names.size(); ++id) {
      names.push_back({&runs[s]->names[id].text, s, id});
    }
    ranks[s].resize(runs[s] != nullptr ? runs[s]->names.size() : 0);
  }
  std::sort(names.begin(), names.end(), [](const Name& x, const Name& y) { return *x.text < *y.text; });
  uint32_t rank = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    rank += i > 0 && *names[i].text != *names[i - 1].text ? 1U : 0U;
    ranks[names[i].side][names[i].id] = rank;
  }
  return ranks;
}

}  // namespace

EventList::EventList(const std::array<const RunModel*, 2>& runs, const std::array<EventFilter, 2>& filters,
                     EventOrder order, bool descending, const std::atomic<bool>& cancelled) {
  struct Keyed {
    int64_t key;
    Item item;
  };
  std::vector<Keyed> keyed;
  const auto names = order == EventOrder::kName ? name_ranks(runs) : std::array<std::vector<uint32_t>, 2>();
  for (size_t s = 0; s < 2; ++s) {
    if (runs[s] == nullptr) {
      continue;
    }
    for_each_event(
        *runs[s], filters[s], cancelled, [&](uint32_t lane, uint32_t row, const EventRow& events, size_t i) {
          if (keyed.size() == kMostEvents) {
            ++left_out_;
            return;
          }
          const int64_t key = order == EventOrder::kStart      ? events.start(i) - runs[s]->begin_ns
                              : order == EventOrder::kDuration ? events.duration(i)
                              : order == EventOrder::kName     ? int64_t{names[s][events.name(i)]}
                                                               : int64_t{lane};
          const uint32_t place = (static_cast<uint32_t>(s) << kSideShift) | (lane << kRowBits) | row;
          keyed.push_back({descending ? -key : key, {place, static_cast<uint32_t>(i)}});
        });
  }
  if (cancelled.load()) {
    return;
  }
  const bool sorted = sort_unless(cancelled, std::span<Keyed>(keyed), [](const Keyed& x, const Keyed& y) {
    return x.key != y.key                 ? x.key < y.key
           : x.item.place != y.item.place ? x.item.place < y.item.place
                                          : x.item.index < y.item.index;
  });
  if (!sorted) {
    return;
  }
  items_.reserve(keyed.size());
  for (const Keyed& one : keyed) {
    items_.push_back(one.item);
  }
}

EventRef EventList::at(size_t i) const {
  const Item& item = items_[i];
  return {static_cast<Side>(item.place >> kSideShift), (item.place & 0x7FFFFFFFU) >> kRowBits,
          item.place & ((1U << kRowBits) - 1), item.index};
}

}  // namespace stepscope::viewer
