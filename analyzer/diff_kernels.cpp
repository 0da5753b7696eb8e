// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff_kernels.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "analyzer/kernel_sample.hpp"

namespace stepscope::analysis {
namespace {

// In a label:
constexpr size_t kMostNames = 3;
constexpr size_t kLongestAlone = 56;
constexpr size_t kLongestOfSeveral = 32;
constexpr size_t kLongestOperator = 40;

// "pytorch_flash::flash_fwd_kernel" without its namespaces, and cut.
std::string shortened(const std::string& normalised, size_t longest) {
  const size_t colons = normalised.rfind("::");
  std::string out = colons == std::string::npos ? normalised : normalised.substr(colons + 2);
  if (out.size() > longest) {
    out.resize(longest - 3);
    out += "...";
  }
  return out;
}

// What matches have to share to be one group: the same kernels on both sides, by the same way of matching.
struct GroupKey {
  MatchTier tier = MatchTier::kExact;
  uint32_t op = 0;  // where that is what they were matched by
  std::vector<uint32_t> base;
  std::vector<uint32_t> candidate;
  auto operator<=>(const GroupKey&) const = default;
};

struct GroupSum {
  std::map<uint32_t, size_t> counts[2];  // by name, base and candidate
  std::map<uint32_t, uint32_t> normalised;
  std::map<uint32_t, int64_t> ops;  // time by operator
  double confidence = 0;            // times time
  double weight = 0;
  double first_confidence = 0;
};

class Groups {
 public:
  explicit Groups(const TextPool& pool) : pool_(pool) {}

  void add_pair(const SampledStep& base, const SampledStep& candidate) {
    for (const KernelMatch& match : match_kernels(base, candidate)) {
      add(match, base, candidate);
    }
    ++pairs_;
  }

  [[nodiscard]] const PartWeights& weights(size_t side) const { return weights_[side]; }

  std::vector<KernelGroup> finish(const Diff& diff, const std::vector<PartChange>& parts) const {
    std::map<std::string_view, const Term*> terms;
    for (const Term& term : diff.terms) {
      terms[term.name] = &term;
    }
    std::vector<KernelGroup> out;
    for (const GroupSum& sum : sums_) {
      out.push_back(describe(*keys_[out.size()], sum));
    }
    std::vector<int64_t> most(out.size(), 0);  // of a group's change of a term that has a rank
    for (const PartChange& part : parts) {
      if (part.part == kUnknownPart) {
        out.push_back(unknown(part.term));
        most.push_back(0);
      }
      const size_t at = part.part == kUnknownPart ? out.size() - 1 : part.part;
      KernelGroup& group = out[at];
      if (const Term& term = *terms.at(part.term);
          makes_the_term(part, term) && std::abs(part.delta_ns) > most[at]) {
        most[at] = std::abs(part.delta_ns);
        group.rank = term.rank;
      }
      group.base_ns += part.base_ns;
      group.candidate_ns += part.candidate_ns;
      group.delta_ns += part.delta_ns;
      group.leaves.push_back(part.term);
    }
    std::erase_if(out, [](const KernelGroup& group) { return group.leaves.empty(); });
    std::stable_sort(out.begin(), out.end(), [](const KernelGroup& a, const KernelGroup& b) {
      const int64_t left = std::abs(a.delta_ns);
      const int64_t right = std::abs(b.delta_ns);
      return left != right ? left > right : a.label < b.label;
    });
    return out;
  }

  // Shares of the time of both sides by tier.
  void tier_shares(KernelDiff* out) const {
    int64_t all = 0;
    for (const int64_t ns : tier_ns_) {
      all += ns;
    }
    for (size_t t = 0; t < kMatchTierCount; ++t) {
      out->tier_shares.at(t) = all == 0 ? 0 : static_cast<double>(tier_ns_.at(t)) / static_cast<double>(all);
    }
  }

  // What most of each term's change was matched by; of one that did not change, most of its time.
  void term_tiers(const std::vector<PartChange>& parts, KernelDiff* out) const {
    using ByTier = std::array<std::pair<int64_t, int64_t>, kMatchTierCount>;  // |change|, time
    std::map<std::string, ByTier> terms;
    for (const PartChange& part : parts) {
      const MatchTier tier = part.part == kUnknownPart ? MatchTier::kFamily : keys_[part.part]->tier;
      auto& [change, time] = terms[part.term].at(static_cast<size_t>(tier));
      change += std::abs(part.delta_ns);
      time += part.base_ns + part.candidate_ns;
    }
    for (const auto& [term, by_tier] : terms) {
      const auto* const most = std::max_element(by_tier.begin(), by_tier.end());
      out->term_tiers.emplace_back(term, static_cast<MatchTier>(most - by_tier.begin()));
    }
  }

 private:
  void add(const KernelMatch& match, const SampledStep& base, const SampledStep& candidate) {
    const std::span<const SampledKernel> kernels[2] = {base.kernels, candidate.kernels};
    const std::vector<uint32_t>* indices[2] = {&match.base, &match.candidate};
    GroupKey key;
    key.tier = match.tier;
    std::set<uint32_t> names[2];
    for (const size_t side : {0U, 1U}) {
      for (const uint32_t index : *indices[side]) {
        const SampledKernel& one = kernels[side][index];
        names[side].insert(one.name);
        key.op = match.tier == MatchTier::kOperator ? one.place.outer_op : 0;
      }
    }
    if (match.tier == MatchTier::kExact) {  // also of one more or one fewer
      names[0].insert(names[1].begin(), names[1].end());
      names[1] = names[0];
    }
    key.base.assign(names[0].begin(), names[0].end());
    key.candidate.assign(names[1].begin(), names[1].end());
    const auto [at, fresh] = ids_.try_emplace(std::move(key), static_cast<uint32_t>(sums_.size()));
    if (fresh) {
      keys_.push_back(&at->first);
      sums_.emplace_back().first_confidence = match.confidence;
    }
    GroupSum& sum = sums_[at->second];
    int64_t time = 0;
    for (const size_t side : {0U, 1U}) {
      for (const uint32_t index : *indices[side]) {
        const SampledKernel& one = kernels[side][index];
        time += one.exclusive_ns;
        ++sum.counts[side][one.name];
        sum.normalised[one.name] = one.normalised;
        sum.ops[one.place.op] += one.exclusive_ns;
        weights_[side][pool_.text(one.leaf)][at->second] += one.exclusive_ns;
        tier_ns_.at(static_cast<size_t>(match.tier)) += one.exclusive_ns;
      }
    }
    sum.confidence += match.confidence * static_cast<double>(time);
    sum.weight += static_cast<double>(time);
  }

  // A term is one rank's doing: is this part of it?
  static bool makes_the_term(const PartChange& part, const Term& term) {
    constexpr int64_t kOneIn = 4;
    return (part.delta_ns < 0) == (term.delta_ns < 0) &&
           kOneIn * std::abs(part.delta_ns) >= std::abs(term.delta_ns);
  }

  [[nodiscard]] std::vector<GroupKernel> side_of(const GroupSum& sum, size_t side) const {
    std::vector<std::pair<size_t, uint32_t>> order;
    for (const auto& [name, count] : sum.counts[side]) {
      order.emplace_back(count, name);
    }
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : pool_.text(a.second) < pool_.text(b.second);
    });
    std::vector<GroupKernel> out;
    for (const auto& [count, name] : order) {
      out.push_back({pool_.text(name), pool_.text(sum.normalised.at(name)),
                     static_cast<double>(count) / static_cast<double>(pairs_)});
    }
    return out;
  }

  static std::string names_of(const std::vector<GroupKernel>& kernels) {
    std::vector<std::string> shown;
    for (const GroupKernel& kernel : kernels) {
      if (std::find(shown.begin(), shown.end(), kernel.normalised) == shown.end()) {
        shown.push_back(kernel.normalised);
      }
    }
    std::string out;
    for (size_t i = 0; i < shown.size() && i < kMostNames; ++i) {
      out +=
          (i == 0 ? "" : " + ") + shortened(shown[i], shown.size() == 1 ? kLongestAlone : kLongestOfSeveral);
    }
    return shown.size() > kMostNames ? out + fmt::format(" + {} more", shown.size() - kMostNames) : out;
  }

  [[nodiscard]] KernelGroup describe(const GroupKey& key, const GroupSum& sum) const {
    KernelGroup out;
    out.tier = key.tier;
    out.confidence = sum.weight > 0 ? sum.confidence / sum.weight : sum.first_confidence;
    out.base = side_of(sum, 0);
    out.candidate = side_of(sum, 1);
    const auto most = std::max_element(sum.ops.begin(), sum.ops.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    out.op = most == sum.ops.end() ? "" : pool_.text(most->first);
    const std::string before = names_of(out.base);
    const std::string now = names_of(out.candidate);
    out.label = before.empty() ? now : now.empty() || before == now ? before : before + " -> " + now;
    if (key.tier == MatchTier::kOperator) {
      const std::string& op = pool_.text(key.op);
      out.label =
          (op.size() > kLongestOperator ? op.substr(0, kLongestOperator - 3) + "..." : op) + ": " + out.label;
    }
    out.change = change_of(key.tier, sum);
    return out;
  }

  static std::string change_of(MatchTier tier, const GroupSum& sum) {
    const auto total = [](const std::map<uint32_t, size_t>& counts) {
      size_t all = 0;
      for (const auto& [name, count] : counts) {
        all += count;
      }
      return all;
    };
    const size_t before = total(sum.counts[0]);
    const size_t now = total(sum.counts[1]);
    switch (tier) {
      case MatchTier::kExact:
        return "same";
      case MatchTier::kFamily:
        return "retuned";
      case MatchTier::kOperator:
      case MatchTier::kGroup:
        return before == now ? "replaced" : before > now ? "fused" : "split";
      case MatchTier::kNew:
        return "new";
      case MatchTier::kGone:
        break;
    }
    return "gone";
  }

  // A leaf that no step that was looked at has.
  static KernelGroup unknown(const std::string& term) {
    constexpr double kUnknownConfidence = 0.2;
    KernelGroup out;
    out.tier = MatchTier::kFamily;
    out.confidence = kUnknownConfidence;
    out.change = "same";
    out.label = term + " (not in the steps looked at)";
    return out;
  }

  const TextPool& pool_;
  size_t pairs_ = 0;
  std::map<GroupKey, uint32_t> ids_;
  std::vector<const GroupKey*> keys_;  // by id
  std::vector<GroupSum> sums_;         // by id
  PartWeights weights_[2];
  std::array<int64_t, kMatchTierCount> tier_ns_{};
};

}  // namespace

const MatchTier* KernelDiff::tier_of(std::string_view term) const {
  const auto found = std::find_if(term_tiers.begin(), term_tiers.end(),
                                  [term](const auto& one) { return one.first == term; });
  return found == term_tiers.end() ? nullptr : &found->second;
}

Result<KernelDiff> diff_kernels(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                                const Diff& diff) {
  KernelDiff out;
  TextPool pool;
  const Result<SampledSides> sampled = sample_sides(base, candidate, diff.by_ranks, &pool);
  if (!sampled.ok()) {
    return sampled.status();
  }
  const auto& [before, now] = sampled.value();
  const std::vector<StepPair> pairs = pair_steps(before, now);
  out.known = !pairs.empty();
  out.operators = before.operators && now.operators;
  out.steps = pairs.size();
  Groups groups(pool);
  for (const auto& [a, b] : pairs) {
    groups.add_pair(*a, *b);
  }
  for (const Term& term : diff.terms) {
    out.delta_ns += is_kernel_leaf(term.name) ? term.delta_ns : 0;
  }
  if (out.known) {
    const std::vector<PartChange> parts =
        break_down(diff, groups.weights(0), groups.weights(1), &is_kernel_leaf);
    out.groups = groups.finish(diff, parts);
    groups.term_tiers(parts, &out);
    groups.tier_shares(&out);
  }
  return out;
}

}  // namespace stepscope::analysis
