// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/decoder.hpp"

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/spool_contents.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/collector/sources/cupti/record_bytes.hpp"

namespace stepscope::collector::cupti {
namespace {

using stepscope::testing::Event;
using stepscope::testing::kernel_record;
using stepscope::testing::RecordBytes;
using stepscope::testing::SpoolContents;
using ::testing::ElementsAre;
using trace::Kind;

class CuptiDecoder : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(spool_.open(directory_.path().c_str(), "p"), 0);
    ring_ = spool_.acquire_ring(1, "drain", 1 << 18);
    ASSERT_NE(ring_, nullptr);
    ASSERT_TRUE(decoder_.open(spool_, windows_));
    decoder_.read_classic({});
  }

  static const void* next(void*, uint8_t* buffer, size_t valid, const void* previous) noexcept {
    const auto* at =
        previous == nullptr ? buffer : static_cast<const uint8_t*>(previous) + sizeof(RecordBytes::bytes);
    return at < buffer + valid ? at : nullptr;
  }

  void decode(const std::vector<RecordBytes>& records) {
    std::vector<uint8_t> buffer;
    for (const RecordBytes& record : records) {
      buffer.insert(buffer.end(), record.bytes.begin(), record.bytes.end());
    }
    decoder_.decode(buffer.data(), buffer.size(), {next, nullptr}, ring_, 1);
  }

  SpoolContents contents() {
    spool_.abandon_in_child();
    return stepscope::testing::read_run(directory_.path()).at(0);
  }

  stepscope::testing::TempDir directory_;
  trace::Spool spool_;
  trace::Ring* ring_ = nullptr;
  Windows windows_;
  Decoder decoder_;
};

TEST_F(CuptiDecoder, NamesSignaturesAndLanesGetTheirTexts) {
  decode({kernel_record(), kernel_record({.name = "softmax", .stream = 8}), kernel_record()});
  const SpoolContents got = contents();
  const std::vector<Event> kernels = got.of(Kind::kKernel);
  ASSERT_EQ(kernels.size(), 3U);
  EXPECT_THAT(got.names(Kind::kKernel, 2), ::testing::UnorderedElementsAre("gemm", "softmax", "gemm"));
  EXPECT_EQ(got.text(kernels[0].column(9)), "grid 128x2x1 block 256x1x1 regs 40 smem 1024+4096");
  std::set<std::string> lanes;
  for (const Event& kernel : kernels) {
    EXPECT_EQ(got.lanes.at(kernel.lane).type, "stream");
    lanes.insert(got.lanes.at(kernel.lane).name);
  }
  EXPECT_THAT(lanes, ElementsAre("GPU 1 stream 7", "GPU 1 stream 8"));
}

TEST_F(CuptiDecoder, ASecondContextOfADeviceIsNamed) {
  decode({kernel_record(), kernel_record({.context = 9}), kernel_record({.device = 2, .context = 10})});
  const SpoolContents got = contents();
  std::set<std::string> lanes;
  for (const Event& kernel : got.of(Kind::kKernel)) {
    lanes.insert(got.lanes.at(kernel.lane).name);
  }
  EXPECT_THAT(lanes, ElementsAre("GPU 1 context 9 stream 7", "GPU 1 stream 7", "GPU 2 stream 7"));
}

TEST_F(CuptiDecoder, AnAddressThatHoldsAnotherNameLaterIsReadAgain) {
  char name[32] = "first";
  decode({kernel_record({.name = name})});
  std::strcpy(name, "second");
  decode({kernel_record({.name = name})});
  EXPECT_THAT(contents().names(Kind::kKernel, 2), ElementsAre("first", "second"));
}

TEST_F(CuptiDecoder, AfterCodeWasUnloadedNoAddressIsTrusted) {
  // The same front, so that only the unloading tells.
  char name[64] = "void at::native::a_kernel_with_a_long_name<1>";
  decode({kernel_record({.name = name})});
  name[43] = '2';
  decode({kernel_record({.name = name})});
  decoder_.forget_names();
  decode({kernel_record({.name = name})});
  EXPECT_THAT(contents().names(Kind::kKernel, 2),
              ElementsAre("void at::native::a_kernel_with_a_long_name<1>",
                          "void at::native::a_kernel_with_a_long_name<1>",
                          "void at::native::a_kernel_with_a_long_name<2>"));
}

TEST_F(CuptiDecoder, AKernelWithoutANameIsCalledSo) {
  decode({kernel_record({.name = nullptr})});
  EXPECT_THAT(contents().names(Kind::kKernel, 2), ElementsAre("(unnamed kernel)"));
}

TEST_F(CuptiDecoder, OutsideTheWindowNothingIsKept) {
  windows_.active = true;
  windows_.spans[0] = {1000, 2000};
  windows_.spans[1] = {5000, INT64_MAX};
  windows_.count = 2;
  decode({kernel_record({.start = 999}), kernel_record({.start = 1000}), kernel_record({.start = 1999}),
          kernel_record({.start = 2000}), kernel_record({.start = 6000})});
  EXPECT_EQ(decoder_.counts().outside_window, 2U);
  EXPECT_EQ(contents().of(Kind::kKernel).size(), 3U);
}

// Five nodes, each with a kernel at 1000.
std::vector<RecordBytes> nodes_of_graph(uint32_t graph) {
  std::vector<RecordBytes> nodes;
  for (uint64_t node = 0; node < 5; ++node) {
    nodes.push_back(kernel_record({.correlation = 50, .graph = graph, .node = node}));
  }
  return nodes;
}

RecordBytes graph_launch(uint32_t graph, uint64_t start) {
  RecordBytes launch(51);
  launch.put<uint32_t>(4, 51).put<uint64_t>(8, start).put<uint64_t>(16, start + 900).put<uint32_t>(28, graph);
  return launch;
}

TEST_F(CuptiDecoder, ALaunchOfAGraphKnowsHowManyNodesItHas) {
  decode(nodes_of_graph(3));
  decode({graph_launch(3, 9000)});
  const std::vector<Event> launches = contents().of(Kind::kGraphLaunch);
  ASSERT_EQ(launches.size(), 1U);
  EXPECT_EQ(launches[0].column(7), 5);
}

// A job that warms up for minutes before cudaProfilerStart: its graphs are delivered as asked, only not kept.
TEST_F(CuptiDecoder, WhatNoWindowKeepsIsStillKnownToHaveCome) {
  windows_.active = true;
  windows_.spans[0] = {8000, INT64_MAX};
  windows_.count = 1;
  decode(nodes_of_graph(3));
  decode({graph_launch(3, 5000), graph_launch(3, 6000)});
  EXPECT_EQ(decoder_.counts().outside_window, 7U);
  EXPECT_EQ(decoder_.counts().kernels, 5U);
  EXPECT_EQ(decoder_.counts().graph_launches, 2U);
  decode({graph_launch(3, 9000)});
  const SpoolContents got = contents();
  EXPECT_TRUE(got.of(Kind::kKernel).empty());
  const std::vector<Event> launches = got.of(Kind::kGraphLaunch);
  ASSERT_EQ(launches.size(), 1U);
  EXPECT_EQ(launches[0].column(7), 5) << "its nodes ran before the window";
}

TEST_F(CuptiDecoder, AGreenContextIsNamedFromTheVersionOnThatTells) {
  RecordBytes context(9);
  context.put<uint32_t>(4, 6).put<uint32_t>(8, 1).put<uint8_t>(20, 1);
  decode({context, kernel_record({.context = 6, .stream = 8})});
  decoder_.read_classic({.green_contexts = true});
  decode({context, kernel_record({.context = 6, .stream = 9})});
  const SpoolContents got = contents();
  std::set<std::string> lanes;
  for (const Event& kernel : got.of(Kind::kKernel)) {
    lanes.insert(got.lanes.at(kernel.lane).name);
  }
  EXPECT_THAT(lanes, ElementsAre("GPU 1 green context 6 stream 9", "GPU 1 stream 8"));
}

TEST_F(CuptiDecoder, AWaitFindsTheDeviceOfItsContext) {
  RecordBytes context(9);
  context.put<uint32_t>(4, 6).put<uint32_t>(8, 3);
  RecordBytes wait(38);
  wait.put<uint32_t>(4, 4).put<uint64_t>(8, 10).put<uint64_t>(16, 60).put<uint32_t>(28, 6);
  decode({context, wait});
  const std::vector<Event> waits = contents().of(Kind::kSync);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].column(3), 3);
}

TEST_F(CuptiDecoder, CallsGoToTheLaneOfTheirThread) {
  RecordBytes call(5);
  call.put<uint32_t>(4, 211).put<uint64_t>(8, 100).put<uint64_t>(16, 104).put<uint32_t>(28, 4242);
  trace::Ring* other = spool_.acquire_ring(4242, "launcher", 1);
  ASSERT_NE(other, nullptr);
  const uint32_t lane = spool_.thread_lane(4242, "");
  decode({call});
  const std::vector<Event> calls = contents().of(Kind::kCudaApi);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].lane, lane);
}

TEST_F(CuptiDecoder, AThousandBuffersWorthFitsTheRing) {
  const std::vector<RecordBytes> many(3 * Decoder::kDrainEvery, kernel_record());
  decode(many);
  const SpoolContents got = contents();
  EXPECT_EQ(got.of(Kind::kKernel).size(), many.size());
  EXPECT_TRUE(got.losses.empty());
}

TEST_F(CuptiDecoder, WhatADeviceIs) {
  RecordBytes device(8);
  device.put<uint64_t>(16, uint64_t{80} << 30)
      .put<uint32_t>(44, 132)
      .put<uint32_t>(104, 9)
      .put<uint32_t>(108, 0);
  device.put<uint32_t>(112, 2).put<const char*>(136, "H100");
  for (uint8_t i = 0; i < 16; ++i) {
    device.put<uint8_t>(120 + i, static_cast<uint8_t>(i * 17));
  }
  decode({device});
  const SpoolContents got = contents();
  EXPECT_EQ(got.fact("device.2.name"), "H100");
  EXPECT_EQ(got.fact("device.2.uuid"), "GPU-00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(got.fact("device.2.compute_capability"), "9.0");
}

}  // namespace
}  // namespace stepscope::collector::cupti
