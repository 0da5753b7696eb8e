// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/excess.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

// Expected values: sums of hypergeometric and binomial probabilities in whole numbers, divided at the end.
TEST(Excess, OfOneStratumIsFishersTestWithMidP) {
  const Stratum tea{3, 4, 4, 8};  // (0.5 * 16 + 1) / 70
  EXPECT_NEAR(excess_p_value({&tea, 1}, Exposure::kRuns), 9.0 / 70, 1e-12);
  const Stratum bad_host{9, 15, 14, 300};
  EXPECT_NEAR(excess_p_value({&bad_host, 1}, Exposure::kRuns) / 9.589604027800687e-11, 1, 1e-8);
}

TEST(Excess, OfSeveralStrataAddsTheirCounts) {
  const Stratum strata[] = {{3, 4, 4, 8}, {2, 5, 3, 12}};
  EXPECT_NEAR(excess_p_value(strata, Exposure::kRuns), 0.06704545454545455, 1e-12);
}

TEST(Excess, IsNotTakenFromAWorseWeek) {
  // In the second week half of all runs fail, and that is when most runs were there.
  const Stratum weeks[] = {{0, 10, 5, 100}, {45, 90, 50, 100}};
  EXPECT_GT(excess_p_value(weeks, Exposure::kRuns), 0.2);
  const Stratum together{45, 100, 55, 200};
  EXPECT_LT(excess_p_value({&together, 1}, Exposure::kRuns), 1e-6);
}

TEST(Excess, ByHoursIsBinomial) {
  const Stratum hours{4, 1, 5, 4, 25, 100};  // 4 of 5 failures in a quarter of the hours
  EXPECT_NEAR(excess_p_value({&hours, 1}, Exposure::kHours), 0.00830078125, 1e-12);
}

TEST(Excess, OfStrataThatTellNothingIsOne) {
  const Stratum none[] = {{0, 4, 0, 8}, {3, 8, 3, 8}, {0, 0, 4, 8}};
  EXPECT_EQ(excess_p_value(none, Exposure::kRuns), 1);
  EXPECT_EQ(excess_p_value({}, Exposure::kRuns), 1);
}

// Where the distribution is too long to be convolved, its mean and variance have to do: the ends of both meet.
TEST(Excess, OfManyRunsComesFromMeanAndVariance) {
  const Stratum exact[] = {{630, 1500, 1200, 3000}, {630, 1500, 1200, 3000}};
  const Stratum approximate[] = {{2520, 6000, 4800, 12000}, {2520, 6000, 4800, 12000}};
  const double z_exact = 2 * (630 - 600.0) / std::sqrt(2 * 1200 * 0.25 * (1800.0 / 2999));
  EXPECT_NEAR(std::log(excess_p_value(exact, Exposure::kRuns)),
              std::log(0.5 * std::erfc(z_exact / std::sqrt(2))), 0.02);
  EXPECT_NEAR(std::log(excess_p_value(approximate, Exposure::kRuns)),
              std::log(0.5 * std::erfc(2 * z_exact / std::sqrt(2))), 0.02);
  EXPECT_LT(excess_p_value(approximate, Exposure::kRuns), 1e-6);
}

}  // namespace
}  // namespace stepscope::analysis
