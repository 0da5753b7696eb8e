// SPDX-License-Identifier: Apache-2.0
//
// event_links: lets a RunModel ask the recording what an event hangs together with and what a gap was waited for.
#pragma once

#include <memory>
#include <optional>

#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

// Sets RunModel::flows, and with a ledger RunModel::leaves. The run lives as long as the model.
void add_event_links(RunModel& model, const std::shared_ptr<const analysis::Run>& run,
                     const std::optional<analysis::Ledger>& ledger);

}  // namespace stepscope::viewer
