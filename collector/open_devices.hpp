// SPDX-License-Identifier: Apache-2.0
//
// What the descriptors of this process say about the devices it uses.
#pragma once

namespace stepscope::collector {

// How many descriptors of /dev/infiniband/uverbs* are open: one for each InfiniBand, RoCE or EFA device that some library opened.
// -1 when /proc cannot be read. A few microseconds per descriptor of the process: cold. Any thread.
[[nodiscard]] int count_open_verbs_devices() noexcept;

}  // namespace stepscope::collector
