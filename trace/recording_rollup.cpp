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
  // By far the largest of the three: its digest is made on the way.
  RowDigest digest;
  Statement ledger_row(database, "INSERT INTO step_ledger (step, leaf, exclusive_ns) VALUES (?, ?, ?)");
  for (const LedgerRow& row : rollup.ledger) {
    const std::string& leaf = rollup.leaves.at(row.leaf);
    digest.add(row.step);
    digest.add(leaf);
    digest.add(row.exclusive_ns);
    if (!ledger_row.bind(1, row.step).bind(2, leaf).bind(3, row.exclusive_ns).run()) {
      return false;
    }
  }
  return write_digest(database, "rollup") && write_digest(database, "step") &&
         write_digest(database, "step_ledger", digest.value());
}

// The leaves of a roll-up as its rows name them. Steps have the same leaves in the same order, but for some: the next leaf
// is mostly the one that followed last time.
class LeafIds {
 public:
  explicit LeafIds(std::vector<std::string>* leaves) : leaves_(*leaves) {}

  uint32_t of(std::string_view text) {
    const uint32_t guess = leaves_.empty() ? 0 : follower_[last_];
    if (guess < leaves_.size() && leaves_[guess] == text) {
      last_ = guess;
      return guess;
    }
    const auto [found, fresh] = ids_.try_emplace(std::string(text), static_cast<uint32_t>(leaves_.size()));
    if (fresh) {
      leaves_.emplace_back(text);
      follower_.push_back(0);
    }
    follower_[last_] = found->second;
    last_ = found->second;
    return last_;
  }

 private:
  std::vector<std::string>& leaves_;
  std::vector<uint32_t> follower_;  // by leaf
  std::map<std::string, uint32_t> ids_;
  uint32_t last_ = 0;
};

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
  LeafIds leaf_ids(&rollup.leaves);
  const bool whole = digest_matches(database, "rollup") &&
                     digest_matches(database, "step",
                                    [&](const Statement& row) {
                                      rollup.steps.push_back({row.integer(0), row.integer(1), row.integer(2),
                                                              std::string(row.text(3))});
                                    }) &&
                     digest_matches(database, "step_ledger", [&](const Statement& row) {
                       rollup.ledger.push_back({row.integer(0), leaf_ids.of(row.text(1)), row.integer(2)});
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
