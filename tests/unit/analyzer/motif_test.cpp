// SPDX-License-Identifier: Apache-2.0
#include "analyzer/motif.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/motif_lags.hpp"

namespace stepscope::analysis {
namespace {

// A training loop as the GPU sees it. Numbers of symbols: forward from 100, backward from 1000, optimizer from 5000.
class Loop {
 public:
  static constexpr size_t kForward = 30, kBackward = 60, kUpdate = 10;
  static constexpr size_t kStep = kForward + kBackward + kUpdate;

  Loop& batch() {
    copy_next_ = true;
    return run(100, kForward);
  }
  Loop& backward() { return run(1000, kBackward); }
  Loop& update(bool known = true) {
    const size_t begin = items.size();
    run(5000, kUpdate);
    for (size_t i = begin; i < items.size(); ++i) {
      items[i].update = known ? 1 : 0;
    }
    return *this;
  }
  Loop& step() { return batch().backward().update(); }
  Loop& steps(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      step();
    }
    return *this;
  }
  Loop& run(uint32_t first_symbol, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      kernel(first_symbol + static_cast<uint32_t>(i));
    }
    return *this;
  }
  Loop& kernel(uint32_t symbol) {
    MotifItem item;
    item.symbol = symbol;
    item.idle = 20;
    item.copied_in = copy_next_ ? 1 : 0;
    copy_next_ = false;
    items.push_back(item);
    return *this;
  }
  Loop& without_copies() {
    for (MotifItem& item : items) {
      item.copied_in = 0;
    }
    return *this;
  }

  std::vector<MotifItem> items;

 private:
  bool copy_next_ = false;
};

Motif motif_of(const Loop& loop) {
  return find_motif(loop.items, {});
}

std::vector<size_t> begins(const Motif& motif) {
  std::vector<size_t> out;
  for (const MotifPart& part : motif.parts) {
    if (part.step) {
      out.push_back(part.begin);
    }
  }
  return out;
}

std::vector<std::pair<size_t, size_t>> apart(const Motif& motif) {
  std::vector<std::pair<size_t, size_t>> out;
  for (const MotifPart& part : motif.parts) {
    if (!part.step) {
      out.emplace_back(part.begin, part.end);
    }
  }
  return out;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Motif, IsTheStepThatRepeats) {
  const Motif motif = motif_of(Loop().steps(5));
  EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif.period, Loop::kStep);
  EXPECT_EQ(motif.evidence, MotifEvidence::kUpdate);
  EXPECT_DOUBLE_EQ(motif.ratio, 1);
  EXPECT_DOUBLE_EQ(motif.coverage, 1);
  EXPECT_DOUBLE_EQ(motif.periods, 5);
  EXPECT_THAT(begins(motif), ElementsAre(0, 100, 200, 300, 400));
}

TEST(Motif, BeginsWithTheBatchWhereverTheRecordingBegan) {
  Loop cut = Loop().steps(7);
  cut.items.erase(cut.items.begin(), cut.items.begin() + 37);
  const Motif motif = motif_of(cut);
  EXPECT_EQ(motif.period, Loop::kStep);
  EXPECT_THAT(begins(motif), ElementsAre(63, 163, 263, 363, 463, 563));
  EXPECT_DOUBLE_EQ(motif.coverage, 1);  // the cut step counts, and is none
}

TEST(Motif, BeginsAfterTheLongestIdleGapWithoutCopies) {
  Loop loop = Loop().steps(6).without_copies();
  for (size_t i = 0; i < 6; ++i) {
    loop.items[i * Loop::kStep + 30].idle = 4000;
    loop.items[i * Loop::kStep + 55].idle = 3000;
    for (size_t k = 0; k < Loop::kUpdate; ++k) {
      loop.items[i * Loop::kStep + 90 + k].update = 0;
    }
  }
  EXPECT_EQ(motif_of(loop).verdict, MotifVerdict::kUnmarked);  // two gaps: which is the step's?
  for (size_t i = 0; i < 6; ++i) {
    loop.items[i * Loop::kStep + 55].idle = 500;
  }
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif.evidence, MotifEvidence::kIdle);
  EXPECT_THAT(begins(motif), ElementsAre(30, 130, 230, 330, 430));
}

TEST(Motif, BearsAKernelThatIsAnotherOneEachTime) {
  Loop loop = Loop().steps(8);
  for (uint32_t i = 0; i < 8; ++i) {
    loop.items[i * Loop::kStep + 3 + 11 * i].symbol = 9000 + i;
  }
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.period, Loop::kStep);
  EXPECT_EQ(begins(motif).size(), 8U);
  EXPECT_THAT(apart(motif), IsEmpty());
  EXPECT_NEAR(motif.ratio, 0.98, 0.011);
}

TEST(Motif, FindsItsWayBackAfterInsertedAndMissingKernels) {
  Loop loop = Loop().steps(4);
  loop.batch().run(9000, 3).backward().update();
  loop.steps(2).batch().run(1000, 20).run(1024, 36).run(9000, 2).update();
  loop.steps(3);
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.period, Loop::kStep);
  EXPECT_THAT(begins(motif), ElementsAre(0, 100, 200, 300, 400, 503, 603, 703, 801, 901, 1001));
  EXPECT_THAT(apart(motif), IsEmpty());
}

TEST(Motif, SetsAnEvaluationApart) {
  Loop loop = Loop().steps(6);
  for (int i = 0; i < 9; ++i) {
    loop.batch();  // the forward of training, over other data
  }
  loop.steps(5);
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.period, Loop::kStep);
  EXPECT_EQ(begins(motif).size(), 11U);
  EXPECT_THAT(apart(motif), ElementsAre(Pair(600, 870)));
}

TEST(Motif, DoesNotTakeEvaluationsThatComeRegularlyForPartOfTheStep) {
  for (const bool known_optimizer : {true, false}) {
    Loop loop;
    for (int round = 0; round < 6; ++round) {
      for (int i = 0; i < 5; ++i) {
        loop.batch().backward().update(known_optimizer);
      }
      loop.batch().batch().batch();
    }
    const Motif motif = motif_of(loop);
    EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
    EXPECT_EQ(motif.period, Loop::kStep) << known_optimizer;
    EXPECT_EQ(apart(motif).size(), 5U);  // the last one lies after the last step
  }
}

TEST(Motif, IsTheOptimizersWhenGradientsAreAccumulated) {
  for (const bool known_optimizer : {true, false}) {
    for (const size_t micro : {size_t{4}, size_t{64}}) {
      Loop loop;
      for (int step = 0; step < 5; ++step) {
        for (size_t i = 0; i < micro; ++i) {
          loop.batch().backward();
        }
        loop.update(known_optimizer);
      }
      const Motif motif = motif_of(loop);
      const size_t period = micro * (Loop::kForward + Loop::kBackward) + Loop::kUpdate;
      if (!known_optimizer && micro == 64) {
        continue;  // ten kernels in 5770 that nobody knows: as likely a log line every 64 steps
      }
      EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
      EXPECT_EQ(motif.period, period) << known_optimizer;
      EXPECT_EQ(motif.sub_period, Loop::kForward + Loop::kBackward);
      ASSERT_EQ(begins(motif).size(), 5U)
          << known_optimizer << micro << ::testing::PrintToString(begins(motif));
      EXPECT_EQ(motif.parts[2].sub_periods, micro);
    }
  }
}

TEST(Motif, DoesNotTakeLayersForSteps) {
  Loop loop;  // one pass through a model of 24 layers, and two steps of training it
  loop.run(1, 5);
  for (int layer = 0; layer < 24; ++layer) {
    loop.run(100, 40);
  }
  loop.run(20, 5);
  const Motif layers = motif_of(loop);
  EXPECT_EQ(layers.verdict, MotifVerdict::kUnmarked);
  EXPECT_EQ(layers.period, 40U);
  loop.update();
  const std::vector<MotifItem> once = loop.items;
  loop.items.insert(loop.items.end(), once.begin(), once.end());
  EXPECT_EQ(motif_of(loop).verdict, MotifVerdict::kUnmarked);
  loop.items.insert(loop.items.end(), once.begin(), once.end());
  EXPECT_EQ(motif_of(loop).verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif_of(loop).period, once.size());
}

TEST(Motif, IsNotMisledByOptimizerKernelsThatSetTheModelUp) {
  Loop loop = Loop().update();
  for (int i = 0; i < 6; ++i) {
    loop.batch().backward().update(false);
  }
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif.evidence, MotifEvidence::kCopy);
  EXPECT_EQ(begins(motif).size(), 6U);
}

TEST(Motif, AbstainsBelowThreePeriods) {
  EXPECT_EQ(motif_of(Loop().steps(2)).verdict, MotifVerdict::kNoPeriod);
  EXPECT_EQ(motif_of(Loop().steps(2).batch()).verdict, MotifVerdict::kNoPeriod);
  EXPECT_EQ(motif_of(Loop().steps(3)).verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif_of(Loop().steps(2).batch().run(7000, 70)).verdict,
            MotifVerdict::kNoPeriod);  // a third begun
}

TEST(Motif, DoesNotTakeLayersWithCopiesForStepsWhenTheOptimizerIsElsewhere) {
  Loop loop;
  for (int step = 0; step < 2; ++step) {
    for (int layer = 0; layer < 24; ++layer) {
      loop.run(100, 40).items.back().copied_out = 1;  // offloaded activations
    }
    loop.run(5000, 10).update();
  }
  EXPECT_EQ(motif_of(loop).verdict, MotifVerdict::kUnmarked);
}

TEST(Motif, AbstainsWhereNothingRepeats) {
  std::mt19937 random(7);
  for (const uint32_t symbols : {2U, 20U, 1000U}) {
    Loop loop;
    for (int i = 0; i < 20000; ++i) {
      loop.kernel(static_cast<uint32_t>(random()) % symbols);
      loop.items.back().copied_in = i % 100 == 0;
    }
    const Motif motif = motif_of(loop);
    EXPECT_EQ(motif.verdict, MotifVerdict::kNoPeriod) << symbols;
    EXPECT_THAT(motif.parts, IsEmpty());
  }
}

TEST(Motif, IsNotTwoStepsWhereOneBarelyMatches) {
  std::mt19937 random(3);
  Loop loop;
  for (int step = 0; step < 400; ++step) {
    for (int layer = 0; layer < 24; ++layer) {  // alike, so that any of them looks like the one before
      for (uint32_t i = 0; i < 50; ++i) {
        loop.kernel(i * 7 % 33);
      }
    }
    loop.update();
  }
  for (MotifItem& item : loop.items) {
    item.symbol = random() % 10 == 0 ? 10000 + static_cast<uint32_t>(random()) % 1000 : item.symbol;
  }
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif.period, 24 * 50 + Loop::kUpdate);
  EXPECT_GT(begins(motif).size(), 380U);
}

TEST(Motif, AbstainsWhenTheMatchIsTooPoor) {
  std::mt19937 random(7);
  Loop loop = Loop().steps(30);
  uint32_t fresh = 10000;
  for (MotifItem& item : loop.items) {
    item.symbol = random() % 10 < 3 ? fresh++ : item.symbol;
  }
  EXPECT_EQ(motif_of(loop).verdict, MotifVerdict::kNoPeriod);
}

TEST(Motif, NeedsMoreThanOneSymbolAndAHandfulOfItems) {
  EXPECT_EQ(find_motif({}, {}).verdict, MotifVerdict::kTooFewItems);
  Loop loop;
  for (int i = 0; i < 1000; ++i) {
    loop.kernel(7);
  }
  EXPECT_EQ(motif_of(loop).verdict, MotifVerdict::kOneSymbol);
}

TEST(Motif, OfTwoItemsIsOne) {
  Loop loop;
  for (int i = 0; i < 10; ++i) {
    loop.kernel(1).kernel(2);
    loop.items.back().copied_in = 1;
  }
  const Motif motif = motif_of(loop);
  EXPECT_EQ(motif.verdict, MotifVerdict::kFound);
  EXPECT_EQ(motif.period, 2U);
  EXPECT_EQ(motif.parts.front().begin, 1U);
}

TEST(MotifLags, AreFewWhateverTheSequence) {
  std::mt19937 random(11);
  Loop loop;
  for (int i = 0; i < 50000; ++i) {
    loop.kernel(static_cast<uint32_t>(random()) % 50).items.back().update = i % 3 == 0;
  }
  EXPECT_LE(candidate_lags(loop.items, 10000).size(), 16U);  // each costs a few passes over the sequence
  EXPECT_THAT(candidate_lags({}, 10), IsEmpty());
}

}  // namespace
}  // namespace stepscope::analysis
