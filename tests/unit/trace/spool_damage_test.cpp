// SPDX-License-Identifier: Apache-2.0
//
// What a reader makes of spools that are cut off, damaged, foreign or from the future.
#include <cstddef>
#include <cstring>
#include <random>

#include <gmock/gmock.h>

#include "tests/unit/trace/spool_fixture.hpp"

namespace stepscope::trace {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class SpoolDamage : public SpoolTest {
 protected:
  // A spool with six frames of events, `left` events in the ring, strings, meta and an open range; dead.
  void record(int64_t left = 10) {
    Ring* ring = spool_.acquire_ring(1, "t", 1);
    spool_.meta("key", "value");
    (void)spool_.intern("a name", 6);
    spool_.range_push(ring, {1, 1, 0, 0, 1, 0, 0});
    for (int64_t i = 0; i < 600 + left; ++i) {
      ASSERT_TRUE(push_instant(ring, i));
      if (i % 100 == 99 && i < 600) {
        ASSERT_EQ(spool_.drain(), 100U);
        frame_ends_.push_back(std::filesystem::file_size(spool_path()));
      }
    }
    die();
    spool_bytes_ = slurp(spool_path());
    ring_bytes_ = slurp(ring_path());
  }

  [[nodiscard]] std::string spool_path() const { return base() + ".spool"; }
  [[nodiscard]] std::string ring_path() const { return base() + ".ring"; }

  std::string failure() {
    KeepingVisitor visitor;
    const Result<SpoolSummary> result = read_spool(base(), visitor);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), Code::kUnreadable);
    EXPECT_EQ(result.status().message().find('\n'), std::string::npos);
    return result.status().message();
  }

  std::string spool_bytes_;
  std::string ring_bytes_;
  std::vector<uint64_t> frame_ends_;
};

TEST_F(SpoolDamage, ATornLastFrameIsReadFromTheRingAgain) {
  record();
  // As if the process had died while it wrote frame six: the frame is cut off, and the tail had not moved.
  spool::FrameHeader frame{};
  std::memcpy(&frame, spool_bytes_.data() + frame_ends_[4], sizeof frame);
  const size_t whole = frame_ends_[4] + sizeof frame + frame.payload_bytes;  // padding may be missing
  std::string ring = ring_bytes_;
  spool::RingFileHeader header{};
  std::memcpy(&header, ring.data(), sizeof header);
  const auto before = static_cast<uint64_t>(500 * 8);
  std::memcpy(ring.data() + header.slot_blocks[0] + offsetof(spool::RingSlot, tail), &before, sizeof before);
  const uint64_t drained = 500;
  std::memcpy(ring.data() + header.slot_blocks[0] + offsetof(spool::RingSlot, drained_events), &drained,
              sizeof drained);
  put(ring_path(), ring);
  for (size_t keep = frame_ends_[4]; keep < whole; ++keep) {
    put(spool_path(), std::string_view(spool_bytes_).substr(0, keep));
    const KeepingVisitor got = read();
    ASSERT_EQ(got.column(Kind::kInstant, 0), numbers(0, 610)) << keep;
    ASSERT_EQ(summary_.torn_bytes, keep - frame_ends_[4]);
    ASSERT_THAT(got.loss, IsEmpty()) << "nothing is lost";
  }
  put(spool_path(), spool_bytes_);  // died after the write, before the tail moved
  EXPECT_EQ(read().column(Kind::kInstant, 0), numbers(0, 610));
}

TEST_F(SpoolDamage, ASpoolThatWasCutOffLaterSaysHowManyEventsAreMissing) {
  record();
  put(spool_path(), std::string_view(spool_bytes_).substr(0, frame_ends_[2] + 20));
  const KeepingVisitor got = read();
  std::vector<int64_t> expected = numbers(0, 300);
  for (const int64_t i : numbers(600, 610)) {
    expected.push_back(i);
  }
  EXPECT_EQ(got.column(Kind::kInstant, 0), expected);
  EXPECT_EQ(got.loss.at(spool::kLossSpoolGap), 300U);
  EXPECT_EQ(summary_.torn_bytes, 20U);
}

TEST_F(SpoolDamage, ADamagedFrameIsPassedOverAndItsEventsAreCounted) {
  record();
  std::string bytes = spool_bytes_;
  bytes[frame_ends_[1] + 70] = static_cast<char>(bytes[frame_ends_[1] + 70] ^ 4);
  put(spool_path(), bytes);
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0).size(), 510U);
  EXPECT_EQ(got.loss.at(spool::kLossSpoolGap), 100U);
  EXPECT_EQ(got.loss.at(spool::kLossSpoolDamaged), frame_ends_[2] - frame_ends_[1]);
  EXPECT_EQ(summary_.torn_bytes, 0U);
}

TEST_F(SpoolDamage, WithoutItsRingASpoolStillGivesItsEvents) {
  record();
  std::filesystem::remove(ring_path());
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0), numbers(0, 600));
  EXPECT_EQ(got.meta.at("key"), "value");
  EXPECT_EQ(got.loss.at(spool::kLossRingMissing), 1U);
}

TEST_F(SpoolDamage, WithoutItsSpoolARingStillGivesTheRest) {
  record();
  std::filesystem::remove(spool_path());
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0), numbers(600, 610));
  EXPECT_EQ(got.strings.at(2), "a name");
  EXPECT_EQ(got.loss.at(spool::kLossSpoolMissing), 1U);
  EXPECT_EQ(got.loss.at(spool::kLossSpoolGap), 600U);
}

TEST_F(SpoolDamage, ADeathBeforeTheSpoolGotItsNameLosesNothing) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  ASSERT_TRUE(push_instant(ring, 0));
  die();
  std::filesystem::rename(spool_path(), spool_path() + ".new");
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0), numbers(0, 1));
  EXPECT_THAT(got.loss, IsEmpty());
}

TEST_F(SpoolDamage, TheRingOfAnotherProcessIsNotJoined) {
  record();
  Spool other;
  ASSERT_EQ(other.open(directory_.c_str(), "other"), 0);
  (void)other.intern("stranger", 8);
  other.abandon_in_child();
  std::filesystem::copy_file(directory_ + "/other.ring", ring_path(),
                             std::filesystem::copy_options::overwrite_existing);
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0), numbers(0, 600));
  EXPECT_THAT(got.strings, IsEmpty());
  EXPECT_EQ(got.loss.at(spool::kLossRingMissing), 1U);
}

TEST_F(SpoolDamage, MissingEmptyAndForeignFilesAreRefusedInOneSentence) {
  record();
  std::filesystem::remove(ring_path());
  put(spool_path(), "");
  EXPECT_THAT(failure(),
              AllOf(HasSubstr(spool_path()), HasSubstr("empty or damaged"), HasSubstr("record again")));
  put(spool_path(), "SQLite format 3 and much more of the same kind that is not ours");
  EXPECT_THAT(failure(), AllOf(HasSubstr(spool_path()), HasSubstr("not a stepscope spool")));
  std::filesystem::remove(spool_path());
  EXPECT_THAT(failure(),
              AllOf(HasSubstr(spool_path()), HasSubstr("no such file"), HasSubstr("check the path")));
  std::filesystem::create_directory(spool_path());
  EXPECT_THAT(failure(), HasSubstr(spool_path()));
}

TEST_F(SpoolDamage, AnotherMajorVersionIsRefusedAndANewerMinorIsRead) {
  record();
  std::string bytes = spool_bytes_;
  bytes[offsetof(spool::SpoolHeader, minor)] = 9;
  put(spool_path(), bytes);
  EXPECT_EQ(read().column(Kind::kInstant, 0), numbers(0, 610));
  bytes[offsetof(spool::SpoolHeader, major)] = 9;
  put(spool_path(), bytes);
  EXPECT_THAT(failure(), AllOf(HasSubstr(spool_path()), HasSubstr("newer stepscope"), HasSubstr("upgrade")));
  put(spool_path(), spool_bytes_);
  bytes = ring_bytes_;
  bytes[offsetof(spool::RingFileHeader, major)] = 9;
  put(ring_path(), bytes);
  EXPECT_THAT(failure(), HasSubstr("newer stepscope"));
}

TEST_F(SpoolDamage, AnErrorOfTheVisitorEndsTheReading) {
  record();
  class Refusing : public KeepingVisitor {
   public:
    Status on_events(const EventBlock&) override { return Status(Code::kUnavailable, "disk full"); }
  } refusing;
  const Result<SpoolSummary> result = read_spool(base(), refusing);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().message(), "disk full");
}

// The files of 150 random accidents: any answer will do but a crash, a hang or an event that was never recorded
// in a frame whose checksum holds.
TEST_F(SpoolDamage, FlippedCutAndGarbledFilesAreSurvived) {
  record();
  std::mt19937_64 random(99);
  for (int round = 0; round < 150; ++round) {
    std::string spool = spool_bytes_;
    std::string ring = ring_bytes_;
    for (uint64_t flips = random() % 20; flips > 0; --flips) {
      spool[random() % spool.size()] ^= static_cast<char>(1U << (random() % 8));
    }
    for (uint64_t flips = random() % 200; flips > 0; --flips) {
      // Mostly where the structure is: the header, and the slot block behind the journal and the strings.
      const size_t limit = random() % 3 == 0 ? ring.size() : sizeof(spool::RingFileHeader);
      ring[random() % limit] ^= static_cast<char>(1U << (random() % 8));
      spool::RingFileHeader header{};
      std::memcpy(&header, ring_bytes_.data(), sizeof header);
      ring[header.slot_blocks[0] + random() % 256] ^= static_cast<char>(random());
    }
    if (random() % 3 == 0) {
      spool.resize(random() % spool.size());
    }
    if (random() % 3 == 0) {
      ring.resize(random() % ring.size());
    }
    put(spool_path(), spool);
    put(ring_path(), ring);
    KeepingVisitor got;
    const Result<SpoolSummary> result = read_spool(base(), got);
    if (!result.ok()) {
      ASSERT_THAT(result.status().message(), HasSubstr(".spool: "));
    }
  }
}

TEST_F(SpoolDamage, RandomBytesBehindGoodHeadersAreSurvived) {
  record();
  std::mt19937_64 random(100);
  for (int round = 0; round < 100; ++round) {
    std::string spool = spool_bytes_.substr(0, sizeof(spool::SpoolHeader));
    std::string ring = ring_bytes_;
    for (uint64_t words = random() % 2000; words > 0; --words) {
      const uint64_t word = random() % 4 == 0   ? spool::kFrameMagic
                            : random() % 3 == 0 ? random() % 100
                                                : random();
      spool.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    for (size_t at = sizeof(spool::RingFileHeader::magic) + 32; at < sizeof(spool::RingFileHeader); ++at) {
      ring[at] = random() % 4 == 0 ? static_cast<char>(random()) : ring[at];
    }
    put(spool_path(), spool);
    put(ring_path(), ring);
    KeepingVisitor got;
    (void)read_spool(base(), got);
  }
}

// A file of nothing but frame magics must not be searched for ever.
TEST_F(SpoolDamage, FalseFrameHeadersCostTimeInProportionToTheFile) {
  record();
  std::string spool = spool_bytes_.substr(0, sizeof(spool::SpoolHeader));
  spool::FrameHeader frame{};
  frame.magic = spool::kFrameMagic;
  frame.header_bytes = sizeof frame;
  frame.payload_bytes = 1 << 20;
  for (int i = 0; i < 100000; ++i) {
    spool.append(reinterpret_cast<const char*>(&frame), sizeof frame);
  }
  put(spool_path(), spool);
  const KeepingVisitor got = read();
  EXPECT_EQ(summary_.torn_bytes, spool.size() - sizeof(spool::SpoolHeader));
}

}  // namespace
}  // namespace stepscope::trace
