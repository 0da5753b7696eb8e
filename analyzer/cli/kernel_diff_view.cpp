// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/kernel_diff_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostGroups = 8;
constexpr size_t kMostRows = 20;
constexpr int64_t kShownGroupNs = 5000;  // less shows as 0.00 ms

std::string cell_ms(int64_t ns) {
  return milliseconds(static_cast<double>(ns));
}

std::string change_ms(int64_t ns) {
  return signed_milliseconds(static_cast<double>(ns));
}

// "exact", "family, retuned", "group, fused 3:1", "new"
std::string how(const KernelGroup& group) {
  const std::string tier(match_tier_name(group.tier));
  if (group.tier == MatchTier::kExact || group.tier == MatchTier::kNew || group.tier == MatchTier::kGone) {
    return tier;
  }
  if (group.base.size() <= 1 && group.candidate.size() <= 1) {
    return tier + ", " + group.change;
  }
  return fmt::format("{}, {} {}:{}", tier, group.change, group.base.size(), group.candidate.size());
}

ordered_json side_kernels(const std::vector<GroupKernel>& kernels) {
  ordered_json list = ordered_json::array();
  for (const GroupKernel& kernel : kernels) {
    list.push_back({{"name", kernel.name}, {"normalised", kernel.normalised}, {"per_step", kernel.per_step}});
  }
  return list;
}

}  // namespace

std::string kernels_text(const Diff& diff, const KernelDiff& kernels, bool all, const Terminal& terminal) {
  const bool flagged = std::any_of(diff.terms.begin(), diff.terms.end(), [](const Term& term) {
    return term.flagged && is_kernel_leaf(term.name);
  });
  if (!kernels.known || !(flagged || all)) {
    return "";
  }
  TextTable table({{"kernels, per train step", Align::kLeft, Fit::kShorten},
                   {"change", Align::kRight},
                   {"base", Align::kRight},
                   {"candidate", Align::kRight},
                   {"matched by"},
                   {"confidence", Align::kRight}});
  size_t left_out = 0;
  int64_t left_out_ns = 0;
  for (const KernelGroup& group : kernels.groups) {
    if (!all && (table.size() >= kMostGroups || std::abs(group.delta_ns) < kShownGroupNs)) {
      ++left_out;
      left_out_ns += group.delta_ns;
      continue;
    }
    const std::string whose = group.rank < 0 ? "" : fmt::format("rank {}: ", group.rank);
    table.add_row({whose + group.label, change_ms(group.delta_ns), cell_ms(group.base_ns),
                   cell_ms(group.candidate_ns), how(group), fmt::format("{:.1f}", group.confidence)});
  }
  if (left_out > 0) {
    table.add_row({fmt::format("({} more)", left_out), change_ms(left_out_ns), "", "", "", ""});
  }
  table.add_rule();
  table.add_row({"all kernel terms", change_ms(kernels.delta_ns), "", "", "", ""});
  return "\n" + styled("which kernels", Style::kBold, terminal) + "\n" + table.render(terminal);
}

std::string by_text(const Diff& diff, const ByRows& by, bool all, const Terminal& terminal) {
  TextTable table({{"by " + std::string(diff_by_name(by.by)), Align::kLeft, Fit::kShorten},
                   {"change", Align::kRight},
                   {"of it", Align::kRight},
                   {"base", Align::kRight},
                   {"candidate", Align::kRight},
                   {by.by == DiffBy::kKernel ? "matched by" : ""}});
  size_t left_out = 0;
  int64_t left_out_ns = 0;
  for (const DiffRow& row : by.rows) {
    if (!all && (table.size() >= kMostRows || std::abs(row.delta_ns) < kShownGroupNs)) {
      ++left_out;
      left_out_ns += row.delta_ns;
      continue;
    }
    table.add_row({row.name, change_ms(row.delta_ns),
                   percent(static_cast<double>(row.delta_ns), static_cast<double>(diff.delta_ns)),
                   cell_ms(row.base_ns), cell_ms(row.candidate_ns),
                   row.tier.has_value() ? std::string(match_tier_name(*row.tier)) : std::string()});
  }
  if (left_out > 0) {
    table.add_row({fmt::format("({} more)", left_out), change_ms(left_out_ns), "", "", "", ""});
  }
  table.add_rule();
  table.add_row({"step", change_ms(diff.delta_ns), "", cell_ms(diff.base.mean_step_ns),
                 cell_ms(diff.candidate.mean_step_ns), ""});
  return "\n" + table.render(terminal);
}

ordered_json kernels_json(const KernelDiff& kernels) {
  ordered_json shares = ordered_json::object();
  for (size_t t = 0; t < kMatchTierCount; ++t) {
    shares[std::string(match_tier_name(static_cast<MatchTier>(t)))] =
        std::round(kernels.tier_shares.at(t) * 1e4) / 1e4;
  }
  ordered_json groups = ordered_json::array();
  for (const KernelGroup& group : kernels.groups) {
    groups.push_back({{"label", group.label},
                      {"match_tier", match_tier_name(group.tier)},
                      {"confidence", std::round(group.confidence * 100) / 100},
                      {"change", group.change},
                      {"op", group.op},
                      {"rank", group.rank < 0 ? ordered_json(nullptr) : ordered_json(group.rank)},
                      {"terms", group.leaves},
                      {"delta_ns", group.delta_ns},
                      {"base_ns", group.base_ns},
                      {"candidate_ns", group.candidate_ns},
                      {"base", side_kernels(group.base)},
                      {"candidate", side_kernels(group.candidate)}});
  }
  return {{"steps_looked_at", kernels.steps},
          {"operators", kernels.operators},
          {"delta_ns", kernels.delta_ns},
          {"tier_shares", std::move(shares)},
          {"groups", std::move(groups)}};
}

ordered_json by_json(const ByRows& by) {
  ordered_json rows = ordered_json::array();
  for (const DiffRow& row : by.rows) {
    rows.push_back({{"name", row.name},
                    {"kernels", row.kernels},
                    {"match_tier",
                     row.tier.has_value() ? ordered_json(match_tier_name(*row.tier)) : ordered_json(nullptr)},
                    {"delta_ns", row.delta_ns},
                    {"base_ns", row.base_ns},
                    {"candidate_ns", row.candidate_ns}});
  }
  return {{"key", diff_by_name(by.by)}, {"rows", std::move(rows)}};
}

}  // namespace stepscope::analysis::cli
