// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/names.hpp"

#include <sys/mman.h>

#include <new>

#include "collector/process_state.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::nvtx {
namespace {

constexpr size_t kArenaBytes = size_t{16} << 20;  // address space; pages are used as names come
constexpr size_t kMaxText = 4096;
constexpr size_t kCategorySlots = 1024;
constexpr size_t kCategoryProbes = 64;

struct CategorySlot {
  std::atomic<uint64_t> key{0};
  std::atomic<Name*> name{nullptr};
};

// The last resort of a full arena.
struct FullName {
  Name name;
  char text[24];
};

constinit std::atomic<char*> g_arena{nullptr};
constinit std::atomic<size_t> g_used{0};
constinit std::atomic<uint64_t> g_full{0};
constinit CategorySlot g_categories[kCategorySlots];

char* arena() noexcept {
  char* at = g_arena.load(std::memory_order_acquire);
  if (at != nullptr) {
    return at;
  }
  void* fresh =
      mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh == MAP_FAILED) {
    return nullptr;
  }
  if (!g_arena.compare_exchange_strong(at, static_cast<char*>(fresh))) {
    munmap(fresh, kArenaBytes);  // another thread was first
    return at;
  }
  return static_cast<char*>(fresh);
}

Name* full_name() noexcept {
  static constinit FullName full = {{{}, 21}, "(too many NVTX names)"};
  g_full.fetch_add(1, std::memory_order_relaxed);  // maybe in a signal handler: no lock, so not loss()
  return &full.name;
}

uint64_t category_key(const void* domain, uint32_t number) noexcept {
  uint64_t mixed = (reinterpret_cast<uintptr_t>(domain) ^ (uint64_t{number} << 32)) * 0x9E3779B97F4A7C15ULL;
  return (mixed ^ (mixed >> 29)) | 1;  // 0 marks a free slot
}

// The slot of a category, taken when it is new; nullptr when its neighbourhood is full.
CategorySlot* category_slot(const void* domain, uint32_t number) noexcept {
  uint64_t key = category_key(domain, number);
  for (size_t i = 0; i < kCategoryProbes; ++i) {
    CategorySlot& slot = g_categories[(key + i) % kCategorySlots];
    uint64_t seen = slot.key.load(std::memory_order_acquire);
    if (seen == key || (seen == 0 && slot.key.compare_exchange_strong(seen, key)) || seen == key) {
      return &slot;
    }
  }
  return nullptr;
}

}  // namespace

void report_full_names() noexcept {
  uint64_t full = g_full.exchange(0, std::memory_order_relaxed);
  if (full != 0) {
    spool().loss("NVTX name table full", full);
  }
}

TextView Name::text() const noexcept {
  return {reinterpret_cast<const char*>(this + 1), length};
}

uint32_t Name::id() noexcept {
  uint64_t seen = cached.load(std::memory_order_relaxed);
  uint32_t current = generation();
  if (static_cast<uint32_t>(seen >> 32) == current && seen != 0) {
    return static_cast<uint32_t>(seen);
  }
  TextView view = text();
  uint32_t id = spool().intern(view.data, view.size);
  cached.store(uint64_t{current} << 32 | id, std::memory_order_relaxed);
  return id;
}

Name* make_name(TextView text) noexcept {
  char* base = arena();
  size_t length = text.size < kMaxText ? text.size : kMaxText;
  size_t bytes = (sizeof(Name) + length + alignof(Name) - 1) / alignof(Name) * alignof(Name);
  size_t at = base == nullptr ? kArenaBytes : g_used.fetch_add(bytes, std::memory_order_relaxed);
  if (at + bytes > kArenaBytes) {
    return full_name();
  }
  Name* name = new (base + at) Name();
  name->length = static_cast<uint32_t>(length);
  if (length != 0) {
    memcpy(base + at + sizeof(Name), text.data, length);
  }
  return name;
}

Name* make_name(const wchar_t* text) noexcept {
  char utf8[kMaxText];
  return make_name(TextView(utf8, to_utf8(text, utf8, sizeof(utf8))));
}

uint32_t intern(const char* text) noexcept {
  return text == nullptr ? 0 : intern_cached(text, strlen(text));
}

uint32_t intern(const wchar_t* text) noexcept {
  char utf8[kMaxText];
  return spool().intern(utf8, to_utf8(text, utf8, sizeof(utf8)));
}

void name_category(const void* domain, uint32_t number, Name* name) noexcept {
  CategorySlot* slot = category_slot(domain, number);
  if (slot != nullptr) {
    slot->name.store(name, std::memory_order_release);
  }
}

uint32_t category_id(const void* domain, uint32_t number) noexcept {
  if (number == 0) {
    return 0;
  }
  CategorySlot* slot = category_slot(domain, number);
  Name* name = slot == nullptr ? nullptr : slot->name.load(std::memory_order_acquire);
  if (name != nullptr) {
    return name->id();
  }
  TextBuffer<16> text;
  text.add_u64(number);
  if (slot == nullptr) {
    return spool().intern(text.c_str(), text.size());
  }
  name = make_name(text.view());
  slot->name.store(name, std::memory_order_release);
  return name->id();
}

size_t to_utf8(const wchar_t* text, char* out, size_t capacity) noexcept {
  size_t size = 0;
  for (; text != nullptr && *text != L'\0' && size + 4 <= capacity; ++text) {
    auto c = static_cast<uint32_t>(static_cast<int32_t>(*text));
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
      c = 0xFFFD;
    }
    auto tail = [c](unsigned shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
      out[size++] = static_cast<char>(c);
    } else if (c < 0x800) {
      out[size++] = static_cast<char>(0xC0 | (c >> 6));
      out[size++] = tail(0);
    } else if (c < 0x10000) {
      out[size++] = static_cast<char>(0xE0 | (c >> 12));
      out[size++] = tail(6);
      out[size++] = tail(0);
    } else {
      out[size++] = static_cast<char>(0xF0 | (c >> 18));
      out[size++] = tail(12);
      out[size++] = tail(6);
      out[size++] = tail(0);
    }
  }
  return size;
}

}  // namespace stepscope::collector::nvtx
