// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/gpu_words.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::importing {
namespace {

using trace::CopyKind;
using trace::MemoryKind;
using trace::SyncType;

TEST(CopyNames, SayDirectionAndMemory) {
  const CopyName pageable = parse_copy_name("Memcpy HtoD (Pageable -> Device)");
  EXPECT_EQ(pageable.kind, CopyKind::kHostToDevice);
  EXPECT_EQ(pageable.source, MemoryKind::kPageable);
  EXPECT_EQ(pageable.target, MemoryKind::kDevice);
  EXPECT_EQ(parse_copy_name("Memcpy DtoH (Device -> Pinned)").target, MemoryKind::kPinned);
  EXPECT_EQ(parse_copy_name("Memcpy PtoP (Device -> Device)").kind, CopyKind::kPeerToPeer);
  EXPECT_EQ(parse_copy_name("CopyDeviceToHost").kind, CopyKind::kDeviceToHost);
  // ROCm does not say what kind of host memory.
  EXPECT_EQ(parse_copy_name("Memcpy HtoD (Host -> Device)").source, MemoryKind::kUnknown);
  EXPECT_EQ(parse_copy_name("something else").kind, CopyKind::kUnknown);
}

TEST(MemsetNames, SayMemory) {
  EXPECT_EQ(parse_memset_name("Memset (Device)"), MemoryKind::kDevice);
  EXPECT_EQ(parse_memset_name("Memset (Unknown)"), MemoryKind::kUnknown);
  EXPECT_EQ(parse_memset_name(")Memset("), MemoryKind::kUnknown);
}

TEST(SyncKinds, AreCupti) {
  EXPECT_EQ(parse_sync_kind("Stream Wait Event"), SyncType::kStreamWait);
  EXPECT_EQ(parse_sync_kind("Context Sync"), SyncType::kContext);
  EXPECT_EQ(parse_sync_kind("Event Sync"), SyncType::kEvent);
  EXPECT_EQ(parse_sync_kind("?"), SyncType::kUnknown);
}

TEST(ElementTypes, HaveASizeAndNcclsName) {
  EXPECT_EQ(element_type("BFloat16").bytes, 2);
  EXPECT_EQ(element_type("BFloat16").name, "bfloat16");
  EXPECT_EQ(element_type("Float8_e4m3fn").bytes, 1);
  EXPECT_EQ(element_type("Quaternion").bytes, 0) << "an unknown type has no size: better than a wrong one";
}

TEST(LaunchText, LeavesOutWhatTheTraceDoesNotHave) {
  LaunchShape shape;
  EXPECT_EQ(launch_text(shape), "");
  shape.grid = {128, 2, 1};
  shape.block = {256, 1, 1};
  EXPECT_EQ(launch_text(shape), "grid 128x2x1 block 256x1x1");
  shape.registers = 32;
  shape.shared_bytes = 4096;
  EXPECT_EQ(launch_text(shape), "grid 128x2x1 block 256x1x1 regs 32 smem 4096");
}

}  // namespace
}  // namespace stepscope::analysis::importing
