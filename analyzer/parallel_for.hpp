// SPDX-License-Identifier: Apache-2.0
//
// parallel_for: the same for each of many things that do not depend on each other, on as many threads as the machine has cores,
// at most eight.
//
//   std::vector<Answer> answers(files.size());
//   parallel_for(files.size(), [&](size_t i) { answers[i] = read(files[i]); });
//
// Results go to places of their own, so that the answer does not depend on who was faster. The calling thread takes part; few
// things, one core or a system that gives no threads: it does all of them. `body` must not throw. Internal to the library.
#pragma once

#include <cstddef>
#include <functional>

namespace stepscope::analysis {

void parallel_for(size_t count, const std::function<void(size_t)>& body);

}  // namespace stepscope::analysis
