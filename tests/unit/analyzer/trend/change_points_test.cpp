// SPDX-License-Identifier: Apache-2.0
//
// What the method promises, on series whose changes are known: no more false alarms than it says, whatever the noise looks like, and
// steps found where they are.
#include "analyzer/trend/change_points.hpp"

#include <cmath>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using Engine = std::mt19937_64;
using Noise = std::function<double(Engine&)>;

double gaussian(Engine& engine) {
  return std::normal_distribution<double>()(engine);
}

std::vector<double> series(Engine& engine, size_t n, const Noise& noise) {
  std::vector<double> out(n);
  for (double& value : out) {
    value = noise(engine);
  }
  return out;
}

std::vector<size_t> places(const std::vector<double>& values) {
  std::vector<size_t> out;
  for (const ChangePoint& change : find_change_points(values, {}).changes) {
    out.push_back(change.index);
  }
  return out;
}

// Share of series without a change in which one is found.
double false_alarms(size_t count, size_t n, const Noise& noise) {
  Engine engine(n);
  size_t alarms = 0;
  for (size_t i = 0; i < count; ++i) {
    alarms += places(series(engine, n, noise)).empty() ? 0U : 1U;
  }
  return static_cast<double>(alarms) / static_cast<double>(count);
}

TEST(ChangePointProof, FalseAlarmsStayBelowFivePercentWhateverTheTails) {
  const std::vector<std::pair<const char*, Noise>> kinds{
      {"Gaussian", gaussian},
      {"Student, 3 degrees", [](Engine& engine) { return std::student_t_distribution<double>(3)(engine); }},
      {"Cauchy", [](Engine& engine) { return std::cauchy_distribution<double>()(engine); }},
      {"log-normal", [](Engine& engine) { return std::lognormal_distribution<double>()(engine); }},
      {"few distinct values", [](Engine& engine) { return std::round(gaussian(engine)); }},
  };
  for (const auto& [name, noise] : kinds) {
    const double share = false_alarms(1000, 40, noise);
    std::printf("%s: %.1f %% of 1000 series without a change\n", name, 100 * share);
    EXPECT_LE(share, 0.05) << name;
  }
}

TEST(ChangePointProof, AStepOfThreeSdIsFoundWithinOneRun) {
  Engine engine(1);
  constexpr size_t kSeries = 1000;
  constexpr size_t kLength = 60;
  size_t found = 0;
  for (size_t i = 0; i < kSeries; ++i) {
    std::vector<double> values = series(engine, kLength, gaussian);
    const size_t place = kLength / 4 + engine() % (kLength / 2);
    for (size_t k = place; k < kLength; ++k) {
      values[k] += 3;
    }
    for (const size_t at : places(values)) {
      if (at + 1 >= place && at <= place + 1) {
        ++found;
        break;
      }
    }
  }
  std::printf("found within 1 run in %.1f %% of %zu series\n", 100.0 * static_cast<double>(found) / kSeries,
              kSeries);
  EXPECT_GE(found, kSeries * 95 / 100);
}

TEST(ChangePointProof, CorrelatedRunsRaiseFewFalseAlarms) {
  double last = 0;
  const Noise correlated = [&last](Engine& engine) { return last = 0.6 * last + 0.8 * gaussian(engine); };
  const double share = false_alarms(300, 50, correlated);
  std::printf("correlation 0.6: %.1f %% of 300 series without a change\n", 100 * share);
  EXPECT_LE(share, 0.25) << "methods for independent values raise one in more than half of such series";
}

TEST(ChangePoints, ALevelThatComesAndGoesIsTwoChanges) {
  Engine engine(3);
  std::vector<double> values = series(engine, 60, gaussian);
  for (size_t i = 25; i < 35; ++i) {
    values[i] += 6;
  }
  EXPECT_THAT(places(values), ::testing::ElementsAre(25, 35));
}

TEST(ChangePoints, SeveralStepsOfOneKindAreFound) {
  Engine engine(4);
  std::vector<double> values = series(engine, 80, gaussian);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] += 8.0 * static_cast<double>(i / 20);
  }
  EXPECT_THAT(places(values), ::testing::ElementsAre(20, 40, 60));
}

TEST(ChangePoints, OneOrTwoBadRunsAreNoLevel) {
  Engine engine(5);
  std::vector<double> values = series(engine, 40, gaussian);
  values[12] += 500;
  values[30] += 500;
  values[31] += 500;
  EXPECT_THAT(places(values), ::testing::IsEmpty());
}

TEST(ChangePoints, SayHowLargeTheStepIs) {
  Engine engine(6);
  std::vector<double> values = series(engine, 40, gaussian);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = 100 + values[i] + (i < 20 ? 0 : 10);
  }
  const ChangePoints found = find_change_points(values, {});
  ASSERT_EQ(found.changes.size(), 1U);
  EXPECT_EQ(found.changes[0].index, 20U);
  EXPECT_NEAR(found.changes[0].before, 100, 1);
  EXPECT_NEAR(found.changes[0].after, 110, 1);
  EXPECT_LE(found.changes[0].p_value, 0.02);
  EXPECT_NEAR(found.noise, 1, 0.4);
  EXPECT_EQ(found.correlation, 0) << "a step is no correlation";
}

TEST(ChangePoints, TooFewOrEqualValuesHaveNone) {
  EXPECT_THAT(places({}), ::testing::IsEmpty());
  EXPECT_THAT(places({1}), ::testing::IsEmpty());
  EXPECT_THAT(places({1, 1, 1, 9, 9}), ::testing::IsEmpty());
  EXPECT_THAT(places(std::vector<double>(30, 7.0)), ::testing::IsEmpty());
}

TEST(ChangePoints, AStepBetweenConstantLevelsIsFound) {
  std::vector<double> values(20, 7.0);
  std::fill(values.begin() + 11, values.end(), 8.0);
  EXPECT_THAT(places(values), ::testing::ElementsAre(11));
}

}  // namespace
}  // namespace stepscope::analysis
