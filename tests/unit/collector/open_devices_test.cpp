// SPDX-License-Identifier: Apache-2.0
#include "collector/open_devices.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::collector {
namespace {

TEST(OpenDevices, CountsDescriptorsOfVerbsDevices) {
  const testing::TempDir scratch;
  std::filesystem::create_directories(scratch.file("infiniband"));
  std::ofstream(scratch.file("infiniband/uverbs1")) << "a device";
  std::ofstream(scratch.file("infiniband/rdma_cm")) << "none that moves data";
  const int before = count_open_verbs_devices();
  const int device = open(scratch.file("infiniband/uverbs1").c_str(), O_RDONLY | O_CLOEXEC);
  const int other = open(scratch.file("infiniband/rdma_cm").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(before, 0);
  EXPECT_EQ(count_open_verbs_devices(), before + 1);
  close(device);
  EXPECT_EQ(count_open_verbs_devices(), before);
  close(other);
}

}  // namespace
}  // namespace stepscope::collector
