// SPDX-License-Identifier: Apache-2.0
//
// From throttle reasons and NVML's counters to nanoseconds per reason.
#include "collector/sources/nvml/throttle.hpp"

#include <bit>

#include <gtest/gtest.h>

#include "collector/sources/nvml/period.hpp"

namespace stepscope::collector::nvml {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

FieldValue field(uint32_t id, int32_t type, uint64_t value, int32_t result = kSuccess) {
  FieldValue made = {};
  made.id = id;
  made.type = type;
  made.value = value;
  made.result = result;
  return made;
}

struct Fields {
  FieldValue values[kThrottleFieldCount] = {};

  Fields() {
    for (size_t i = 0; i < kThrottleFieldCount; ++i) {
      values[i] = field(kThrottleFields[i], 0, 0, kNotSupported);
    }
  }
  Fields& set(uint32_t id, int32_t type, uint64_t value) {
    for (FieldValue& each : values) {
      if (each.id == id) {
        each = field(id, type, value);
      }
    }
    return *this;
  }
  // -1 when NVML does not count it.
  [[nodiscard]] int64_t counter(Throttle reason) const {
    uint64_t ns = 0;
    return throttle_counter(values, reason, ns) ? static_cast<int64_t>(ns) : -1;
  }
};

TEST(Throttle, EveryReasonHasItsNameAndItsOwnBit) {
  uint64_t all = 0;
  for (int i = 0; i < kThrottleCount; ++i) {
    const uint64_t bit = throttle_bit(static_cast<Throttle>(i));
    EXPECT_TRUE(std::has_single_bit(bit));
    EXPECT_EQ(all & bit, 0U) << throttle_name(static_cast<Throttle>(i));
    all |= bit;
  }
  EXPECT_EQ(all, 0xffU);
  EXPECT_STREQ(throttle_name(Throttle::kPowerCap), "gpu.throttle.power_cap_ns");
  EXPECT_EQ(throttle_bit(Throttle::kPowerCap), 0x4U);
  EXPECT_STREQ(throttle_name(Throttle::kThermalHw), "gpu.throttle.thermal_hw_ns");
  EXPECT_EQ(throttle_bit(Throttle::kThermalHw), 0x40U);
  EXPECT_STREQ(throttle_name(Throttle::kAppClocks), "gpu.throttle.app_clocks_ns");
  EXPECT_EQ(throttle_bit(Throttle::kAppClocks), 0x2U);
}

TEST(Throttle, AReasonAtBothEndsCountsWholeAndAtOneEndHalf) {
  ThrottleIntegral integral;
  integral.add(10 * kSecond, kReasonPowerCap);
  integral.add(11 * kSecond, kReasonPowerCap | kReasonIdle);
  integral.add(13 * kSecond, 0);
  EXPECT_EQ(integral.ns(Throttle::kPowerCap), 2 * kSecond) << "a second whole, two seconds half";
  EXPECT_EQ(integral.ns(Throttle::kIdle), 3 * kSecond / 2);
  EXPECT_EQ(integral.ns(Throttle::kSyncBoost), 0);
}

TEST(Throttle, TheFirstSampleAndAStoppedProcessAddNothing) {
  ThrottleIntegral integral;
  integral.add(1000 * kSecond, kReasonThermalSw);
  EXPECT_EQ(integral.ns(Throttle::kThermalSw), 0);
  integral.add(2000 * kSecond, kReasonThermalSw);
  EXPECT_EQ(integral.ns(Throttle::kThermalSw), 0) << "nobody looked for a quarter of an hour";
  integral.add(2001 * kSecond, kReasonThermalSw);
  EXPECT_EQ(integral.ns(Throttle::kThermalSw), kSecond);
}

TEST(Throttle, OddNanosecondsAreNotLostToRounding) {
  ThrottleIntegral integral;
  for (int64_t t = 1; t <= 1001; ++t) {
    integral.add(t, t % 2 != 0 ? kReasonPowerCap : 0);
  }
  EXPECT_EQ(integral.ns(Throttle::kPowerCap), 500);
}

TEST(ThrottleCounters, TheIdsOfNvml13AndOfNvml12AreToldApartByType) {
  Fields newer;
  newer.set(kFieldThermalSw13, kTypeUlongLong, 1).set(kFieldThermalHw13, kTypeUlongLong, 2);
  newer.set(kFieldPowerBrake13, kTypeUlongLong, 3);
  newer.set(kFieldThermalSw12, kTypeUint, 91)
      .set(kFieldThermalHw12, kTypeUint, 92)
      .set(kFieldPowerBrake12, kTypeUint, 93);
  EXPECT_EQ(newer.counter(Throttle::kThermalSw), 1);
  EXPECT_EQ(newer.counter(Throttle::kThermalHw), 2);
  EXPECT_EQ(newer.counter(Throttle::kPowerBrake), 3);

  Fields older;
  older.set(kFieldThermalSw12, kTypeUlongLong, 4).set(kFieldThermalHw12, kTypeUlongLong, 5);
  older.set(kFieldPowerBrake12, kTypeUlongLong, 6);
  older.set(kFieldThermalSw13, kTypeUint, 91)
      .set(kFieldThermalHw13, kTypeUint, 92)
      .set(kFieldPowerBrake13, kTypeUint, 93);
  EXPECT_EQ(older.counter(Throttle::kThermalSw), 4);
  EXPECT_EQ(older.counter(Throttle::kThermalHw), 5);
  EXPECT_EQ(older.counter(Throttle::kPowerBrake), 6);
}

TEST(ThrottleCounters, ADriverWithoutTheDetailedOnesStillCountsPowerAndHeat) {
  Fields fields;
  fields.set(kFieldPowerCap, kTypeUlongLong, 7).set(kFieldThermal, kTypeUlongLong, 8);
  EXPECT_EQ(fields.counter(Throttle::kPowerCap), 7);
  EXPECT_EQ(fields.counter(Throttle::kThermalSw), 8);
  EXPECT_EQ(fields.counter(Throttle::kThermalHw), -1);
  EXPECT_EQ(fields.counter(Throttle::kSyncBoost), -1);
  EXPECT_EQ(fields.counter(Throttle::kIdle), -1) << "never counted by NVML";
}

TEST(ThrottleCounters, AFieldIsReadAsItsType) {
  uint64_t number = 0;
  EXPECT_TRUE(field_number(field(kFieldPcieReplays, kTypeUint, 0xdead00000003), number));
  EXPECT_EQ(number, 3U);
  EXPECT_TRUE(field_number(field(kFieldPcieReplays, kTypeUshort, 0xdead00000003), number));
  EXPECT_EQ(number, 3U);
  EXPECT_TRUE(field_number(field(kFieldPcieReplays, kTypeDouble, std::bit_cast<uint64_t>(2.5)), number));
  EXPECT_EQ(number, 2U);
  EXPECT_FALSE(field_number(field(kFieldPcieReplays, 77, 1), number)) << "a type of the future";
  EXPECT_FALSE(field_number(field(kFieldPcieReplays, kTypeUint, 1, kNotSupported), number));
}

TEST(Period, SlowReadingsAreMadeLessOftenAndQuickOnesAsBefore) {
  constexpr int64_t kMillisecond = 1'000'000;
  EXPECT_EQ(next_period(kSecond, 3 * kMillisecond), kSecond);
  EXPECT_EQ(next_period(kSecond, 21 * kMillisecond), 2 * kSecond);
  EXPECT_EQ(next_period(2 * kSecond, 15 * kMillisecond), 2 * kSecond) << "neither slow nor quick";
  EXPECT_EQ(next_period(4 * kSecond, 3 * kMillisecond), 2 * kSecond);
  EXPECT_EQ(next_period(kLongestPeriodNs, 9 * kSecond), kLongestPeriodNs);
}

}  // namespace
}  // namespace stepscope::collector::nvml
