// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstring>

#include "tests/fuzz/targets.hpp"
#include "tests/support/kernel_mix.hpp"
#include "trace/packed_segment.hpp"
#include "trace/segment.hpp"

namespace stepscope::fuzz {
namespace {

constexpr size_t kMaxColumns = 20;
constexpr size_t kHeaderBytes = 4;

}  // namespace

void run_segment(std::span<const uint8_t> input) {
  if (input.size() < kHeaderBytes) {
    return;
  }
  const size_t columns = input[0] % (kMaxColumns + 1);
  const size_t rows = 1 + (input[2] + size_t{256} * input[3]) % 5000;
  // Exactly as large as promised, so that a write behind the end is seen.
  std::vector<std::vector<int64_t>> values(columns, std::vector<int64_t>(rows));
  std::array<int64_t*, kMaxColumns> out = {};
  for (size_t c = 0; c < columns; ++c) {
    out[c] = (input[1] >> (c % 8) & 1) != 0 ? nullptr : values[c].data();
  }
  // A copy without the header: a read in front of or behind it is seen as well.
  const std::vector<uint8_t> encoded(input.begin() + kHeaderBytes, input.end());
  (void)trace::decode_segment(encoded.data(), encoded.size(), rows, columns, out.data());
  trace::SegmentUnpacker unpacker;
  (void)unpacker.unpack(encoded, rows, columns, out.data());
}

std::vector<std::string> segment_seeds() {
  std::vector<std::string> seeds;
  for (const size_t rows : {size_t{1}, size_t{7}, size_t{300}, size_t{3000}}) {
    testing::KernelMix mix;
    std::vector<std::vector<int64_t>> columns(testing::KernelMix::kColumns);
    for (size_t i = 0; i < rows; ++i) {
      const testing::KernelMix::Row row = mix.next();
      for (size_t c = 0; c < row.size(); ++c) {
        columns[c].push_back(row[c]);
      }
    }
    std::array<const int64_t*, testing::KernelMix::kColumns> values = {};
    for (size_t c = 0; c < columns.size(); ++c) {
      values[c] = columns[c].data();
    }
    const trace::KindInfo& kind = *trace::find_kind(static_cast<uint16_t>(trace::Kind::kKernel));
    std::vector<uint64_t> scratch(trace::segment_scratch_bytes() / sizeof(uint64_t) + 1);
    std::vector<uint8_t> out(trace::segment_bound(kind.column_count, rows));
    const size_t size = trace::encode_segment(kind.columns, kind.column_count, values.data(), rows,
                                              scratch.data(), out.data(), out.size());
    const std::array<uint8_t, kHeaderBytes> header = {
        kind.column_count, 0, static_cast<uint8_t>((rows - 1) & 0xff), static_cast<uint8_t>((rows - 1) >> 8)};
    std::string seed(header.begin(), header.end());
    seeds.push_back(seed.append(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)));
    trace::SegmentPacker packer;
    const std::span<const uint8_t> packed =
        packer.pack({kind.columns, kind.column_count}, values.data(), rows);
    seeds.push_back(std::string(header.begin(), header.end()).append(packed.begin(), packed.end()));
  }
  return seeds;
}

}  // namespace stepscope::fuzz
