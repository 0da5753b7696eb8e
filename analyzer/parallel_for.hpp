// SPDX-License-Identifier: Apache-2.0
//
// parallel_for: the same for each of many things that do not depend on each other, on as many threads as the machine has cores
// for this process.
//
//   std::vector<Answer> answers(files.size());
//   parallel_for(files.size(), [&](size_t i) { answers[i] = read(files[i]); });
//
// Results go to places of their own, so that the answer does not depend on who was faster. The calling thread takes part; few
// things, one core or a system that gives no threads: it does all of them. Things are begun in their order. An exception of
// `body` keeps things that nobody has begun from being begun, and is thrown again in the calling thread once all threads have
// ended: the first that came, where there are several.
#pragma once

#include <cstddef>
#include <functional>

namespace stepscope::analysis {

// `grain`: how many things are worth a thread. 8 is for a few milliseconds each or less; 1 where each takes long.
void parallel_for(size_t count, const std::function<void(size_t)>& body, size_t grain = 8);

}  // namespace stepscope::analysis
