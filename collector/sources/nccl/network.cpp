// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/network.hpp"

#include <stdlib.h>
#include <strings.h>

#include <atomic>
#include <initializer_list>

#include "collector/dynamic_library.hpp"
#include "collector/open_devices.hpp"
#include "collector/process_state.hpp"
#include "collector/setup_calls.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr size_t kLongestName = 64;

enum class Found : uint8_t { kNo, kSought, kYes };
constinit std::atomic<Found> g_found{Found::kNo};
constinit uint32_t g_name = 0;  // before kYes

bool is_set(const char* value) noexcept {
  return value != nullptr && value[0] != '\0';
}

bool is_net_plugin(void*, TextView path) noexcept {
  size_t slash = path.size;
  while (slash > 0 && path.data[slash - 1] != '/') {
    --slash;
  }
  return path.substr(slash).starts_with("libnccl-net");
}

}  // namespace

Network judge_network(const NetworkSigns& signs) noexcept {
  if (signs.env_plugin) {
    return {{}, "not known: NCCL_ENV_PLUGIN may set what the environment does not show"};
  }
  if (is_set(signs.net)) {
    for (const char* own : {"IB", "Socket"}) {
      if (strcasecmp(signs.net, own) == 0) {
        return {TextView(own), "NCCL_NET: NCCL takes it or does not come up"};
      }
    }
    return {TextView(signs.net).substr(0, kLongestName), "NCCL_NET: NCCL takes it or does not come up"};
  }
  if (signs.plugin_loaded || (is_set(signs.net_plugin) && strcasecmp(signs.net_plugin, "none") != 0)) {
    return {{}, "not known: a network plugin is there"};
  }
  uint64_t disabled = 0;  // as NCCL reads it: what is no number is 0
  if (is_set(signs.ib_disable) && parse_u64(TextView(signs.ib_disable), disabled) && disabled != 0) {
    return {TextView("Socket"), "NCCL_IB_DISABLE, and no network plugin"};
  }
  if (signs.verbs_now < 0) {
    return {{}, "not known: /proc cannot be read"};
  }
  if (signs.verbs_now == 0) {
    return {TextView("Socket"), "the process has no verbs device open, and no network plugin"};
  }
  if (signs.verbs_before >= 0 && signs.verbs_now > signs.verbs_before) {
    return {TextView("IB"), "the process opened verbs devices while its first communicator came up"};
  }
  return {{}, "not known: the process has verbs devices open, but who opened them was not seen"};
}

void find_network() noexcept {
  Found found = Found::kNo;
  if (!g_found.compare_exchange_strong(found, Found::kSought, std::memory_order_acquire)) {
    return;
  }
  const Network network =
      judge_network({getenv("NCCL_NET"), getenv("NCCL_NET_PLUGIN"), getenv("NCCL_IB_DISABLE"),
                     any_loaded_object(is_net_plugin, nullptr), is_set(getenv("NCCL_ENV_PLUGIN")),
                     verbs_before_setup(), count_open_verbs_devices()});
  TextBuffer<kLongestName + 1> name;
  name.add(network.name);
  g_name = name.empty() ? 0 : spool().intern(name.c_str(), name.size());
  if (!name.empty()) {
    spool().meta("nccl.network", name.c_str());
  }
  spool().meta("nccl.network_evidence", network.evidence);
  g_found.store(Found::kYes, std::memory_order_release);
}

bool network_is_sought() noexcept {
  return g_found.load(std::memory_order_acquire) == Found::kSought;
}

uint32_t network_of_process() noexcept {
  return g_found.load(std::memory_order_acquire) == Found::kYes ? g_name : 0;
}

void forget_network() noexcept {
  g_found.store(Found::kNo, std::memory_order_relaxed);
  g_name = 0;
}

}  // namespace stepscope::collector::nccl
