// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/cgroup.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

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

// A cgroup file system of our own in a directory, and the two files of /proc that lead to it.
class CgroupTree : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) {
    const std::filesystem::path path = std::filesystem::path(scratch_.path()) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }

  CgroupUsage usage_of(int version) {
    static Cgroup cgroup;
    cgroup = Cgroup();
    EXPECT_TRUE(cgroup.find(scratch_.file("groups").c_str(), scratch_.file("mounts").c_str()));
    EXPECT_EQ(cgroup.version(), version);
    CgroupUsage usage;
    cgroup.read(usage);
    EXPECT_EQ(cgroup.throttled_ns(), usage.throttled_ns);
    return usage;
  }

  testing::TempDir scratch_;
};

TEST_F(CgroupTree, VersionTwoSumsTheChainAndTakesTheTightestQuota) {
  write("groups", "0::/job/worker\n");
  write("mounts", "30 24 0:26 / " + scratch_.file("cg") + " rw - cgroup2 cgroup2 rw\n");
  write("cg/cpu.stat", "usage_usec 9\n");
  write("cg/job/cpu.stat", "usage_usec 9\nnr_throttled 3\nthrottled_usec 450\n");
  write("cg/job/cpu.max", "50000 100000\n");
  write("cg/job/worker/cpu.stat", "nr_throttled 2\nthrottled_usec 50\n");
  write("cg/job/worker/cpu.max", "200000 100000\n");
  write("cg/job/worker/memory.current", "123456\n");
  CgroupUsage usage = usage_of(2);
  EXPECT_TRUE(usage.has_cpu);
  EXPECT_EQ(usage.throttled_ns, 500'000U);
  EXPECT_EQ(usage.nr_throttled, 5U);
  EXPECT_DOUBLE_EQ(usage.quota_cpus, 0.5);
  EXPECT_TRUE(usage.has_memory);
  EXPECT_EQ(usage.memory_bytes, 123456U);
}

TEST_F(CgroupTree, VersionTwoWithoutLimitsOrMemory) {
  write("groups", "0::/job\n");
  write("mounts", "30 24 0:26 / " + scratch_.file("cg") + " rw - cgroup2 cgroup2 rw\n");
  write("cg/job/cpu.stat", "usage_usec 9\nnr_throttled 0\nthrottled_usec 0\n");
  write("cg/job/cpu.max", "max 100000\n");
  CgroupUsage usage = usage_of(2);
  EXPECT_TRUE(usage.has_cpu);
  EXPECT_EQ(usage.throttled_ns, 0U);
  EXPECT_DOUBLE_EQ(usage.quota_cpus, 0);
  EXPECT_FALSE(usage.has_memory);
}

TEST_F(CgroupTree, VersionOneHasItsOwnFilesPerController) {
  write("groups", "4:memory:/m\n3:cpu,cpuacct:/jobs/1/a\n");
  write("mounts", "33 24 0:30 /jobs/1 " + scratch_.file("cpu") + " rw - cgroup cgroup rw,cpu,cpuacct\n" +
                      "34 24 0:31 / " + scratch_.file("mem") + " rw - cgroup cgroup rw,memory\n");
  write("cpu/a/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 7000\n");
  write("cpu/a/cpu.cfs_quota_us", "150000\n");
  write("cpu/a/cpu.cfs_period_us", "100000\n");
  write("cpu/cpu.stat", "nr_throttled 1\nthrottled_time 500\n");
  write("cpu/cpu.cfs_quota_us", "-1\n");
  write("cpu/cpu.cfs_period_us", "100000\n");
  write("mem/m/memory.usage_in_bytes", "777\n");
  CgroupUsage usage = usage_of(1);
  EXPECT_EQ(usage.throttled_ns, 7500U);
  EXPECT_EQ(usage.nr_throttled, 5U);
  EXPECT_DOUBLE_EQ(usage.quota_cpus, 1.5);
  EXPECT_EQ(usage.memory_bytes, 777U);
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
