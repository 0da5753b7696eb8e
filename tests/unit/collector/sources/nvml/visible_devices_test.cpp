// SPDX-License-Identifier: Apache-2.0
//
// CUDA_VISIBLE_DEVICES as CUDA reads it.
#include "collector/sources/nvml/visible_devices.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stepscope::collector::nvml {
namespace {

std::string parsed(const char* text) {
  VisibleDevice devices[8];
  const int count = parse_visible_devices(TextView(text), devices, 8);
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += i == 0 ? "" : " ";
    switch (devices[i].form) {
      case VisibleDevice::Form::kIndex:
        all += std::to_string(devices[i].index);
        break;
      case VisibleDevice::Form::kUuid:
        all += "gpu:" + std::string(devices[i].uuid.data, devices[i].uuid.size);
        break;
      case VisibleDevice::Form::kMig:
        all += "mig:" + std::string(devices[i].uuid.data, devices[i].uuid.size);
        break;
    }
  }
  return all;
}

TEST(VisibleDevices, NumbersKeepTheirOrder) {
  EXPECT_EQ(parsed("0"), "0");
  EXPECT_EQ(parsed("3,1, 2 "), "3 1 2");
}

TEST(VisibleDevices, UuidsAndSlicesMayBeMixedWithNumbers) {
  EXPECT_EQ(parsed("GPU-8d2a,1,MIG-0c5e"), "gpu:GPU-8d2a 1 mig:MIG-0c5e");
  EXPECT_EQ(parsed("MIG-GPU-8d2a/1/0"), "mig:MIG-GPU-8d2a/1/0");
}

TEST(VisibleDevices, TheListEndsAtTheFirstEntryThatIsNone) {
  EXPECT_EQ(parsed(""), "");
  EXPECT_EQ(parsed("-1"), "");
  EXPECT_EQ(parsed("0,-1,1"), "0");
  EXPECT_EQ(parsed("0,,1"), "0");
  EXPECT_EQ(parsed("NoDevFiles"), "");
  EXPECT_EQ(parsed("1,99999999999999999999"), "1");
}

TEST(VisibleDevices, NoMoreThanThereIsRoomFor) {
  EXPECT_EQ(parsed("0,1,2,3,4,5,6,7,8,9"), "0 1 2 3 4 5 6 7");
}

}  // namespace
}  // namespace stepscope::collector::nvml
