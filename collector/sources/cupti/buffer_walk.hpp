// SPDX-License-Identifier: Apache-2.0
//
// Walking a completed buffer with CUPTI's help, to decode its records or only to count them. Any thread; no lock.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::cupti {

// The next record, nullptr at the end: a RecordWalk::next. What keeps CUPTI from reading a buffer to its end is counted, once
// per buffer: see the counters of SourceState.
[[nodiscard]] const void* next_record(void*, uint8_t* buffer, size_t valid, const void* previous) noexcept;

}  // namespace stepscope::collector::cupti
