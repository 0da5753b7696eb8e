// SPDX-License-Identifier: Apache-2.0
#include "analyzer/motif_tiling.hpp"

#include <algorithm>

namespace stepscope::analysis {
namespace {

constexpr size_t kLookahead = 32;  // items inserted, missing or replaced at one place
constexpr size_t kConfirm = 4;     // items that must agree behind it
constexpr size_t kShortestSeed = 32;

size_t equal_items(MotifSpan a, MotifSpan b) {
  const size_t length = std::min(a.size(), b.size());
  size_t equal = 0;
  for (size_t i = 0; i < length; ++i) {
    equal += a[i].symbol == b[i].symbol ? 1U : 0U;
  }
  return equal;
}

bool agree(MotifSpan piece, size_t i, MotifSpan motif, size_t j) {
  const size_t length = std::min({kConfirm, piece.size() - i, motif.size() - j});
  return equal_items(piece.subspan(i, length), motif.subspan(j, length)) == length;
}

// Items of `piece` that equal `motif` in order, when at every disagreement the nearest agreement is right.
size_t aligned_items(MotifSpan piece, MotifSpan motif) {
  size_t searches = 16 + motif.size() / 100;  // bounds the work on a piece that is something else
  size_t matched = 0;
  size_t i = 0;
  size_t j = 0;
  while (i < piece.size() && j < motif.size()) {
    if (piece[i].symbol == motif[j].symbol) {
      ++matched;
      ++i;
      ++j;
      continue;
    }
    size_t skip_piece = 1;
    size_t skip_motif = 1;
    if (!agree(piece, i + 1, motif, j + 1)) {
      if (searches-- == 0) {
        break;
      }
      for (size_t skip = 1; skip <= kLookahead; ++skip) {
        const bool more = i + skip < piece.size();
        const bool fewer = j + skip < motif.size();
        if (more && agree(piece, i + skip, motif, j)) {
          skip_piece = skip;
          skip_motif = 0;
          break;
        }
        if (fewer && agree(piece, i, motif, j + skip)) {
          skip_piece = 0;
          skip_motif = skip;
          break;
        }
        if (more && fewer && agree(piece, i + skip, motif, j + skip)) {
          skip_piece = skip;
          skip_motif = skip;
          break;
        }
      }
    }
    i += skip_piece;
    j += skip_motif;
  }
  return matched;
}

// Where periods seem to begin: where the beginning of the motif occurs (as much of it as occurs once in the motif), and, for
// periods whose beginning is not as usual, where pieces further inside say that one began.
class Seeds {
 public:
  Seeds(MotifSpan items, MotifSpan motif) : slack_(motif.size() / 2) {
    constexpr size_t kPieces = 8;
    std::vector<MotifItem> twice(motif.begin(), motif.end());
    twice.insert(twice.end(), motif.begin(), motif.end());
    for (size_t piece = 0; piece < kPieces; ++piece) {
      const size_t phase = motif.size() * piece / kPieces;
      size_t length = std::min(kShortestSeed, motif.size());
      while (length < motif.size() && occurrences(MotifSpan(twice).subspan(0, motif.size() + length - 1),
                                                  MotifSpan(twice).subspan(phase, length))
                                              .size() > 1) {
        length = std::min(2 * length, motif.size());
      }
      for (const size_t at : occurrences(items, MotifSpan(twice).subspan(phase, length))) {
        if (at >= phase) {
          (piece == 0 ? begins_ : inner_).push_back(at - phase);
        }
      }
    }
    std::sort(inner_.begin(), inner_.end());
  }

  // The first at or behind `from`; `none` when there is no more.
  [[nodiscard]] size_t next(size_t from, size_t none) const {
    const auto first = [&](const std::vector<size_t>& at) {
      const auto found = std::lower_bound(at.begin(), at.end(), from);
      return found == at.end() ? none : *found;
    };
    const size_t begin = first(begins_);
    const size_t inner = first(inner_);
    return begin <= inner + slack_ ? begin : inner;
  }

 private:
  // Rolling hash, then a comparison (Rabin and Karp).
  static std::vector<size_t> occurrences(MotifSpan items, MotifSpan wanted) {
    constexpr uint64_t kBase = 0x9E3779B97F4A7C15ULL;
    std::vector<size_t> out;
    const size_t length = wanted.size();
    if (items.size() < length) {
      return out;
    }
    uint64_t target = 0;
    uint64_t hash = 0;
    uint64_t power = 1;  // kBase to the length
    for (size_t i = 0; i < length; ++i) {
      target = target * kBase + wanted[i].symbol + 1;
      hash = hash * kBase + items[i].symbol + 1;
      power *= kBase;
    }
    for (size_t i = 0;; ++i) {
      if (hash == target && equal_items(items.subspan(i, length), wanted) == length) {
        out.push_back(i);
      }
      if (i + length >= items.size()) {
        return out;
      }
      hash = hash * kBase + items[i + length].symbol + 1 - power * (items[i].symbol + 1);
    }
  }

  std::vector<size_t> begins_;  // ascending, as inner_
  std::vector<size_t> inner_;
  size_t slack_;
};

class Tiler {
 public:
  Tiler(MotifSpan items, MotifSpan motif, double min_ratio)
      : items_(items), motif_(motif), min_ratio_(min_ratio), seeds_(items, motif) {}

  Tiling run() {
    size_t at = seeds_.next(0, items_.size());
    // Periods whose kernels differ a little from time to time have no seed; they lie straight before one that has.
    while (at < items_.size() && at >= motif_.size() && enough(straight(at - motif_.size()), motif_.size())) {
      at -= motif_.size();
    }
    head(at);
    while (at < items_.size()) {
      at = one(at);
    }
    while (!out_.parts.empty() && !out_.parts.back().step) {
      out_.parts.pop_back();
    }
    tail(out_.parts.empty() ? items_.size() : out_.parts.back().end);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool enough(size_t matched, size_t of) const {
    return static_cast<double>(matched) >= min_ratio_ * static_cast<double>(of);
  }

  // Items of the stretch of a motif's length at `at` that equal it.
  [[nodiscard]] size_t straight(size_t at) const {
    const size_t period = motif_.size();
    return at + period > items_.size() ? 0 : equal_items(items_.subspan(at, period), motif_);
  }

  // Takes what begins at `at`; returns where the next begins.
  size_t one(size_t at) {
    const size_t period = motif_.size();
    const size_t matched = straight(at);
    const size_t next = seeds_.next(at + 1, items_.size());
    const size_t seed = seeds_.next(at + (period + 1) / 2, items_.size());
    // When another period follows straight behind, nothing was inserted or is missing, however little of them is alike.
    const bool follows =
        enough(matched, period) && (matched == period || enough(straight(at + period), period));
    if (!follows && seed < items_.size() && seed != at + period && 2 * (seed - at) <= 3 * period) {
      const size_t length = std::max(seed - at, period);
      const size_t bent = aligned_items(items_.subspan(at, seed - at), motif_);
      // Unless a period that begins a little later is the better one: then something stands before it.
      const bool later = next < seed && straight(next) * length > bent * period;
      if (!later && enough(bent, length) && bent > matched) {
        return take(at, seed, bent);
      }
    }
    if (enough(matched, period)) {
      return take(at, at + period, matched);
    }
    set_apart(at, next);
    return next;
  }

  size_t take(size_t begin, size_t end, size_t matched) {
    out_.parts.push_back({begin, end, true, 0});
    ++out_.tiles;
    out_.matched += matched;
    out_.covered += end - begin;
    return end;
  }

  void set_apart(size_t begin, size_t end) {
    if (out_.parts.empty()) {
      return;  // before the first period: in no part
    }
    MotifPart& last = out_.parts.back();
    if (!last.step || (end < items_.size() && 5 * (end - begin) <= motif_.size())) {
      last.end = end;
    } else {
      out_.parts.push_back({begin, end, false, 0});
    }
  }

  // What stands before the first seed may be the end of a period, what is left at last the beginning of one.
  void head(size_t end) {
    const size_t length = std::min(end, motif_.size());
    count_partial(items_.subspan(end - length, length), motif_.subspan(motif_.size() - length));
  }
  void tail(size_t begin) {
    const size_t length = std::min(items_.size() - begin, motif_.size());
    count_partial(items_.subspan(begin, length), motif_.subspan(0, length));
  }
  void count_partial(MotifSpan piece, MotifSpan of_motif) {
    const size_t matched = equal_items(piece, of_motif);
    if (enough(matched, piece.size())) {
      out_.matched += matched;
      out_.covered += piece.size();
    }
  }

  MotifSpan items_;
  MotifSpan motif_;
  double min_ratio_;
  Seeds seeds_;
  Tiling out_;
};

}  // namespace

MotifPlace best_place(MotifSpan items, size_t lag) {
  MotifPlace best;
  if (items.size() < 2 * lag) {
    return best;
  }
  const auto same = [&](size_t i) {
    return items[i].symbol == items[i + lag].symbol ? size_t{1} : size_t{0};
  };
  size_t matched = 0;
  for (size_t i = 0; i + lag < items.size(); ++i) {
    matched += same(i);
    matched -= i >= lag ? same(i - lag) : 0;
    // Of equals the last one of the first half: past the warm-up, and not at the end of the job.
    if (i + 1 >= lag && (matched > best.matched || (matched == best.matched && i <= items.size() / 2))) {
      best = {i + 1 - lag, matched};
    }
  }
  return best;
}

Tiling tile(MotifSpan items, MotifSpan motif, double min_ratio) {
  return Tiler(items, motif, min_ratio).run();
}

}  // namespace stepscope::analysis
