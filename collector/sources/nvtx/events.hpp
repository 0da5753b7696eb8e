// SPDX-License-Identifier: Apache-2.0
//
// The NVTX functions of a program, translated to our events; injection.cpp puts them into NVTX's tables. Each is noexcept,
// callable from any thread at any time, lock-free and free of system calls after a thread's first event.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/sources/nvtx/nvtx_abi.hpp"

namespace stepscope::collector::nvtx {

// Events. `domain` is a handle of domain_create(), nullptr = the default domain. push returns the nesting level of the new
// range, pop that of the closed one or -1; what NCCL knows of a communicator only once it is up comes with the pop.
void mark(const void* domain, const EventAttributes* event) noexcept;
int push(const void* domain, const EventAttributes* event) noexcept;
int pop(const void* domain, const PayloadData* payloads = nullptr, size_t count = 0) noexcept;
uint64_t start(const void* domain, const EventAttributes* event) noexcept;
void end(uint64_t handle) noexcept;

// The same with a plain text as the only attribute; Text is char or wchar_t.
template <typename Text>
void mark_text(const Text* text) noexcept;
template <typename Text>
int push_text(const Text* text) noexcept;
template <typename Text>
uint64_t start_text(const Text* text) noexcept;

// Events of the payload extension: all they have is structures.
void mark_payload(const void* domain, const PayloadData* payloads, size_t count) noexcept;
int push_payload(const void* domain, const PayloadData* payloads, size_t count) noexcept;
uint64_t start_payload(const void* domain, const PayloadData* payloads, size_t count) noexcept;

// An operating-system thread or a resource gets a name: meta "nvtx.<type>.<id>".
void name_thread(uint32_t tid, const char* name) noexcept;
void name_object(const char* type, uint64_t id, const char* name) noexcept;
void name_resource(const void* domain, const ResourceAttributes* resource) noexcept;

}  // namespace stepscope::collector::nvtx
