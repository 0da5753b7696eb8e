// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/network.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stepscope::collector::nccl {
namespace {

std::string judged(const NetworkSigns& signs) {
  const Network network = judge_network(signs);
  EXPECT_NE(network.evidence, nullptr);
  EXPECT_EQ(network.name.empty(), std::string(network.evidence).rfind("not known: ", 0) == 0);
  return network.name.empty() ? "" : std::string(network.name.data, network.name.size);
}

TEST(Network, ADeviceThatTheProcessOpenedMeanwhileIsInfiniband) {
  EXPECT_EQ(judged({.verbs_before = 0, .verbs_now = 4}), "IB");
  EXPECT_EQ(judged({.verbs_before = 2, .verbs_now = 4}), "IB");
}

TEST(Network, WithoutAnyDeviceItIsTheSocket) {
  EXPECT_EQ(judged({.verbs_before = 0, .verbs_now = 0}), "Socket");
  EXPECT_EQ(judged({.verbs_before = -1, .verbs_now = 0}), "Socket");
}

TEST(Network, DevicesOfOthersLeaveItOpen) {
  EXPECT_EQ(judged({.verbs_before = 4, .verbs_now = 4}), "");
  EXPECT_EQ(judged({.verbs_before = -1, .verbs_now = 4}), "");
  EXPECT_EQ(judged({.verbs_before = 0, .verbs_now = -1}), "");
}

TEST(Network, WhatTheUserAskedForIsWhatThereIs) {
  EXPECT_EQ(judged({.net = "ib", .verbs_now = 0}), "IB");
  EXPECT_EQ(judged({.net = "SOCKET", .verbs_before = 0, .verbs_now = 4}), "Socket");
  EXPECT_EQ(judged({.net = "AWS Libfabric", .plugin_loaded = true, .verbs_now = 4}), "AWS Libfabric");
  EXPECT_EQ(judged({.ib_disable = "1", .verbs_before = 0, .verbs_now = 4}), "Socket");
  EXPECT_EQ(judged({.net = "", .ib_disable = "0", .verbs_before = 0, .verbs_now = 4}), "IB");
}

TEST(Network, APluginMayBeAnything) {
  EXPECT_EQ(judged({.plugin_loaded = true, .verbs_before = 0, .verbs_now = 4}), "");
  EXPECT_EQ(judged({.plugin_loaded = true, .verbs_before = 0, .verbs_now = 0}), "");
  EXPECT_EQ(judged({.net_plugin = "/opt/mine.so", .verbs_before = 0, .verbs_now = 0}), "");
  EXPECT_EQ(judged({.net_plugin = "none", .verbs_before = 0, .verbs_now = 0}), "Socket");
  EXPECT_EQ(judged({.ib_disable = "1", .plugin_loaded = true, .verbs_now = 0}), "");
}

TEST(Network, SettingsThatTheEnvironmentDoesNotShowMayBeAnything) {
  EXPECT_EQ(judged({.net = "IB", .env_plugin = true, .verbs_before = 0, .verbs_now = 4}), "");
}

}  // namespace
}  // namespace stepscope::collector::nccl
