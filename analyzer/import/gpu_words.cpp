// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/gpu_words.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace stepscope::analysis::importing {
namespace {

using trace::CopyKind;
using trace::MemoryKind;
using trace::SyncType;

template <typename Value>
struct Word {
  std::string_view text;
  Value value;
};

constexpr Word<MemoryKind> kMemoryKinds[] = {{"Pageable", MemoryKind::kPageable},
                                             {"Pinned", MemoryKind::kPinned},
                                             {"Device", MemoryKind::kDevice},
                                             {"Array", MemoryKind::kArray},
                                             {"Managed", MemoryKind::kManaged},
                                             {"Device Static", MemoryKind::kDeviceStatic},
                                             {"Managed Static", MemoryKind::kManagedStatic}};

constexpr Word<CopyKind> kCopyKinds[] = {{"HtoD", CopyKind::kHostToDevice},
                                         {"DtoH", CopyKind::kDeviceToHost},
                                         {"HtoA", CopyKind::kHostToArray},
                                         {"AtoH", CopyKind::kArrayToHost},
                                         {"AtoA", CopyKind::kArrayToArray},
                                         {"AtoD", CopyKind::kArrayToDevice},
                                         {"DtoA", CopyKind::kDeviceToArray},
                                         {"DtoD", CopyKind::kDeviceToDevice},
                                         {"HtoH", CopyKind::kHostToHost},
                                         {"PtoP", CopyKind::kPeerToPeer},
                                         {"HostToDevice", CopyKind::kHostToDevice},
                                         {"DeviceToHost", CopyKind::kDeviceToHost},
                                         {"DeviceToDevice", CopyKind::kDeviceToDevice},
                                         {"HostToHost", CopyKind::kHostToHost}};

constexpr Word<SyncType> kSyncKinds[] = {{"Event Sync", SyncType::kEvent},
                                         {"Stream Wait Event", SyncType::kStreamWait},
                                         {"Stream Sync", SyncType::kStream},
                                         {"Context Sync", SyncType::kContext},
                                         {"Device Sync", SyncType::kContext}};

struct DtypeWord {
  std::string_view text;
  ElementType type;
};

constexpr DtypeWord kDtypes[] = {{"Float", {4, "float32"}},
                                 {"Half", {2, "float16"}},
                                 {"BFloat16", {2, "bfloat16"}},
                                 {"Double", {8, "float64"}},
                                 {"Long", {8, "int64"}},
                                 {"Int", {4, "int32"}},
                                 {"Short", {2, "int16"}},
                                 {"Char", {1, "int8"}},
                                 {"Byte", {1, "uint8"}},
                                 {"Bool", {1, "uint8"}},
                                 {"UInt16", {2, "uint16"}},
                                 {"UInt32", {4, "uint32"}},
                                 {"UInt64", {8, "uint64"}},
                                 {"ComplexFloat", {8, "complex64"}},
                                 {"ComplexDouble", {16, "complex128"}}};

MemoryKind memory_kind(std::string_view text) {
  const auto* const found = std::find_if(std::begin(kMemoryKinds), std::end(kMemoryKinds),
                                         [text](const auto& word) { return word.text == text; });
  return found == std::end(kMemoryKinds) ? MemoryKind::kUnknown : found->value;
}

// What stands in the last parentheses.
std::string_view in_parentheses(std::string_view name) {
  const size_t open = name.rfind('(');
  const size_t close = name.rfind(')');
  return open == std::string_view::npos || close == std::string_view::npos || close < open
             ? std::string_view()
             : name.substr(open + 1, close - open - 1);
}

}  // namespace

CopyName parse_copy_name(std::string_view name) {
  CopyName out;
  const auto* const kind =
      std::find_if(std::begin(kCopyKinds), std::end(kCopyKinds),
                   [name](const auto& word) { return name.find(word.text) != std::string_view::npos; });
  out.kind = kind == std::end(kCopyKinds) ? CopyKind::kUnknown : kind->value;
  const std::string_view places = in_parentheses(name);
  constexpr std::string_view kArrow = " -> ";
  if (const size_t arrow = places.find(kArrow); arrow != std::string_view::npos) {
    out.source = memory_kind(places.substr(0, arrow));
    out.target = memory_kind(places.substr(arrow + kArrow.size()));
  }
  return out;
}

MemoryKind parse_memset_name(std::string_view name) {
  return memory_kind(in_parentheses(name));
}

SyncType parse_sync_kind(std::string_view kind) {
  const auto* const found = std::find_if(std::begin(kSyncKinds), std::end(kSyncKinds),
                                         [kind](const auto& word) { return word.text == kind; });
  return found == std::end(kSyncKinds) ? SyncType::kUnknown : found->value;
}

ElementType element_type(std::string_view dtype) {
  const auto* const found = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                         [dtype](const DtypeWord& word) { return word.text == dtype; });
  if (found != std::end(kDtypes)) {
    return found->type;
  }
  return dtype.starts_with("Float8") ? ElementType{1, "float8"} : ElementType{0, dtype};
}

std::string launch_text(const LaunchShape& shape) {
  std::string out;
  const auto dimensions = [&out](const char* label, const std::array<int64_t, 3>& three) {
    if (three[0] >= 0) {
      out += fmt::format("{}{} {}x{}x{}", out.empty() ? "" : " ", label, three[0], three[1], three[2]);
    }
  };
  dimensions("grid", shape.grid);
  dimensions("block", shape.block);
  if (shape.registers >= 0) {
    out += fmt::format("{}regs {}", out.empty() ? "" : " ", shape.registers);
  }
  if (shape.shared_bytes >= 0) {
    out += fmt::format("{}smem {}", out.empty() ? "" : " ", shape.shared_bytes);
    out += shape.dynamic_shared_bytes >= 0 ? fmt::format("+{}", shape.dynamic_shared_bytes) : "";
  }
  return out;
}

}  // namespace stepscope::analysis::importing
