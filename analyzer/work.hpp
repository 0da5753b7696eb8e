// SPDX-License-Identifier: Apache-2.0
//
// Work: how much of it a train step is, in samples and tokens, where that is known and nowhere guessed.
//
//   WorkCounter counter;
//   counter.add_batches(steps, table);              // of each training process
//   counter.add_said(run, steps);
//   Work work = counter.finish(true);
//
// Two sources. What the program said (kind `step_work`, stepscope_step_work()) counts where nine of ten train steps have it. Else what
// its data loader delivered: a batch's samples are what was collated, its tokens the shape of its `input_ids`, padding included
// (columns `items` and `tokens` of `batch_fetch`), where the making of half of the batches and more was recorded; of tokens, which a thread that
// trains asks one in five of its own batches for, where a seventh and more say them. Amounts are those of one
// rank: means over the train steps of all ranks. Deterministic. Internal to the library but for Work.
#pragma once

#include <cstdint>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

struct BatchTable;
struct Ledger;

struct Work {
  double samples_per_step = -1;  // -1: not known
  double tokens_per_step = -1;   //
  bool said = false;             // by the program itself, else seen in its data loader
};

class WorkCounter {
 public:
  // The batches that the train steps of a process consumed.
  void add_batches(const ProcessSteps& steps, const BatchTable& table);
  // What the program said.
  [[nodiscard]] Status add_said(const Run& run, const ProcessSteps& steps);
  // What another one counted, of other processes.
  void merge(const WorkCounter& other);

  // `items_are_samples`: the loader collates samples one by one; one whose dataset yields whole batches has batches for items.
  [[nodiscard]] Work finish(bool items_are_samples) const;

 private:
  struct Amount {
    double sum = 0;
    uint64_t known = 0;  // batches or steps that it is of

    void add(int64_t value);
    void merge(const Amount& other);
  };

  uint64_t steps_ = 0;    // of class train
  uint64_t batches_ = 0;  // consumed in them
  Amount items_, tokens_;
  Amount said_samples_, said_tokens_;
};

// Of the training processes of a ledger, read from their batches and from what they said: a part of gather_evidence that reads little. On
// several threads.
[[nodiscard]] Result<Work> gather_work(const Run& run, const Ledger& ledger);

}  // namespace stepscope::analysis
