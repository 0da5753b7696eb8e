// SPDX-License-Identifier: Apache-2.0
#include "analyzer/kernel_match.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "analyzer/align.hpp"

namespace stepscope::analysis {
namespace {

constexpr double kOutOfOrder = 0.2;
constexpr double kNoShapes = 0.2;
constexpr size_t kSmallGroup = 8;
constexpr size_t kLargestGroup = 64;

constexpr std::array<std::string_view, kMatchTierCount> kTierNames = {"exact", "family", "operator",
                                                                      "group", "new",    "gone"};

using Indices = std::vector<uint32_t>;

// Kernels in a row that belong together for a pass: one kernel, or what one call of an operator launched.
struct Unit {
  uint64_t key = 0;  // 0: equals nothing
  Indices kernels;
};

uint64_t mix_key(std::initializer_list<uint64_t> parts) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (const uint64_t part : parts) {
    hash = (hash ^ part) * 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 32U;
  }
  return hash == 0 ? 1 : hash;
}

// How a pass sees a kernel.
using KeyOf = uint64_t (*)(const SampledKernel& kernel, bool operators);
using CallOf = uint32_t (*)(const SampledKernel& kernel);

uint64_t operator_key(const SampledKernel& kernel, bool operators) {
  return operators ? mix_key({kernel.place.op, kernel.place.op_shapes, kernel.place.outer_op}) : 0;
}
uint64_t exact_key(const SampledKernel& kernel, bool operators) {
  return mix_key({kernel.name, operator_key(kernel, operators)});
}
uint64_t family_key(const SampledKernel& kernel, bool operators) {
  return mix_key({kernel.normalised, operator_key(kernel, operators)});
}
uint64_t name_key(const SampledKernel& kernel, bool /*operators*/) {
  return exact_key(kernel, false);
}
uint64_t normalised_key(const SampledKernel& kernel, bool /*operators*/) {
  return family_key(kernel, false);
}
uint64_t inner_key(const SampledKernel& kernel, bool operators) {
  return !operators || kernel.place.op == 0 ? 0 : operator_key(kernel, operators);
}
uint64_t outer_key(const SampledKernel& kernel, bool operators) {
  return !operators || kernel.place.outer_op == 0
             ? 0
             : mix_key({kernel.place.outer_op, kernel.place.outer_op_shapes});
}
uint64_t outer_name_key(const SampledKernel& kernel, bool operators) {
  return !operators || kernel.place.outer_op == 0 ? 0 : mix_key({kernel.place.outer_op});
}

// Whether a key that shapes are part of knows any.
bool lacks_shapes(KeyOf key, const SampledKernel& kernel) {
  return (key == &inner_key && kernel.place.op_shapes == 0) ||
         (key == &outer_key && kernel.place.outer_op_shapes == 0);
}

uint32_t own_call(const SampledKernel& /*kernel*/) {
  return 0;
}
uint32_t inner_call(const SampledKernel& kernel) {
  return kernel.place.op_call;
}
uint32_t outer_call(const SampledKernel& kernel) {
  return kernel.place.outer_op_call;
}

struct Pass {
  MatchTier tier;
  double confidence;
  KeyOf key;
  CallOf call;
  bool single;  // units are single kernels
};
// In order; each sees what those before it left between two matches.
constexpr Pass kPasses[] = {
    {MatchTier::kExact, 1.0, &exact_key, &own_call, true},
    {MatchTier::kFamily, 0.9, &family_key, &own_call, true},
    {MatchTier::kOperator, 0.8, &inner_key, &inner_call, false},
    {MatchTier::kOperator, 0.8, &outer_key, &outer_call, false},
    {MatchTier::kOperator, 0.6, &outer_name_key, &outer_call, false},
};
// What is left over, wherever it stands.
constexpr Pass kLeftOver[] = {
    {MatchTier::kExact, 0.95 - kOutOfOrder, &exact_key, &own_call, true},
    {MatchTier::kFamily, 0.9 - kOutOfOrder, &family_key, &own_call, true},
    {MatchTier::kOperator, 0.8 - kOutOfOrder, &inner_key, &inner_call, false},
    {MatchTier::kOperator, 0.8 - kOutOfOrder, &outer_key, &outer_call, false},
    {MatchTier::kExact, 0.9 - kOutOfOrder, &name_key, &own_call, true},
    {MatchTier::kFamily, 0.8 - kOutOfOrder, &normalised_key, &own_call, true},
    {MatchTier::kOperator, 0.6 - kOutOfOrder, &outer_name_key, &outer_call, false},
};

class Matcher {
 public:
  Matcher(const SampledStep& base, const SampledStep& candidate)
      : sides_{&base.kernels, &candidate.kernels},
        operators_(knows_operators(base) && knows_operators(candidate)) {}

  std::vector<KernelMatch> run() {
    Indices all[2];
    for (const size_t side : {0U, 1U}) {
      all[side].resize(sides_[side]->size());
      std::iota(all[side].begin(), all[side].end(), 0U);
    }
    between(all[0], all[1], 0);
    for (const Pass& pass : kLeftOver) {
      out_of_order(pass);
    }
    one_sided();
    return std::move(matches_);
  }

 private:
  static bool knows_operators(const SampledStep& step) {
    return std::any_of(step.kernels.begin(), step.kernels.end(),
                       [](const SampledKernel& kernel) { return kernel.place.op != 0; });
  }

  [[nodiscard]] const SampledKernel& kernel(size_t side, uint32_t index) const {
    return (*sides_[side])[index];
  }

  void add(MatchTier tier, double confidence, Indices base, Indices candidate) {
    matches_.push_back({tier, confidence, std::move(base), std::move(candidate)});
  }

  // The kernels of one call of an operator make one unit; where the call is not known, neighbours of the same operator do.
  [[nodiscard]] std::vector<Unit> units(size_t side, const Indices& kernels, const Pass& pass) const {
    std::vector<Unit> out;
    uint32_t last_call = 0;
    for (const uint32_t index : kernels) {
      const SampledKernel& one = kernel(side, index);
      const uint64_t key = pass.key(one, operators_);
      const uint32_t call = pass.call(one);
      if (!pass.single && key != 0 && !out.empty() && out.back().key == key && call == last_call) {
        out.back().kernels.push_back(index);
      } else {
        out.push_back({key, {index}});
      }
      last_call = call;
    }
    return out;
  }

  static std::vector<uint64_t> keys_of(const std::vector<Unit>& units) {
    std::vector<uint64_t> out;
    for (const Unit& unit : units) {
      out.push_back(unit.key);
    }
    return out;
  }

  static Indices kernels_of(const std::vector<Unit>& units, size_t begin, size_t end) {
    Indices out;
    for (size_t i = begin; i < end; ++i) {
      out.insert(out.end(), units[i].kernels.begin(), units[i].kernels.end());
    }
    return out;
  }

  // Matches what stands between the same neighbours, from this pass on.
  void between(const Indices& base, const Indices& candidate, size_t pass_index) {
    if (base.empty() || candidate.empty()) {
      left_[0].insert(left_[0].end(), base.begin(), base.end());
      left_[1].insert(left_[1].end(), candidate.begin(), candidate.end());
      return;
    }
    if (pass_index == std::size(kPasses)) {
      return group(base, candidate);
    }
    const Pass& pass = kPasses[pass_index];
    const std::vector<Unit> a = units(0, base, pass);
    const std::vector<Unit> b = units(1, candidate, pass);
    size_t a_done = 0;
    size_t b_done = 0;
    for (const auto& [i, j] : align(keys_of(a), keys_of(b))) {
      between(kernels_of(a, a_done, i), kernels_of(b, b_done, j), pass_index + 1);
      add(pass.tier, confidence_of(pass, a[i].kernels, b[j].kernels), a[i].kernels, b[j].kernels);
      a_done = i + 1;
      b_done = j + 1;
    }
    between(kernels_of(a, a_done, a.size()), kernels_of(b, b_done, b.size()), pass_index + 1);
  }

  [[nodiscard]] double confidence_of(const Pass& pass, const Indices& a, const Indices& b) const {
    constexpr double kOtherLaunch = 0.05;
    const bool other_launch =
        pass.tier == MatchTier::kExact && kernel(0, a[0]).signature != kernel(1, b[0]).signature;
    return pass.confidence - (other_launch ? kOtherLaunch : 0) -
           (lacks_shapes(pass.key, kernel(0, a[0])) ? kNoShapes : 0);
  }

  // Communication stands for communication only: it runs beside the rest.
  void group(const Indices& base, const Indices& candidate) {
    for (const bool communication : {false, true}) {
      Indices parts[2];
      for (const size_t side : {0U, 1U}) {
        for (const uint32_t index : side == 0 ? base : candidate) {
          if ((kernel(side, index).family == KernelFamily::kCommunication) == communication) {
            parts[side].push_back(index);
          }
        }
      }
      group_alike(parts[0], parts[1]);
    }
  }

  void group_alike(const Indices& base, const Indices& candidate) {
    const size_t size = std::max(base.size(), candidate.size());
    if (base.empty() || candidate.empty() || size > kLargestGroup || !plausible(base, candidate)) {
      left_[0].insert(left_[0].end(), base.begin(), base.end());
      left_[1].insert(left_[1].end(), candidate.begin(), candidate.end());
      return;
    }
    add(MatchTier::kGroup, size <= kSmallGroup ? 0.6 : 0.4, base, candidate);
  }

  [[nodiscard]] bool plausible(const Indices& base, const Indices& candidate) const {
    std::array<bool, kKernelFamilyCount> of_base{};
    const auto open = [](KernelFamily family) {
      return family == KernelFamily::kTriton || family == KernelFamily::kOther;
    };
    bool any = false;
    for (const uint32_t index : base) {
      of_base.at(static_cast<size_t>(kernel(0, index).family)) = true;
      any = any || open(kernel(0, index).family);
    }
    return std::any_of(candidate.begin(), candidate.end(), [&](uint32_t index) {
      const KernelFamily family = kernel(1, index).family;
      return any || open(family) || of_base.at(static_cast<size_t>(family));
    });
  }

  // Everything of a key that is left over on both sides is one match.
  void out_of_order(const Pass& pass) {
    std::map<uint64_t, std::array<Indices, 2>> by_key;
    for (const size_t side : {0U, 1U}) {
      for (const uint32_t index : left_[side]) {
        if (const uint64_t key = pass.key(kernel(side, index), operators_); key != 0) {
          by_key[key][side].push_back(index);
        }
      }
    }
    std::vector<bool> taken[2] = {std::vector<bool>(sides_[0]->size()), std::vector<bool>(sides_[1]->size())};
    for (auto& [key, kernels] : by_key) {
      if (kernels[0].empty() || kernels[1].empty()) {
        continue;
      }
      for (const size_t side : {0U, 1U}) {
        for (const uint32_t index : kernels[side]) {
          taken[side][index] = true;
        }
      }
      const bool unsure = lacks_shapes(pass.key, kernel(0, kernels[0][0]));
      add(pass.tier, pass.confidence - (unsure ? kNoShapes : 0), std::move(kernels[0]),
          std::move(kernels[1]));
    }
    for (const size_t side : {0U, 1U}) {
      std::erase_if(left_[side], [&](uint32_t index) { return taken[side][index]; });
    }
  }

  // One more or one fewer of a kernel that both sides have is that kernel still; steps also begin at another kernel of the
  // GPU's queue every time. New and gone is what the other side does not know.
  void one_sided() {
    constexpr double kAnotherCount = 0.7;
    std::set<uint32_t> names[2];
    for (const size_t side : {0U, 1U}) {
      for (const SampledKernel& one : *sides_[side]) {
        names[side].insert(one.name);
      }
    }
    for (const size_t side : {0U, 1U}) {
      for (const uint32_t index : left_[side]) {
        const bool known = names[1 - side].contains(kernel(side, index).name);
        const MatchTier tier = known ? MatchTier::kExact : side == 0 ? MatchTier::kGone : MatchTier::kNew;
        matches_.push_back({tier, known ? kAnotherCount : 0, {}, {}});
        (side == 0 ? matches_.back().base : matches_.back().candidate).push_back(index);
      }
    }
  }

  std::array<const std::vector<SampledKernel>*, 2> sides_;
  bool operators_;  // known on both sides
  std::array<Indices, 2> left_;
  std::vector<KernelMatch> matches_;
};

}  // namespace

std::string_view match_tier_name(MatchTier tier) {
  return kTierNames.at(static_cast<size_t>(tier));
}

std::vector<KernelMatch> match_kernels(const SampledStep& base, const SampledStep& candidate) {
  return Matcher(base, candidate).run();
}

}  // namespace stepscope::analysis
