// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tests/fuzz/targets.hpp"
#include "tests/support/kernel_mix.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/spool_crc.hpp"
#include "trace/spool_format.hpp"
#include "trace/spool_reader.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::fuzz {
namespace {

using trace::spool::FrameHeader;

constexpr size_t kHeaderBytes = 5;

// Looks at everything that is delivered, so that a sanitizer sees memory that must not be.
class Touch : public trace::SpoolVisitor {
 public:
  void on_string(uint32_t id, std::string_view text) override { add(id + text.size() + count(text)); }
  void on_lane(const trace::LaneDecl& lane) override { add(lane.id + count(lane.name) + count(lane.type)); }
  void on_meta(std::string_view key, std::string_view value) override { add(count(key) + count(value)); }
  void on_anchor(const trace::ClockAnchor& anchor) override { add(anchor.tsc); }
  void on_loss(std::string_view counter, uint64_t n) override { add(count(counter) + n); }
  void on_log(int64_t, std::string_view text) override { add(count(text)); }
  trace::Status on_events(const trace::EventBlock& block) override {
    for (const std::span<const int64_t> column : block.columns) {
      for (const int64_t value : column) {
        add(static_cast<uint64_t>(value));
      }
    }
    return {};
  }

 private:
  static uint64_t count(std::string_view text) {
    return static_cast<uint64_t>(std::count(text.begin(), text.end(), 'a'));
  }
  void add(uint64_t value) { sum_ = sum_ + value; }

  volatile uint64_t sum_ = 0;
};

// Gives every frame a right checksum, so that what lies behind that check is reached.
void reseal(std::string& spool) {
  size_t at = sizeof(trace::spool::SpoolHeader);
  while (at + sizeof(FrameHeader) <= spool.size()) {
    FrameHeader frame = {};
    std::memcpy(&frame, spool.data() + at, sizeof frame);
    const size_t whole = sizeof frame + size_t{frame.payload_bytes};
    if (frame.magic != trace::spool::kFrameMagic || whole > spool.size() - at) {
      return;
    }
    frame.crc = 0;
    std::memcpy(spool.data() + at, &frame, sizeof frame);
    frame.crc = trace::spool::crc32c(0, spool.data() + at, whole);
    std::memcpy(spool.data() + at, &frame, sizeof frame);
    at += (whole + 7) / 8 * 8;
  }
}

std::string make_seed(bool clean, bool sealed) {
  const testing::TempDir dir;
  const pid_t child = fork();
  if (child == 0) {
    static trace::Spool spool;
    if (spool.open(dir.path().c_str(), "b") != 0) {
      _exit(1);
    }
    trace::Ring* ring = spool.acquire_ring(42, "main", 65536);
    spool.meta("process.role", "main");
    spool.anchor();
    spool.log(5, "hello");
    spool.loss("emit.refused", 2);
    (void)spool.declare_lane("stream", "GPU 0", 0);
    testing::KernelMix mix;
    for (int i = 0; i < 300; ++i) {
      testing::KernelMix::Row row = mix.next();
      const std::string name = "kernel" + std::to_string(row[2]);
      row[2] = spool.intern(name.data(), name.size());
      row[9] = row[2];
      spool.push(ring, trace::Kind::kKernel, 0, row.data(), row.size());
      if (i % 100 == 99) {
        (void)spool.drain();
      }
    }
    spool.range_push(ring, {7, 1, 0, 0, 1, 0, 0});
    if (clean) {
      spool.close();
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const std::string spool = testing::read_bytes(dir.file("b.spool"));
  const std::string ring = testing::read_bytes(dir.file("b.ring"));
  const auto size = static_cast<uint32_t>(spool.size());
  std::string seed(1, sealed ? '\1' : '\0');
  return seed.append(static_cast<const char*>(static_cast<const void*>(&size)), sizeof size) + spool + ring;
}

}  // namespace

void run_spool(std::span<const uint8_t> input) {
  if (input.size() < kHeaderBytes) {
    return;
  }
  uint32_t spool_size = 0;
  std::memcpy(&spool_size, &input[1], sizeof spool_size);
  const auto rest = input.subspan(kHeaderBytes);
  const size_t split = std::min<size_t>(spool_size, rest.size());
  std::string spool(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(split));
  if ((input[0] & 1) != 0) {
    reseal(spool);
  }
  const std::string base = scratch_directory() + "/b";
  testing::write_bytes(base + ".spool", spool);
  testing::write_bytes(base + ".ring",
                       std::string(rest.begin() + static_cast<std::ptrdiff_t>(split), rest.end()));
  Touch touch;
  (void)trace::read_spool(base, touch).ok();
}

std::vector<std::string> spool_seeds() {
  return {make_seed(true, false), make_seed(false, true), make_seed(false, false)};
}

}  // namespace stepscope::fuzz
