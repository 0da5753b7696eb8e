// SPDX-License-Identifier: Apache-2.0
#include "viewer/movers_table.hpp"

#include <algorithm>
#include <cstdlib>

#include "analyzer/diff_by.hpp"
#include "analyzer/diff_kernels.hpp"

namespace stepscope::viewer {
namespace {

using analysis::AnalyzedRun;
using analysis::Diff;

struct Sides {
  const Diff& diff;
  const DiffTable& table;
  const RunModel* models[2];
};

double share_of(const Diff& diff, int64_t delta_ns) {
  return diff.delta_ns == 0 ? 0 : static_cast<double>(delta_ns) / static_cast<double>(diff.delta_ns);
}

MoverChange change_of(int64_t a_ns, int64_t b_ns) {
  return a_ns == 0 && b_ns != 0   ? MoverChange::kNew
         : b_ns == 0 && a_ns != 0 ? MoverChange::kGone
                                  : MoverChange::kChanged;
}

// What a term without kernels is seen by: the range it is named after, else all events of its kind.
std::vector<std::string> names_of_term(const RunModel& model, const std::string& term, Category category) {
  const size_t slash = term.find('/');
  const std::string range = slash == std::string::npos ? "" : term.substr(slash + 1);
  std::vector<std::string> exact;
  std::vector<std::string> alike;
  for (const NameEntry& name : model.names) {
    if (!range.empty() && name.text == range) {
      exact.push_back(name.text);
    } else if (name.category == category && category != Category::kIdle && category != Category::kHost) {
      alike.push_back(name.text);
    }
  }
  return exact.empty() ? alike : exact;
}

const analysis::Term* find_term(const Diff& diff, const std::string& name) {
  const auto at = std::find_if(diff.terms.begin(), diff.terms.end(),
                               [&](const analysis::Term& term) { return term.name == name; });
  return at == diff.terms.end() ? nullptr : &*at;
}

void add_interval(Mover& mover, const Diff& diff) {
  if (mover.terms.size() != 1 || !diff.intervals_known) {
    return;
  }
  const analysis::Term* term = find_term(diff, mover.terms.front());
  if (term != nullptr && term->delta_ns == mover.delta_ns) {
    mover.interval_known = true;
    mover.low_ns = term->interval.low_ns;
    mover.high_ns = term->interval.high_ns;
  }
}

// A term as it is, with its place.
Mover mover_of_term(const Sides& sides, const std::string& name, int64_t a_ns, int64_t b_ns,
                    int64_t delta_ns) {
  Mover mover;
  mover.label = name;
  mover.category = analysis::category_of_leaf(name);
  mover.a_ns = a_ns;
  mover.b_ns = b_ns;
  mover.delta_ns = delta_ns;
  mover.change = change_of(a_ns, b_ns);
  mover.share = share_of(sides.diff, delta_ns);
  mover.terms = {name};
  add_interval(mover, sides.diff);
  for (const size_t side : {0U, 1U}) {
    mover.names.at(side) = names_of_term(*sides.models[side], name, mover.category);
  }
  for (const TermRow& row : sides.table.terms) {
    if (row.name == name) {
      mover.place = row.place;
      mover.rank = row.rank;
    }
  }
  return mover;
}

Mover mover_of_group(const Diff& diff, const analysis::KernelGroup& group) {
  Mover mover;
  mover.label = group.label;
  mover.category =
      group.leaves.empty() ? Category::kCompute : analysis::category_of_leaf(group.leaves.front());
  mover.how = group.change;
  mover.change = group.change == "new"    ? MoverChange::kNew
                 : group.change == "gone" ? MoverChange::kGone
                                          : MoverChange::kChanged;
  mover.tier = analysis::match_tier_name(group.tier);
  mover.confidence = group.confidence;
  mover.a_ns = group.base_ns;
  mover.b_ns = group.candidate_ns;
  mover.delta_ns = group.delta_ns;
  mover.share = share_of(diff, group.delta_ns);
  mover.op = group.op;
  mover.terms = group.leaves;
  mover.rank = group.rank;
  double counts[2] = {0, 0};
  const std::vector<analysis::GroupKernel>* kernels[2] = {&group.base, &group.candidate};
  for (const size_t side : {0U, 1U}) {
    for (const analysis::GroupKernel& kernel : *kernels[side]) {
      counts[side] += kernel.per_step;
      mover.names.at(side).push_back(kernel.name);
    }
  }
  mover.count_a = counts[0];
  mover.count_b = counts[1];
  add_interval(mover, diff);
  return mover;
}

// Of those that have none yet: where they take longest, in the run in which they take more.
void add_places(MoverTable& table, const Sides& sides) {
  for (const Side side : {Side::kA, Side::kB}) {
    std::vector<Mover*> wanted;
    std::vector<const std::vector<std::string>*> names;
    for (Mover& mover : table.movers) {
      const bool in_a = mover.delta_ns < 0;
      if (!mover.place && in_a == (side == Side::kA) && !mover.names.at(index_of(side)).empty()) {
        wanted.push_back(&mover);
        names.push_back(&mover.names.at(index_of(side)));
      }
    }
    if (wanted.empty()) {
      continue;
    }
    const auto places = find_worst(*sides.models[index_of(side)], side, names);
    for (size_t i = 0; i < wanted.size(); ++i) {
      wanted[i]->place = places[i];
    }
  }
}

MoverTable by_kernel(const Sides& sides, const analysis::KernelDiff& kernels) {
  MoverTable table{"kernel", sides.diff.delta_ns, {}};
  for (const analysis::KernelGroup& group : kernels.groups) {
    table.movers.push_back(mover_of_group(sides.diff, group));
  }
  for (const analysis::Term& term : sides.diff.terms) {
    if (!kernels.known || !analysis::is_kernel_leaf(term.name)) {
      table.movers.push_back(mover_of_term(sides, term.name, term.base_ns, term.candidate_ns, term.delta_ns));
    }
  }
  return table;
}

MoverTable by_operator(const Sides& sides, const std::vector<analysis::DiffRow>& rows) {
  MoverTable table{"operator", sides.diff.delta_ns, {}};
  for (const analysis::DiffRow& row : rows) {
    if (!row.kernels) {
      table.movers.push_back(mover_of_term(sides, row.name, row.base_ns, row.candidate_ns, row.delta_ns));
      continue;
    }
    Mover mover;
    mover.label = row.name;
    mover.category = Category::kCompute;
    mover.a_ns = row.base_ns;
    mover.b_ns = row.candidate_ns;
    mover.delta_ns = row.delta_ns;
    mover.change = change_of(row.base_ns, row.candidate_ns);
    mover.share = share_of(sides.diff, row.delta_ns);
    mover.names = {std::vector<std::string>{row.name}, std::vector<std::string>{row.name}};
    table.movers.push_back(std::move(mover));
  }
  return table;
}

}  // namespace

analysis::Result<std::vector<MoverTable>> movers_of_diff(const Diff& diff, const AnalyzedRun& a,
                                                         const AnalyzedRun& b, const RunModel& model_a,
                                                         const RunModel& model_b, const DiffTable& table) {
  auto kernels = analysis::diff_kernels({&a, 1}, {&b, 1}, diff);
  if (!kernels.ok()) {
    return kernels.status();
  }
  const Sides sides{diff, table, {&model_a, &model_b}};
  std::vector<MoverTable> tables;
  tables.push_back(by_kernel(sides, kernels.value()));
  if (kernels.value().known && kernels.value().operators) {
    auto rows = analysis::diff_by({&a, 1}, {&b, 1}, diff, kernels.value(), analysis::DiffBy::kOperator);
    if (!rows.ok()) {
      return rows.status();
    }
    tables.push_back(by_operator(sides, rows.value()));
  }
  for (MoverTable& made : tables) {
    add_places(made, sides);
  }
  return tables;
}

}  // namespace stepscope::viewer
