// SPDX-License-Identifier: Apache-2.0
//
// What a recording of a simulated job would say: one *.stepscope per process, as the collector writes it at level `api`,
// stamped by the clock of its host.
#pragma once

#include <cstdint>
#include <string>

#include "tests/scenarios/generator/simulation.hpp"

namespace stepscope::scenarios {

// Writes the recordings of all ranks and their loader workers into `directory` (made if needed). `seed` sets the clocks of the
// hosts. Throws std::runtime_error with what the writer says.
void write_recordings(const std::string& directory, const Job& job, const History& history, uint64_t seed);

}  // namespace stepscope::scenarios
