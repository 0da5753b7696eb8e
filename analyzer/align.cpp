// SPDX-License-Identifier: Apache-2.0
#include "analyzer/align.hpp"

#include <algorithm>
#include <unordered_set>

namespace stepscope::analysis {
namespace {

using Index = std::ptrdiff_t;

class Aligner {
 public:
  Aligner(std::span<const uint64_t> a, std::span<const uint64_t> b, size_t max_edits)
      : a_(a), b_(b), most_(static_cast<Index>(max_edits)) {
    // A search of so many edits takes their square, and gets at least so far: both ways, over all, some four times both lengths
    // times the edits.
    constexpr uint64_t kLeastEdits = 64;
    const uint64_t affordable = kMostSteps / 4 / std::max<uint64_t>(1, a.size() + b.size());
    most_ = std::min(most_, static_cast<Index>(std::max(kLeastEdits, affordable)));
  }

  [[nodiscard]] uint64_t steps() const { return steps_; }

  std::vector<std::pair<size_t, size_t>> run() {
    // A stack of pieces instead of recursion: sequences are as long as a step has kernels.
    pieces_.push_back({0, size(a_), 0, size(b_)});
    while (!pieces_.empty()) {
      Piece piece = pieces_.back();
      pieces_.pop_back();
      while (piece.a < piece.a_end && piece.b < piece.b_end && same(piece.a, piece.b)) {
        take(piece.a++, piece.b++);
      }
      while (piece.a < piece.a_end && piece.b < piece.b_end && same(piece.a_end - 1, piece.b_end - 1)) {
        take(--piece.a_end, --piece.b_end);
      }
      if (piece.a < piece.a_end && piece.b < piece.b_end) {
        split(piece);
      }
    }
    std::sort(pairs_.begin(), pairs_.end());
    return std::move(pairs_);
  }

 private:
  struct Piece {
    Index a = 0, a_end = 0, b = 0, b_end = 0;
  };

  static Index size(std::span<const uint64_t> s) { return static_cast<Index>(s.size()); }
  [[nodiscard]] bool same(Index i, Index j) const {
    return a_[static_cast<size_t>(i)] == b_[static_cast<size_t>(j)] && a_[static_cast<size_t>(i)] != 0;
  }
  void take(Index i, Index j) { pairs_.emplace_back(static_cast<size_t>(i), static_cast<size_t>(j)); }

  // Searches from both ends at once until the paths meet; a piece falls into the one before and the one behind that point. When
  // they do not meet in time, that point is the one that got further from its end: what was looked at need not be again.
  void split(const Piece& piece) {
    const Index n = piece.a_end - piece.a;
    const Index m = piece.b_end - piece.b;
    const Index reach = std::min((n + m + 1) / 2, most_);
    const Index width = 2 * reach + 3;
    forward_.assign(static_cast<size_t>(width), 0);
    backward_.assign(static_cast<size_t>(width), 0);
    const auto at = [reach](std::vector<Index>& furthest, Index k) -> Index& {
      return furthest[static_cast<size_t>(k + reach + 1)];
    };
    const Index delta = n - m;
    Index best = -1;
    Index best_x = 0;
    Index best_y = 0;
    const auto got = [&](Index x, Index y, bool from_begin) {
      if (x <= n && y >= 0 && y <= m && x + y > best) {
        best = x + y;
        best_x = from_begin ? x : n - x;
        best_y = from_begin ? y : m - y;
      }
    };
    for (Index d = 0; d <= reach; ++d) {
      for (Index k = -d; k <= d; k += 2) {
        Index x = d == 0 ? 0
                  : k == -d || (k != d && at(forward_, k - 1) < at(forward_, k + 1))
                      ? at(forward_, k + 1)
                      : at(forward_, k - 1) + 1;
        const Index came = x;
        while (x < n && x - k < m && x - k >= 0 && same(piece.a + x, piece.b + x - k)) {
          ++x;
        }
        steps_ += static_cast<uint64_t>(x - came) + 1;
        at(forward_, k) = x;
        const Index opposite = delta - k;
        if (delta % 2 != 0 && opposite >= -(d - 1) && opposite <= d - 1 && x + at(backward_, opposite) >= n) {
          return cut(piece, x, x - k);
        }
        got(x, x - k, true);
      }
      for (Index k = -d; k <= d; k += 2) {
        Index x = d == 0 ? 0
                  : k == -d || (k != d && at(backward_, k - 1) < at(backward_, k + 1))
                      ? at(backward_, k + 1)
                      : at(backward_, k - 1) + 1;
        const Index came = x;
        while (x < n && x - k < m && x - k >= 0 && same(piece.a_end - 1 - x, piece.b_end - 1 - (x - k))) {
          ++x;
        }
        steps_ += static_cast<uint64_t>(x - came) + 1;
        at(backward_, k) = x;
        const Index opposite = delta - k;
        if (delta % 2 == 0 && opposite >= -d && opposite <= d && x + at(forward_, opposite) >= n) {
          return cut(piece, n - x, m - (x - k));
        }
        got(x, x - k, false);
      }
    }
    cut(piece, best_x, best_y);
  }

  void cut(const Piece& piece, Index x, Index y) {
    x = std::clamp<Index>(x, 0, piece.a_end - piece.a);
    y = std::clamp<Index>(y, 0, piece.b_end - piece.b);
    const Piece before{piece.a, piece.a + x, piece.b, piece.b + y};
    const Piece behind{piece.a + x, piece.a_end, piece.b + y, piece.b_end};
    // Neither may be the whole again: then nothing is common any more.
    if (x + y == 0 || x + y == (piece.a_end - piece.a) + (piece.b_end - piece.b)) {
      return;
    }
    pieces_.push_back(before);
    pieces_.push_back(behind);
  }

  std::span<const uint64_t> a_;
  std::span<const uint64_t> b_;
  Index most_;
  uint64_t steps_ = 0;
  std::vector<Piece> pieces_;
  std::vector<std::pair<size_t, size_t>> pairs_;
  std::vector<Index> forward_;
  std::vector<Index> backward_;
};

// The symbols of one side that the other has too, and where they stood.
struct Shared {
  Shared(std::span<const uint64_t> of, std::span<const uint64_t> other) {
    const std::unordered_set<uint64_t> known(other.begin(), other.end());
    for (size_t i = 0; i < of.size(); ++i) {
      if (of[i] != 0 && known.contains(of[i])) {
        symbols.push_back(of[i]);
        places.push_back(i);
      }
    }
  }
  std::vector<uint64_t> symbols;
  std::vector<size_t> places;
};

}  // namespace

std::vector<std::pair<size_t, size_t>> align(std::span<const uint64_t> a, std::span<const uint64_t> b,
                                             size_t max_edits, uint64_t* steps) {
  const Shared of_a(a, b);
  const Shared of_b(b, a);
  Aligner aligner(of_a.symbols, of_b.symbols, max_edits);
  std::vector<std::pair<size_t, size_t>> pairs = aligner.run();
  for (auto& [i, j] : pairs) {
    i = of_a.places[i];
    j = of_b.places[j];
  }
  if (steps != nullptr) {
    *steps = aligner.steps();
  }
  return pairs;
}

}  // namespace stepscope::analysis
