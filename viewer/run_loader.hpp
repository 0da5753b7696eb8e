// SPDX-License-Identifier: Apache-2.0
//
// run_loader: an analyzer's Run as the RunModel that the window shows. Decodes lanes on several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

struct LoadControl {
  const std::atomic<bool>* cancelled =
      nullptr;  // set: load_events() ends within a block of events, with kUsage
  // How many events are read, with every block of them. From any thread, not from two at once.
  std::function<void(uint64_t events, uint64_t of)> progress;
};

// Lanes from stored overviews only: no event is decoded, so this is the first picture.
[[nodiscard]] analysis::Result<RunModel> load_preview(const analysis::Run& run);

// All events; memory beside the model's own: lane_decoder.hpp, for each core. `run` must live as long as the model: details are read from it on demand.
[[nodiscard]] analysis::Result<RunModel> load_events(std::shared_ptr<const analysis::Run> run,
                                                     const LoadControl& control);

// Adds steps and ledger of the first process that has steps.
void add_ledger(RunModel& model, const analysis::Ledger& ledger);

}  // namespace stepscope::viewer
