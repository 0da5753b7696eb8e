// SPDX-License-Identifier: Apache-2.0
//
// Names that outlive one recording: domains, registered strings, categories. NVTX programs make them before their first
// event and keep the handles over a fork, while string ids belong to one recording; so a name keeps its text, and the
// id of the current recording is looked up once and remembered.
//
// Texts live in an arena that is never freed (bounded; what does not fit becomes one shared name and is counted).
// make() takes a short lock, everything else is lock-free. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

#include "collector/text.hpp"

namespace stepscope::collector::nvtx {

struct Name {
  std::atomic<uint64_t> cached{0};  // generation << 32 | string id
  uint32_t length = 0;
  // the text follows

  [[nodiscard]] TextView text() const noexcept;
  // The string id in the current recording.
  [[nodiscard]] uint32_t id() noexcept;
};

// Never nullptr.
[[nodiscard]] Name* make_name(TextView text) noexcept;
[[nodiscard]] Name* make_name(const wchar_t* text) noexcept;

// String id of a text that is not kept, 0 for nullptr. Within an EventScope.
[[nodiscard]] uint32_t intern(const char* text) noexcept;
[[nodiscard]] uint32_t intern(const wchar_t* text) noexcept;

// Names category `number` of a domain (nullptr = the default domain).
void name_category(const void* domain, uint32_t number, Name* name) noexcept;
// Its string id; a category without a name is called by its number. 0 for category 0, which means none.
[[nodiscard]] uint32_t category_id(const void* domain, uint32_t number) noexcept;

// Counts the names that found no room as loss. Not from a signal handler.
void report_full_names() noexcept;

// Wide characters (UTF-32 on Linux) as UTF-8; what is no character becomes U+FFFD. Returns the length.
size_t to_utf8(const wchar_t* text, char* out, size_t capacity) noexcept;

}  // namespace stepscope::collector::nvtx
