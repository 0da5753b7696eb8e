// SPDX-License-Identifier: Apache-2.0
//
// Collectives in a Chrome trace. Kineto puts what a collective is into the arguments of its kernel; a collective whose
// times are not its kernel's, or that has none, is an asynchronous event on its communicator's track besides.
//
// Memory: about 100 bytes per collective that names its kernel. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/export/chrome_rows.hpp"

namespace stepscope::analysis::exporting {

class CollectiveKernels {
 public:
  // Reads the collectives of the process.
  [[nodiscard]] Status load(const ChromeProcess& process);
  // Writes the arguments of the one collective that the kernel ran; nothing when there is none, or several.
  void write_arguments(const ChromeProcess& process, int64_t correlation, int64_t start_ns, int64_t dur_ns);
  // Those whose times no kernel had. After all kernels.
  [[nodiscard]] Status write_rest(const ChromeProcess& process) const;

 private:
  struct Entry {
    int64_t correlation = 0;
    int64_t start_ns = 0;  // as recorded
    int64_t dur_ns = 0;
    int64_t op = 0, dtype = 0;  // names of the recording
    int64_t seq = 0, ranks = 0, peer = -1, count = 0;
    uint32_t lane = 0;
    bool alone = true;   // no other collective has the same kernel
    bool shown = false;  // by a kernel of the same times
  };

  [[nodiscard]] const Entry* find(int64_t correlation) const;

  std::vector<Entry> entries_;  // ascending by correlation
};

}  // namespace stepscope::analysis::exporting
