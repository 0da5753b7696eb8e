// SPDX-License-Identifier: Apache-2.0
//
// A small recording that has something in every table, for the tests of this room.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/kernel_mix.hpp"
#include "trace/recording.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::trace {

// Times of lane 1: ranges "outer" [1000,9000) holding "inner" [2000,3000) and [4000,6000), added when they end.
inline void write_sample(const std::string& path, size_t kernels = 2000) {
  Result<RecordingBuilder> created = RecordingBuilder::create(path);
  ASSERT_TRUE(created.ok()) << created.status().message();
  RecordingBuilder& builder = created.value();
  builder.set_meta("process.role", "main");
  builder.set_meta("process.pid", "4711");
  builder.set_meta("process.rank", "3");
  builder.add_lane({1, "thread", "main", 4711});
  builder.add_lane({2, "stream", "GPU 0 stream 7", 0});
  builder.add_anchor({1000, 1'700'000'000'000'000'000, 900, 950, 12345});
  builder.add_anchor({2000, 1'700'000'000'000'001'000, 1900, 1950, 13345});
  builder.add_loss("ring.full", 3);
  builder.add_loss("ring.full", 4);
  builder.add_log(1500, "door c-api opened");
  for (const std::string& name : testing::KernelMix::names()) {
    (void)builder.intern(name);
  }
  const int64_t outer = builder.intern("outer");
  const int64_t inner = builder.intern("inner");
  ASSERT_TRUE(builder.add(Kind::kRange, 1, std::vector<int64_t>{2000, 1000, inner}).ok());
  ASSERT_TRUE(builder.add(Kind::kRange, 1, std::vector<int64_t>{4000, 2000, inner}).ok());
  ASSERT_TRUE(builder.add(Kind::kRange, 1, std::vector<int64_t>{1000, 8000, outer}).ok());
  const int64_t value = std::bit_cast<int64_t>(2.5);
  const int64_t counter = builder.intern("proc.cpu_ns");
  ASSERT_TRUE(builder.add(Kind::kCounter, 1, std::vector<int64_t>{5000, counter, value, 4711}).ok());
  testing::KernelMix mix;
  for (size_t i = 0; i < kernels; ++i) {
    ASSERT_TRUE(builder.add(Kind::kKernel, 2, mix.next()).ok());
  }
  const Status finished = builder.finish();
  ASSERT_TRUE(finished.ok()) << finished.message();
}

inline Recording open_or_fail(const std::string& path) {
  Result<Recording> opened = Recording::open(path);
  if (!opened.ok()) {
    ADD_FAILURE() << opened.status().message();
    abort();
  }
  return std::move(opened).value();
}

}  // namespace stepscope::trace
