// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/payload_schema.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace stepscope::collector::nvtx {
namespace {

SchemaEntry entry(uint64_t type, const char* name, uint64_t offset, uint64_t flags = 0) {
  return {flags, type, name, nullptr, 0, offset, nullptr, nullptr};
}

uint64_t add(const void* domain, const std::vector<SchemaEntry>& entries, uint64_t id = 0) {
  SchemaAttributes schema = {};
  schema.field_mask = kSchemaHasEntries | kSchemaHasEntryCount | (id != 0 ? kSchemaHasId : 0);
  schema.entries = entries.data();
  schema.entry_count = entries.size();
  schema.schema_id = id;
  return register_schema(domain, &schema);
}

DecodedPayload decode(const void* domain, uint64_t id, const void* data, size_t size) {
  PayloadData payload = {id, size, data};
  DecodedPayload decoded;
  EXPECT_TRUE(decode_payload(domain, &payload, 1, decoded));
  return decoded;
}

const int g_domain = 0;
const void* const kDomain = &g_domain;

TEST(PayloadSchema, AMessageBetweenRanksIsUnderstood) {
  uint64_t id = add(kDomain,
                    {entry(kTypeUint64, "NCCL communicator ID", 0),
                     entry(kTypeSize, "Message size [bytes]", 8), entry(kTypeInt32, "Peer rank", 16)},
                    (1U << 24) + 9);
  struct {
    uint64_t communicator = 5;
    uint64_t bytes = 4096;
    int32_t peer = -2;
  } data;
  DecodedPayload decoded = decode(kDomain, id, &data, sizeof(data));
  EXPECT_TRUE(decoded.is_message);
  EXPECT_EQ(decoded.communicator, 5);
  EXPECT_EQ(decoded.bytes, 4096);
  EXPECT_EQ(decoded.peer, -2);
  EXPECT_EQ(decoded.value, 4096);
}

TEST(PayloadSchema, SettingUpACommunicatorIsNoMessage) {
  uint64_t id = add(kDomain,
                    {entry(kTypeUint64, "NCCL communicator ID", 0), entry(kTypeInt32, "No. of ranks", 8),
                     entry(kTypeInt32, "Rank", 12)},
                    (1U << 24) + 1000);
  struct {
    uint64_t communicator = 5;
    int32_t ranks = 8;
    int32_t rank = 3;
  } data;
  EXPECT_FALSE(decode(kDomain, id, &data, sizeof(data)).is_message);
  EXPECT_EQ(decode(kDomain, id, &data, sizeof(data)).communicator, 5);
}

TEST(PayloadSchema, ASplitIsAboutTheCommunicatorItMakesNotAboutItsParent) {
  uint64_t id = add(
      kDomain,
      {entry(kTypeUint64, "NCCL communicator ID", 0), entry(kTypeUint64, "Parent NCCL communicator ID", 8)},
      (1U << 24) + 1013);
  const uint64_t data[] = {5, 4};
  EXPECT_EQ(decode(kDomain, id, data, sizeof(data)).communicator, 5);
}

TEST(PayloadSchema, OffsetsFollowFromAlignmentWhenNotGiven) {
  uint64_t id = add(
      kDomain, {entry(kTypeUint8, "kind", 0), entry(kTypeUint32, "bytes", 0), entry(kTypeUint64, "peer", 0)});
  struct {
    uint8_t kind = 1;
    uint32_t bytes = 77;
    uint64_t peer = 3;
  } data;
  DecodedPayload decoded = decode(kDomain, id, &data, sizeof(data));
  EXPECT_GE(id, kDynamicSchemaStart);
  EXPECT_EQ(decoded.bytes, 77);
  EXPECT_EQ(decoded.peer, 3);
}

TEST(PayloadSchema, NothingIsReadBehindTheStatedSize) {
  uint64_t id = add(kDomain, {entry(kTypeUint64, "other", 0), entry(kTypeUint64, "bytes", 8)});
  uint64_t data[1] = {1};
  EXPECT_EQ(decode(kDomain, id, data, sizeof(data)).bytes, 0);
  EXPECT_EQ(decode(kDomain, 424242, data, 3).value, 1) << "an unknown schema gives what bytes there are";
  EXPECT_EQ(decode(kDomain, 424242, data, SIZE_MAX).value, 0)
      << "unknown schema of unknown size: nothing is safe to read";
}

TEST(PayloadSchema, PointersAndArraysAreNotFollowed) {
  constexpr uint64_t kPointer = 1U << 1;
  uint64_t id = add(kDomain, {entry(kTypeUint64, "bytes", 0, kPointer), entry(kTypeUint64, "peer", 8)});
  uint64_t data[2] = {0x1000, 4};
  EXPECT_EQ(decode(kDomain, id, data, sizeof(data)).bytes, 0);
}

TEST(PayloadSchema, TheSameIdInTwoDomainsIsTwoSchemas) {
  const int other = 0;
  add(kDomain, {entry(kTypeUint64, "x", 0), entry(kTypeUint64, "bytes", 8)}, (1U << 24) + 1);
  add(&other, {entry(kTypeUint64, "bytes", 0), entry(kTypeUint64, "x", 8)}, (1U << 24) + 1);
  uint64_t data[2] = {10, 20};
  EXPECT_EQ(decode(kDomain, (1U << 24) + 1, data, sizeof(data)).bytes, 20);
  EXPECT_EQ(decode(&other, (1U << 24) + 1, data, sizeof(data)).bytes, 10);
}

TEST(PayloadSchema, IncompleteSchemasAndPayloadsAreRefused) {
  EXPECT_EQ(register_schema(kDomain, nullptr), 0U);
  SchemaAttributes empty = {};
  EXPECT_EQ(register_schema(kDomain, &empty), 0U);
  DecodedPayload decoded;
  EXPECT_FALSE(decode_payload(kDomain, nullptr, 1, decoded));
  PayloadData no_data = {1, 8, nullptr};
  EXPECT_FALSE(decode_payload(kDomain, &no_data, 1, decoded));
  EXPECT_FALSE(decode_payload(kDomain, &no_data, 0, decoded));
}

}  // namespace
}  // namespace stepscope::collector::nvtx
