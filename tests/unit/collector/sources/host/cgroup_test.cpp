// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/cgroup.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stepscope::collector {
namespace {

std::string text(TextView view) {
  return {view.data, view.size};
}

constexpr const char* kV1Groups =
    "4:memory:/jobs/1\n3:cpu,cpuacct:/jobs/1/a\n1:name=systemd:/x\n0::/unified\n";
constexpr const char* kMounts =
    "24 1 0:22 / /sys rw - sysfs sysfs rw\n"
    "30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
    "33 24 0:30 /jobs/1 /sys/fs/cgroup/cpu,cpuacct rw shared:15 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 24 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

TEST(Cgroup, FindsAControllersPath) {
  TextView path;
  ASSERT_TRUE(parse_cgroup_path(TextView(kV1Groups), "cpu", path));
  EXPECT_EQ(text(path), "/jobs/1/a");
  ASSERT_TRUE(parse_cgroup_path(TextView(kV1Groups), "", path));
  EXPECT_EQ(text(path), "/unified");
  EXPECT_FALSE(parse_cgroup_path(TextView(kV1Groups), "io", path));
}

TEST(Cgroup, FindsAControllersMount) {
  TextView mount;
  TextView root;
  ASSERT_TRUE(parse_cgroup_mount(TextView(kMounts), "cpu", mount, root));
  EXPECT_EQ(text(mount), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(text(root), "/jobs/1");
  ASSERT_TRUE(parse_cgroup_mount(TextView(kMounts), "", mount, root));
  EXPECT_EQ(text(mount), "/sys/fs/cgroup/unified");
  EXPECT_FALSE(parse_cgroup_mount(TextView(kMounts), "pids", mount, root));
}

TEST(Cgroup, ReadsKeyedNumbers) {
  uint64_t value = 0;
  TextView stat("usage_usec 10\nnr_throttled 3\nthrottled_usec 450\n");
  ASSERT_TRUE(parse_keyed(stat, "throttled_usec", value));
  EXPECT_EQ(value, 450U);
  EXPECT_FALSE(parse_keyed(stat, "throttled", value));
}

TEST(Cgroup, ReadsTheQuota) {
  EXPECT_DOUBLE_EQ(parse_cpu_max(TextView("50000 100000\n")), 0.5);
  EXPECT_DOUBLE_EQ(parse_cpu_max(TextView("400000 100000\n")), 4);
  EXPECT_DOUBLE_EQ(parse_cpu_max(TextView("max 100000\n")), 0);
  EXPECT_DOUBLE_EQ(parse_cpu_max(TextView("")), 0);
  EXPECT_DOUBLE_EQ(parse_cpu_max(TextView("5 0")), 0);
}

TEST(Cgroup, DamagedTextsFindNothing) {
  TextView view;
  EXPECT_FALSE(parse_cgroup_path(TextView("::::\n\n:"), "cpu", view));
  EXPECT_FALSE(parse_cgroup_mount(TextView("1 2\n - \n-\n"), "", view, view));
}

TEST(Cgroup, ThisProcessIsReadWithoutTrouble) {
  static Cgroup cgroup;
  if (!cgroup.find()) {
    GTEST_SKIP() << "no cgroup file system here";
  }
  CgroupUsage usage;
  cgroup.read(usage);
  EXPECT_GE(usage.quota_cpus, 0);
  EXPECT_TRUE(cgroup.version() == 1 || cgroup.version() == 2);
}

}  // namespace
}  // namespace stepscope::collector
