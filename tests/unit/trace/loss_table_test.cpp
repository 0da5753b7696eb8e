// SPDX-License-Identifier: Apache-2.0
#include "trace/loss_table.hpp"

#include <gtest/gtest.h>

namespace stepscope::trace {
namespace {

TEST(LossTable, TheLongestPrefixDecides) {
  EXPECT_EQ(loss_meaning("ring.full.kernel").prefix, "ring.full");
  EXPECT_EQ(loss_meaning("ring.none_left").prefix, "ring.");
  EXPECT_EQ(loss_meaning("spool.unclean_end").severity, "info");
  EXPECT_EQ(loss_meaning("spool.events_missing").severity, "data_loss");
}

TEST(LossTable, AnUnknownCounterIsTakenSeriously) {
  EXPECT_EQ(loss_meaning("something.new").severity, "data_loss");
  EXPECT_EQ(loss_meaning("").severity, "data_loss");
}

TEST(LossTable, EveryEntryIsASentenceWithAKnownSeverityAndAPrefixOfItsOwn) {
  for (const LossMeaning& meaning : loss_meanings()) {
    EXPECT_TRUE(meaning.severity == "info" || meaning.severity == "error" || meaning.severity == "data_loss");
    EXPECT_TRUE(meaning.sentence.ends_with(".")) << meaning.sentence;
    EXPECT_EQ(&loss_meaning(meaning.prefix), &meaning) << "prefix twice: " << meaning.prefix;
  }
}

}  // namespace
}  // namespace stepscope::trace
