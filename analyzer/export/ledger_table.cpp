// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/export/table.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis::exporting {
namespace {

constexpr size_t kLedgerColumns = 10;
constexpr size_t kBatchRows = 65536;

class LedgerRows : public Table {
 public:
  LedgerRows(const ExportJob& job, Ledger ledger) : Table(job), ledger_(std::move(ledger)) {
    columns_ = {{"process", CellType::kText},    {"process_rank", CellType::kInt}, {"pid", CellType::kUint},
                {"step", CellType::kInt},        {"number", CellType::kInt},       {"class", CellType::kText},
                {"begin_ns", CellType::kInt},    {"end_ns", CellType::kInt},       {"leaf", CellType::kText},
                {"exclusive_ns", CellType::kInt}};
    for (const std::string& leaf : ledger_.leaves) {
      leaf_texts_.push_back(add_text(leaf));
    }
    for (size_t i = 0; i < kStepClassCount; ++i) {
      class_texts_[i] = add_text(step_class_name(static_cast<StepClass>(i)));
    }
  }

  Status scan(const BatchVisitor& visit) override {
    for (const ProcessLedger& process : ledger_.processes) {
      const uint32_t index = process.steps.process;
      if (!std::binary_search(job_.processes.begin(), job_.processes.end(), index)) {
        continue;
      }
      process_text_ = add_text(job_.run.processes()[index].base);
      for (size_t step = 0; step < process.steps.steps.size(); ++step) {
        add_step(process, step);
        if (cells_[0].size() >= kBatchRows - std::min(kBatchRows, ledger_.leaves.size())) {
          if (Status status = deliver(visit); !status.ok()) {
            return status;
          }
        }
      }
    }
    return deliver(visit);
  }

 private:
  void add_step(const ProcessLedger& process, size_t index) {
    const Process& owner = job_.run.processes()[process.steps.process];
    const Step& step = process.steps.steps[index];
    const std::span<const int64_t> leaves = ledger_.row(process, index);
    for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      if (leaves[leaf] == 0) {
        continue;
      }
      const std::array<int64_t, kLedgerColumns> row = {
          process_text_, owner.rank,  owner.pid,
          step.index,    step.number, class_texts_[static_cast<size_t>(step.step_class)],
          step.begin_ns, step.end_ns, leaf_texts_[leaf],
          leaves[leaf]};
      for (size_t c = 0; c < row.size(); ++c) {
        cells_[c].push_back(row[c]);
      }
    }
  }

  Status deliver(const BatchVisitor& visit) {
    const size_t rows = cells_[0].size();
    std::array<std::span<const int64_t>, kLedgerColumns> spans;
    std::copy(cells_.begin(), cells_.end(), spans.begin());
    Status status = rows == 0 ? Status() : visit({rows, spans});
    for (std::vector<int64_t>& cells : cells_) {
      cells.clear();
    }
    return status;
  }

  Ledger ledger_;
  std::vector<int64_t> leaf_texts_;
  std::array<int64_t, kStepClassCount> class_texts_{};
  int64_t process_text_ = 0;
  std::array<std::vector<int64_t>, kLedgerColumns> cells_;
};

}  // namespace

Result<std::unique_ptr<Table>> make_ledger_table(const ExportJob& job) {
  Result<Ledger> ledger = build_ledger(job.run, {});
  if (!ledger.ok()) {
    return ledger.status();
  }
  return std::unique_ptr<Table>(std::make_unique<LedgerRows>(job, std::move(ledger).value()));
}

}  // namespace stepscope::analysis::exporting
