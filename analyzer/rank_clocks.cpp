// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_clocks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>
#include <utility>

namespace stepscope::analysis {
namespace {

// A collective that two ranks left: when, by both clocks.
struct CommonEnd {
  int64_t first_ns = 0;  // already on the first rank's clock
  int64_t own_ns = 0;    // on the clock to be fitted
};

double middle(std::vector<double>* values) {
  const auto at = values->begin() + static_cast<std::ptrdiff_t>(values->size() / 2);
  std::nth_element(values->begin(), at, values->end());
  if (values->size() % 2 == 1) {
    return *at;
  }
  return (*at + *std::max_element(values->begin(), at)) / 2;
}

RankClock fit(std::vector<CommonEnd> ends) {
  constexpr int64_t kShortest =
      100 * 1000 * 1000;  // no drift is told from less: it would be jitter over nothing
  std::sort(ends.begin(), ends.end(),
            [](const CommonEnd& a, const CommonEnd& b) { return a.own_ns < b.own_ns; });
  RankClock clock;
  clock.collectives = ends.size();
  clock.origin_ns = ends.front().own_ns;
  const auto ahead = [](const CommonEnd& one) { return static_cast<double>(one.own_ns - one.first_ns); };
  const auto since = [&clock](const CommonEnd& one) {
    return static_cast<double>(one.own_ns - clock.origin_ns);
  };
  std::vector<double> values;
  const size_t half = ends.size() / 2;
  if (ends.back().own_ns - ends.front().own_ns >= kShortest) {
    for (size_t i = 0; i + half < ends.size(); ++i) {
      const double run = since(ends[i + half]) - since(ends[i]);
      if (run > 0) {
        values.push_back((ahead(ends[i + half]) - ahead(ends[i])) / run);
      }
    }
    clock.drift = values.empty() ? 0 : middle(&values);
  }
  values.clear();
  for (const CommonEnd& one : ends) {
    values.push_back(ahead(one) - clock.drift * since(one));
  }
  clock.offset_ns = middle(&values);
  values.clear();
  for (const CommonEnd& one : ends) {
    values.push_back(std::abs(static_cast<double>(clock.to_first(one.own_ns) - one.first_ns)));
  }
  const auto most = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * 95 / 100);
  std::nth_element(values.begin(), most, values.end());
  clock.residual_ns = std::llround(*most);
  return clock;
}

class ClockTree {
 public:
  ClockTree(const Meetings& meetings, size_t ranks) : meetings_(meetings), ranks_(ranks), clocks_(ranks) {
    clocks_[0].emplace();
    for (const size_t kind : {0U, 1U}) {
      shared_.at(kind).assign(ranks * ranks, 0);
      nearest_.at(kind).resize(ranks);
    }
    // A job has few sets of ranks that meet, and many meetings of each.
    std::map<std::pair<bool, std::vector<uint32_t>>, size_t> groups;
    std::vector<uint32_t> members;
    for (const Meeting& meeting : meetings.all) {
      members.clear();
      for (const Attendance& one : meetings.of(meeting)) {
        members.push_back(one.rank);
      }
      ++groups[{meeting.simultaneous, members}];
    }
    for (const auto& [group, times] : groups) {
      for (const uint32_t a : group.second) {
        for (const uint32_t b : group.second) {
          shared_[group.first ? 1 : 0][a * ranks + b] += times;
        }
      }
    }
    come_nearer_to(0);
  }

  std::optional<std::vector<RankClock>> grow() {
    for (size_t known = 1; known < ranks_; ++known) {
      if (!add_one(true) && !add_one(false)) {
        return std::nullopt;
      }
    }
    std::vector<RankClock> out;
    for (const std::optional<RankClock>& clock : clocks_) {
      out.push_back(*clock);
    }
    return out;
  }

 private:
  // Fits the rank that shares most collectives with one that is known. `simultaneous`: only those that all leave together.
  bool add_one(bool simultaneous) {
    Nearest best;
    uint32_t other = 0;
    for (uint32_t b = 0; b < ranks_; ++b) {
      const Nearest& nearest = nearest_[simultaneous ? 1 : 0][b];
      if (!clocks_[b] && nearest.before(best)) {
        best = nearest;
        other = b;
      }
    }
    if (best.shared < kFewestShared) {
      return false;
    }
    const uint32_t known = best.known;
    std::vector<CommonEnd> ends;
    for (const Meeting& meeting : meetings_.all) {
      const Attendance* a = meeting.simultaneous == simultaneous ? find(meeting, known) : nullptr;
      const Attendance* b = a == nullptr ? nullptr : find(meeting, other);
      if (b != nullptr) {
        ends.push_back({clocks_[known]->to_first(a->end_ns), b->end_ns});
      }
    }
    clocks_[other] = fit(std::move(ends));
    clocks_[other]->residual_ns += clocks_[known]->residual_ns;
    come_nearer_to(other);
    return true;
  }

  // `rank` is known from now on.
  void come_nearer_to(uint32_t rank) {
    for (const size_t kind : {0U, 1U}) {
      for (uint32_t b = 0; b < ranks_; ++b) {
        const Nearest one{shared_.at(kind)[rank * ranks_ + b], rank};
        nearest_.at(kind)[b] = one.before(nearest_.at(kind)[b]) ? one : nearest_.at(kind)[b];
      }
    }
  }

  const Attendance* find(const Meeting& meeting, uint32_t rank) const {
    const std::span<const Attendance> who = meetings_.of(meeting);
    const auto at =
        std::lower_bound(who.begin(), who.end(), rank,
                         [](const Attendance& one, uint32_t wanted) { return one.rank < wanted; });
    return at != who.end() && at->rank == rank ? &*at : nullptr;
  }

  // The known rank with which a rank shares most collectives; of equals the lowest.
  struct Nearest {
    size_t shared = 0;
    uint32_t known = 0;
    [[nodiscard]] bool before(const Nearest& other) const {
      return shared != other.shared ? shared > other.shared : known < other.known;
    }
  };

  const Meetings& meetings_;
  size_t ranks_;
  std::array<std::vector<size_t>, 2> shared_;    // collectives that two ranks share, [rank * ranks + rank]
  std::array<std::vector<Nearest>, 2> nearest_;  // by rank
  std::vector<std::optional<RankClock>> clocks_;
};

}  // namespace

int64_t RankClock::to_first(int64_t ns) const {
  return ns - std::llround(offset_ns + drift * static_cast<double>(ns - origin_ns));
}

int64_t RankClock::from_first(int64_t ns) const {
  return origin_ns + std::llround((static_cast<double>(ns - origin_ns) + offset_ns) / (1 - drift));
}

std::optional<std::vector<RankClock>> fit_rank_clocks(const Meetings& meetings, size_t ranks) {
  return ranks == 0 ? std::nullopt : ClockTree(meetings, ranks).grow();
}

}  // namespace stepscope::analysis
