// SPDX-License-Identifier: Apache-2.0
//
// An NCCL whose communicators come up: nccl_setup_host WHAT VERSION. Its calls are NVTX ranges as NCCL's are, around the init of
// its profiler plugin. Each communicator runs one collective, as versions 1 to 3 say only then which one it is.
#include <fcntl.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/nccl_plugin.hpp"
#include "tests/support/nvtx_instance.hpp"

namespace {

using namespace stepscope::testing;

constexpr uint64_t kId = 0xABC;
constexpr uint64_t kParent = 0x999;
constexpr uint64_t kStaticSchema = 1U << 24;

void pause_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

NvtxInstance& nvtx() {
  static NvtxInstance instance;
  return instance;
}

void* nccl_domain() {
  static void* domain = core2<MakeHandle>(nvtx(), abi::kDomainCreateA)("NCCL");
  return domain;
}

// One call into NCCL. NCCL adds the payload when the call is through; up to 2.24 it has no communicator in it.
class Call {
 public:
  explicit Call(const char* name) {
    void* text = core2<RegisterString>(nvtx(), abi::kDomainRegisterStringA)(nccl_domain(), name);
    const abi::EventAttributes event = event_of(abi::kMessageRegistered, text);
    core2<PushEvent>(nvtx(), abi::kDomainRangePushEx)(nccl_domain(), &event);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void returns() { core2<PopIn>(nvtx(), abi::kDomainRangePop)(nccl_domain()); }

  void returns(uint64_t communicator) {
    const abi::SchemaEntry entries[] = {
        {0, abi::kTypeUint64, "NCCL communicator ID", nullptr, 0, 0, nullptr, nullptr},
        {0, abi::kTypeUint64, "Parent NCCL communicator ID", nullptr, 0, 8, nullptr, nullptr},
        {0, abi::kTypeInt, "No. of ranks", nullptr, 0, 16, nullptr, nullptr}};
    abi::SchemaAttributes schema = {};
    schema.field_mask = abi::kSchemaHasEntries | abi::kSchemaHasEntryCount | abi::kSchemaHasId;
    schema.entries = entries;
    schema.entry_count = 3;
    schema.schema_id = kStaticSchema + 13;
    reinterpret_cast<uint64_t (*)(const void*, const abi::SchemaAttributes*)>(
        nvtx().payload_slots[abi::kSchemaRegister])(nccl_domain(), &schema);
    struct {
      uint64_t made;
      uint64_t parent = kParent;
      int ranks = 8;
    } values = {communicator};
    const abi::PayloadData payload = {schema.schema_id, sizeof(values), &values};
    reinterpret_cast<int (*)(const void*, const abi::PayloadData*, size_t)>(
        nvtx().payload_slots[abi::kRangePopPayload])(nccl_domain(), &payload, 1);
  }
};

// A communicator that is used once.
class Used {
 public:
  explicit Used(int version, int rank = 3, int nodes = 2)
      : version_(version), rank_(rank), comm_(version, "world", kId, 8, rank, nodes) {}
  void use() { comm_.stop(comm_.start(coll(version_, {.seq = 0, .rank = rank_}))); }

 private:
  int version_;
  int rank_;
  NcclCommunicator comm_;
};

// In the middle of the call, on its thread: ncclCommInitRank.
int inside(int version) {
  Call call("ncclCommInitRank");
  pause_ms(20);
  Used comm(version);
  pause_ms(30);
  version >= 3 ? call.returns(kId) : call.returns();
  comm.use();
  return 0;
}

// On a thread of NCCL's, for which the call waits: ncclCommInitRankConfig of some versions, ncclCommSplit.
int elsewhere(int version) {
  Call call("ncclCommSplit");
  std::unique_ptr<Used> comm;
  std::thread([&] { comm = std::make_unique<Used>(version); }).join();
  pause_ms(30);
  call.returns(kId);
  comm->use();
  return 0;
}

// The call returns at once, the group's end does the work.
int grouped(int version) {
  Call call("ncclCommInitRankConfig");
  call.returns(0);
  pause_ms(5);
  Used comm(version);
  comm.use();
  return 0;
}

// A non-blocking one: its call returns first, with the communicator's number already.
int non_blocking(int version) {
  Call call("ncclCommInitRankConfig");
  call.returns(kId);
  pause_ms(5);
  std::unique_ptr<Used> comm;
  std::thread([&] { comm = std::make_unique<Used>(version); }).join();
  comm->use();
  return 0;
}

// Two ranks in one process, each asked for by a thread of its own: who came up in which call nobody says.
int two_ranks(int version) {
  Call call("ncclCommInitRankConfig");
  std::unique_ptr<Used> first;
  std::unique_ptr<Used> second;
  std::thread([&] {
    Call other("ncclCommInitRankConfig");
    std::thread([&] { first = std::make_unique<Used>(version, 0); }).join();
    std::thread([&] { second = std::make_unique<Used>(version, 1); }).join();
    other.returns(kId);
  }).join();
  pause_ms(5);
  call.returns(kId);
  first->use();
  second->use();
  return 0;
}

// One call for two ranks of this process: the other one is made in a group.
int rank_beside(int version) {
  Call call("ncclCommInitRankConfig");
  std::unique_ptr<Used> first;
  std::unique_ptr<Used> second;
  std::thread([&] { first = std::make_unique<Used>(version, 0); }).join();
  std::thread([&] { second = std::make_unique<Used>(version, 1); }).join();
  call.returns(kId);
  first->use();
  second->use();
  return 0;
}

int all_ranks(int version) {
  Call call("ncclCommInitAll");
  std::unique_ptr<Used> first;
  std::unique_ptr<Used> second;
  std::thread([&] { first = std::make_unique<Used>(version, 0); }).join();
  std::thread([&] { second = std::make_unique<Used>(version, 1); }).join();
  pause_ms(30);
  call.returns(kId);
  first->use();
  second->use();
  return 0;
}

// The record is written when the call is over, while the program goes on.
int long_lived(int version) {
  Call call("ncclCommInitRank");
  pause_ms(250);  // longer than the drain thread's pause
  Used comm(version);
  call.returns(kId);
  comm.use();
  pause_ms(400);
  kill(getpid(), SIGKILL);
  return 1;
}

int never_returns(int version) {
  const Call call("ncclCommInitRank");
  Used comm(version);
  comm.use();
  pause_ms(250);
  return 0;
}

int killed_inside(int version) {
  const Call call("ncclCommInitRank");
  Used comm(version);
  pause_ms(250);  // longer than the drain thread's pause
  comm.use();
  const Call after("ncclAllReduce");
  kill(getpid(), SIGKILL);
  return 1;
}

int without_nvtx(int version) {
  Used comm(version);
  comm.use();
  return 0;
}

int one_node(int version) {
  Used comm(version, 3, 1);
  comm.use();
  return 0;
}

// A file that a verbs device's path ends like.
int open_verbs_device() {
  return open("infiniband/uverbs0", O_RDONLY | O_CLOEXEC);
}

int over_infiniband(int version) {
  Call call("ncclCommInitRank");
  const int device = open_verbs_device();
  Used comm(version);
  call.returns(kId);
  comm.use();
  return device >= 0 ? 0 : 95;
}

int infiniband_of_others(int version) {
  const int device = open_verbs_device();
  Call call("ncclCommInitRank");
  Used comm(version);
  call.returns(kId);
  comm.use();
  return device >= 0 ? 0 : 95;
}

// Once its network is up NCCL looks at nothing of this any more.
int others_come_later(int version) {
  Call call("ncclCommInitRank");
  Used comm(version);
  const int device = open_verbs_device();
  setenv("NCCL_NET", "Other", 1);
  pause_ms(20);
  call.returns(kId);
  comm.use();
  return device >= 0 ? 0 : 95;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, int (*)(int)> all = {{"inside", inside},
                                                   {"elsewhere", elsewhere},
                                                   {"grouped", grouped},
                                                   {"non_blocking", non_blocking},
                                                   {"two_ranks", two_ranks},
                                                   {"rank_beside", rank_beside},
                                                   {"all_ranks", all_ranks},
                                                   {"long_lived", long_lived},
                                                   {"never_returns", never_returns},
                                                   {"killed_inside", killed_inside},
                                                   {"without_nvtx", without_nvtx},
                                                   {"one_node", one_node},
                                                   {"over_infiniband", over_infiniband},
                                                   {"infiniband_of_others", infiniband_of_others},
                                                   {"others_come_later", others_come_later}};
  const auto found = all.find(argc > 2 ? argv[1] : "");
  if (found == all.end() || !attach_nvtx(nvtx())) {
    return 96;
  }
  return found->second(std::atoi(argv[2]));
}
