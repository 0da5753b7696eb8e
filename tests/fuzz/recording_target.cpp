// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "tests/fuzz/targets.hpp"
#include "tests/support/kernel_mix.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/digest.hpp"
#include "trace/recording.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::fuzz {
namespace {

void require(const trace::Status& status) {
  if (!status.ok()) {
    throw std::runtime_error(status.message());
  }
}

std::string make_seed(size_t kernels, bool sealed) {
  const testing::TempDir dir;
  trace::Result<trace::RecordingBuilder> builder = trace::RecordingBuilder::create(dir.file("a.stepscope"));
  require(builder.status());
  builder.value().set_meta("process.role", "main");
  builder.value().add_lane({1, "thread", "main", 42});
  builder.value().add_anchor({1, 2, 3, 4, 5});
  builder.value().add_loss("ring.full", 3);
  builder.value().add_log(1, "hello");
  const int64_t name = builder.value().intern("inner");
  testing::KernelMix mix;
  for (size_t i = 0; i < kernels; ++i) {
    require(builder.value().add(trace::Kind::kKernel, 1, mix.next()));
    require(
        builder.value().add(trace::Kind::kRange, 1, std::vector<int64_t>{static_cast<int64_t>(i), 5, name}));
  }
  require(builder.value().finish());
  return std::string(1, sealed ? '\1' : '\0') + testing::read_bytes(dir.file("a.stepscope"));
}

}  // namespace

void run_recording(std::span<const uint8_t> input) {
  if (input.empty()) {
    return;
  }
  const std::string path = scratch_directory() + "/a.stepscope";
  testing::write_bytes(path, std::string(input.begin() + 1, input.end()));
  if ((input[0] & 1) != 0) {
    const trace::Result<trace::Database> database = trace::Database::open(path, trace::OpenMode::kReadWrite);
    if (database.ok()) {
      (void)trace::write_digests(database.value(), trace::eager_digest_parts());
      (void)trace::write_digests(database.value(), trace::lazy_digest_parts());
    }
  }
  const trace::Result<trace::Recording> opened = trace::Recording::open(path);
  if (!opened.ok()) {
    return;
  }
  const trace::Recording& recording = opened.value();
  (void)recording.name_totals().ok();
  (void)recording.load_rollup().ok();
  for (const trace::KindSummary& kind : recording.kinds()) {
    (void)recording.scan({.kind = static_cast<trace::Kind>(kind.id)},
                         [](const trace::SegmentView&) { return trace::Status(); });
  }
  for (const trace::LaneInfo& lane : recording.lanes()) {
    (void)recording.overview(lane.id).ok();
  }
  (void)recording.verify();
}

std::vector<std::string> recording_seeds() {
  return {make_seed(0, false), make_seed(200, true), make_seed(200, false)};
}

}  // namespace stepscope::fuzz
