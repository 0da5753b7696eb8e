// SPDX-License-Identifier: Apache-2.0
//
// The analyzer's cache inside a recording: tables rollup, step, step_ledger.
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "trace/digest.hpp"
#include "trace/recording.hpp"
#include "trace/recording_state.hpp"
#include "trace/schema.hpp"

namespace stepscope::trace {
namespace {

bool write_rollup(const Database& database, const Rollup& rollup) {
  Statement head(database, "INSERT INTO rollup (version, method) VALUES (?, ?)");
  if (!head.bind(1, int64_t{rollup.version}).bind(2, rollup.method).run()) {
    return false;
  }
  Statement step_row(database, "INSERT INTO step (step, begin_ns, end_ns, class) VALUES (?, ?, ?, ?)");
  for (const StepRow& step : rollup.steps) {
    if (!step_row.bind(1, step.index)
             .bind(2, step.begin_ns)
             .bind(3, step.end_ns)
             .bind(4, step.step_class)
             .run()) {
      return false;
    }
  }
  Statement ledger_row(database, "INSERT INTO step_ledger (step, leaf, exclusive_ns) VALUES (?, ?, ?)");
  for (const LedgerRow& row : rollup.ledger) {
    if (!ledger_row.bind(1, row.step).bind(2, rollup.leaves.at(row.leaf)).bind(3, row.exclusive_ns).run()) {
      return false;
    }
  }
  return write_digests(database, rollup_digest_parts());
}

}  // namespace

Result<std::optional<Rollup>> Recording::load_rollup() const {
  const Database& database = state_->database;
  Statement head(database, "SELECT version, method FROM rollup");
  if (!head.next()) {
    return head.ok() ? Result<std::optional<Rollup>>(std::nullopt) : damaged(path(), database.error());
  }
  Rollup rollup;
  rollup.version = static_cast<int32_t>(head.integer(0));
  rollup.method = head.text(1);
  head.reset();
  // A damaged cache is no cache: the analyzer computes it anew and replaces it. One pass reads and checks.
  std::map<std::string, uint32_t, std::less<>> leaf_ids;
  const bool whole = digest_matches(database, "rollup") &&
                     digest_matches(database, "step",
                                    [&](const Statement& row) {
                                      rollup.steps.push_back({row.integer(0), row.integer(1), row.integer(2),
                                                              std::string(row.text(3))});
                                    }) &&
                     digest_matches(database, "step_ledger", [&](const Statement& row) {
                       const std::string_view text = row.text(1);
                       auto leaf = leaf_ids.find(text);
                       if (leaf == leaf_ids.end()) {
                         leaf = leaf_ids.emplace(text, static_cast<uint32_t>(rollup.leaves.size())).first;
                         rollup.leaves.emplace_back(text);
                       }
                       rollup.ledger.push_back({row.integer(0), leaf->second, row.integer(2)});
                     });
  if (!whole) {
    return std::optional<Rollup>();
  }
  return std::optional<Rollup>(std::move(rollup));
}

Status Recording::store_rollup(const Rollup& rollup) const {
  constexpr char kRemedy[] = "make the file and its directory writable to keep the roll-up";
  // SQLite would silently open a file without write permission read-only.
  if (access(path().c_str(), W_OK) != 0) {
    return unwritable(path(), "the file is read-only", kRemedy);
  }
  Result<Database> opened = Database::open(path(), OpenMode::kReadWrite);
  if (!opened.ok()) {
    return unwritable(path(), opened.status().message(), kRemedy);
  }
  const Database& database = opened.value();
  Database& writer = opened.value();
  if (!writer.exec("BEGIN IMMEDIATE") ||
      !writer.exec("DELETE FROM rollup; DELETE FROM step; DELETE FROM step_ledger") ||
      !write_rollup(database, rollup) || !writer.exec("COMMIT")) {
    const std::string cause = database.error();
    (void)writer.exec("ROLLBACK");
    return unwritable(path(), cause, kRemedy);
  }
  return {};
}

}  // namespace stepscope::trace
