// SPDX-License-Identifier: Apache-2.0
//
// The machine and the file systems, once per recording: hw.*, host.*, fs.* of table `meta`. Reads /proc and statfs; runs
// on the drain thread, since statfs can hang on a dead network mount and no application thread may wait for that.
#pragma once

#include "collector/sources/host/cgroup.hpp"
#include "collector/text.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector {

void write_fingerprint(trace::Spool& spool, Cgroup& cgroup) noexcept;

// "ext4", "nfs", ... of a statfs magic number; its hexadecimal form when it is not in the table.
void file_system_name(long magic, TextBuffer<32>& out) noexcept;

}  // namespace stepscope::collector
