// SPDX-License-Identifier: Apache-2.0
#include "trace/segment.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::trace {
namespace {

using Columns = std::vector<std::vector<int64_t>>;
using Random = std::mt19937_64;

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

class SegmentCodec : public testing::Test {
 protected:
  std::vector<uint8_t> encode(const Column* hints, const Columns& columns, size_t rows) {
    std::vector<const int64_t*> values;
    for (const auto& column : columns) {
      values.push_back(column.data());
    }
    std::vector<uint8_t> out(segment_bound(columns.size(), rows));
    const size_t bytes =
        encode_segment(hints, columns.size(), values.data(), rows, scratch_.data(), out.data(), out.size());
    EXPECT_GT(bytes, 0U) << "segment_bound must always be enough";
    out.resize(bytes);
    out.shrink_to_fit();  // so that a sanitizer sees the first byte beyond
    return out;
  }

  static bool decode(const std::vector<uint8_t>& data, size_t rows, Columns& columns) {
    std::vector<int64_t*> out;
    for (auto& column : columns) {
      column.assign(rows, 0x5a5a5a5a);
      out.push_back(column.data());
    }
    return decode_segment(data.data(), data.size(), rows, columns.size(), out.data());
  }

  std::vector<uint64_t> scratch_ = std::vector<uint64_t>(segment_scratch_bytes() / 8 + 1, 0xdeadbeef);
};

// One column the way events produce them, and the way nothing ever should.
std::vector<int64_t> random_column(Random& random, size_t rows) {
  std::vector<int64_t> column(rows);
  const int64_t base = static_cast<int64_t>(random());
  const uint64_t spread = random() % 5000 + 1;
  const unsigned shift = static_cast<unsigned>(random() % 64);
  int64_t at = base;
  for (int64_t& value : column) {
    switch (spread % 7) {
      case 0:
        value = base;
        break;
      case 1:
        at = static_cast<int64_t>(static_cast<uint64_t>(at) + random() % spread);
        value = at;
        break;
      case 2:
        value = static_cast<int64_t>(random() % spread);
        break;
      case 3:
        value = static_cast<int64_t>(random() >> shift);
        break;
      case 4:
        value = (random() & 1) != 0 ? kLeast : kGreatest;
        break;
      case 5:
        value = static_cast<int64_t>(random() % 200 * static_cast<uint64_t>(base));
        break;
      default:
        value = static_cast<int64_t>(random());
    }
    if (random() % 997 == 0) {
      value = (random() & 1) != 0 ? kLeast : kGreatest;
    }
  }
  return column;
}

Columns random_columns(Random& random, size_t count, size_t rows) {
  Columns columns;
  for (size_t c = 0; c < count; ++c) {
    columns.push_back(random_column(random, rows));
  }
  return columns;
}

TEST_F(SegmentCodec, AnySequenceOfEveryKindDecodesToItself) {
  Random random(20260701);
  for (int round = 0; round < 250; ++round) {
    for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
      const size_t rows = round % 50 == 0 ? 6000 : random() % 40;
      const Columns columns = random_columns(random, kind->column_count, rows);
      const std::vector<uint8_t> data = encode(kind->columns, columns, rows);
      Columns decoded(kind->column_count);
      ASSERT_TRUE(decode(data, rows, decoded)) << kind->name << ", round " << round;
      ASSERT_EQ(decoded, columns) << kind->name << ", round " << round;
    }
  }
}

TEST_F(SegmentCodec, KindsOfANewerBuildAreCodedWithoutHints) {
  Random random(7);
  const Columns columns = random_columns(random, 40, 300);
  Columns decoded(40);
  ASSERT_TRUE(decode(encode(nullptr, columns, 300), 300, decoded));
  EXPECT_EQ(decoded, columns);
}

TEST_F(SegmentCodec, TheFullestSegmentDecodesToItself) {
  Random random(8);
  const KindInfo& kind = *find_kind(static_cast<uint16_t>(Kind::kKernel));
  const Columns columns = random_columns(random, kind.column_count, kMaxSegmentRows);
  Columns decoded(kind.column_count);
  ASSERT_TRUE(decode(encode(kind.columns, columns, kMaxSegmentRows), kMaxSegmentRows, decoded));
  EXPECT_EQ(decoded, columns);
}

TEST_F(SegmentCodec, MoreRowsThanASegmentMayHaveAreRefused) {
  const size_t rows = kMaxSegmentRows + 1;
  const std::vector<int64_t> column(rows, 1);
  const int64_t* values[] = {column.data()};
  std::vector<uint8_t> out(segment_bound(1, rows));
  EXPECT_EQ(encode_segment(nullptr, 1, values, rows, scratch_.data(), out.data(), out.size()), 0U);
  int64_t* none[] = {nullptr};
  EXPECT_FALSE(decode_segment(out.data(), 0, rows, 1, none));
}

TEST_F(SegmentCodec, EachColumnTakesItsSmallestForm) {
  constexpr size_t kRows = 4000;
  Random random(9);
  Columns columns(5, std::vector<int64_t>(kRows));
  for (size_t i = 0; i < kRows; ++i) {
    columns[0][i] = 123456789012345;                                   // constant
    columns[1][i] = 1'700'000'000'000 + static_cast<int64_t>(i) * 50;  // differences of two bytes
    columns[2][i] = static_cast<int64_t>(random() % 60);               // small values
    columns[3][i] = static_cast<int64_t>(random() % 150) + 100000;     // few large values
    columns[4][i] = static_cast<int64_t>(random());                    // noise
  }
  const Column hints[] = {{"a", ColumnType::kUint, Encoding::kDict},
                          {"b", ColumnType::kTime, Encoding::kDelta},
                          {"c", ColumnType::kDuration, Encoding::kVarint},
                          {"d", ColumnType::kString, Encoding::kDict},
                          {"e", ColumnType::kInt, Encoding::kVarint}};
  const size_t limits[] = {16, 2 * kRows, kRows + 8, kRows + 150 * 3 + 8, 8 * kRows + 8};
  for (size_t c = 0; c < columns.size(); ++c) {
    const size_t bytes = encode(hints + c, {columns[c]}, kRows).size();
    EXPECT_LE(bytes, limits[c]) << "column " << c;
  }
}

TEST_F(SegmentCodec, DictionariesGrowFromOneByteToTwoToNone) {
  const Column hint{"name", ColumnType::kString, Encoding::kDict};
  for (const int64_t distinct : {2, 255, 256, 257, 4095, 4096, 4097, 9000}) {
    Columns columns(1, std::vector<int64_t>(20000));
    for (size_t i = 0; i < columns[0].size(); ++i) {
      columns[0][i] = (static_cast<int64_t>(i * 7919) % distinct) * 1'000'003'000'017;
    }
    Columns decoded(1);
    const std::vector<uint8_t> data = encode(&hint, columns, 20000);
    ASSERT_TRUE(decode(data, 20000, decoded)) << distinct;
    EXPECT_EQ(decoded, columns) << distinct;
  }
}

TEST_F(SegmentCodec, ATooSmallBufferIsRefusedWhereverItEnds) {
  Random random(10);
  const KindInfo& kind = *find_kind(static_cast<uint16_t>(Kind::kBatch));
  const Columns columns = random_columns(random, kind.column_count, 20);
  const size_t needed = encode(kind.columns, columns, 20).size();
  std::vector<const int64_t*> values;
  for (const auto& column : columns) {
    values.push_back(column.data());
  }
  for (size_t capacity = 0; capacity < needed; ++capacity) {
    const auto out = std::make_unique<uint8_t[]>(capacity);
    ASSERT_EQ(
        encode_segment(kind.columns, columns.size(), values.data(), 20, scratch_.data(), out.get(), capacity),
        0U)
        << capacity << " of " << needed;
  }
  const auto out = std::make_unique<uint8_t[]>(needed);
  EXPECT_EQ(
      encode_segment(kind.columns, columns.size(), values.data(), 20, scratch_.data(), out.get(), needed),
      needed);
}

TEST_F(SegmentCodec, ColumnsOfLaterVersionsAreFilledOrSkipped) {
  Random random(11);
  const Columns columns = random_columns(random, 4, 100);
  const std::vector<uint8_t> data = encode(nullptr, columns, 100);
  Columns more(6);
  ASSERT_TRUE(decode(data, 100, more));
  EXPECT_TRUE(std::equal(columns.begin(), columns.end(), more.begin()));
  EXPECT_EQ(more[4], std::vector<int64_t>(100, 0)) << "a column the writer did not know reads as 0";
  EXPECT_EQ(more[5], std::vector<int64_t>(100, 0));
  Columns fewer(2);
  ASSERT_TRUE(decode(data, 100, fewer));
  EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), columns.begin()));
}

TEST_F(SegmentCodec, ColumnsNotAskedForAreNotTouched) {
  Random random(12);
  const Columns columns = random_columns(random, 3, 50);
  const std::vector<uint8_t> data = encode(nullptr, columns, 50);
  std::vector<int64_t> last(50);
  int64_t* out[] = {nullptr, nullptr, last.data()};
  ASSERT_TRUE(decode_segment(data.data(), data.size(), 50, 3, out));
  EXPECT_EQ(last, columns[2]);
}

TEST_F(SegmentCodec, CutOffDataIsRefused) {
  Random random(13);
  const KindInfo& kind = *find_kind(static_cast<uint16_t>(Kind::kRange));
  const Columns columns = random_columns(random, kind.column_count, 60);
  const std::vector<uint8_t> data = encode(kind.columns, columns, 60);
  for (size_t keep = 0; keep < data.size(); ++keep) {
    const std::vector<uint8_t> cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(keep));
    Columns decoded(kind.column_count);
    if (decode(cut, 60, decoded)) {  // only where a whole column ended: the rest reads as 0
      EXPECT_NE(decoded, columns);
    }
  }
}

TEST_F(SegmentCodec, DamagedBytesNeverReachBeyondTheBuffers) {
  Random random(14);
  for (int round = 0; round < 4000; ++round) {
    const KindInfo& kind = kinds_begin()[random() % static_cast<size_t>(kinds_end() - kinds_begin())];
    const size_t rows = random() % 70;
    std::vector<uint8_t> data = encode(kind.columns, random_columns(random, kind.column_count, rows), rows);
    for (size_t flips = random() % 8 + 1; flips > 0 && !data.empty(); --flips) {
      data[random() % data.size()] ^= static_cast<uint8_t>(1U << (random() % 8));
    }
    data.resize(data.size() - random() % (data.size() + 1) / 4);
    data.shrink_to_fit();
    Columns decoded(kind.column_count);
    (void)decode(data, rows, decoded);
    (void)decode(data, rows + random() % 10, decoded);
  }
}

TEST_F(SegmentCodec, RandomBytesNeverReachBeyondTheBuffers) {
  Random random(15);
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> data(random() % 80);
    for (uint8_t& byte : data) {
      byte = static_cast<uint8_t>(random() % 3 == 0 ? random() % 5 : random());
    }
    Columns decoded(random() % 5);
    (void)decode(data, random() % 64, decoded);
  }
}

}  // namespace
}  // namespace stepscope::trace
