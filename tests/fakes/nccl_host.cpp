// SPDX-License-Identifier: Apache-2.0
//
// An NCCL as its profiler plugin sees it: nccl_host WHAT VERSION. The times of "the GPU" are far from the host's, as a GPU's
// globaltimer is. Exit code 0 when the plugin answered every call with success.
#include <pthread.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/nccl_plugin.hpp"

namespace {

using namespace stepscope::testing;

constexpr uint64_t kGpu = 7'000'000'000'000;

void pause_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

// A collective with both channels, everything in order. It "runs" 5 us.
void run_in_order(NcclCommunicator& comm, const NcclCollective& call) {
  void* event = comm.start(coll(comm.version(), call));
  void* first = comm.start_part(event, 0, kGpu);
  void* second = comm.start_part(event, 1, kGpu + 1000);
  comm.stop_part(first, kGpu + 4000);
  comm.stop_part(second, kGpu + 5000);
  comm.stop(event);
}

int in_order(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  std::printf("mask %d\n", comm.mask());
  for (uint64_t seq = 0; seq < 3; ++seq) {
    run_in_order(comm, {.seq = seq});
  }
  if (version <= 3) {
    pause_ms(600);  // proxies do not say how many operations there will be
  }
  comm.finalize();
  return comm.failures() + comm.init_result();
}

// The collective's own stop comes first, then its channels on another thread, the last one first.
int late(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* event = comm.start(coll(version, {.seq = 41}));
  comm.stop(event);
  std::thread([&] {
    pause_ms(20);
    void* first = comm.start_part(event, 0, kGpu);
    void* second = comm.start_part(event, 1, kGpu + 10'000'000);
    comm.stop_part(second, kGpu + 60'000'000);
    pause_ms(30);
    comm.stop_part(first, kGpu + 70'000'000);
  }).join();
  pause_ms(600);
  comm.finalize();
  return comm.failures();
}

// Two channels are announced, one of them comes.
int silent(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* event = comm.start(coll(version, {}));
  comm.stop(event);
  comm.stop_part(comm.start_part(event, 0, kGpu), kGpu + 3000);
  pause_ms(700);
  return comm.failures();  // neither finalized nor ended: written by now
}

int aborted(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  run_in_order(comm, {.seq = 0});
  void* hanging = comm.start(coll(version, {.seq = 1}));
  comm.stop(hanging);
  void* part = comm.start_part(hanging, 0, kGpu);
  void* never_stopped = comm.start(coll(version, {.seq = 2}));
  comm.finalize();
  comm.stop_part(part, kGpu + 1);  // the proxy's thread notices late
  comm.stop(never_stopped);
  NcclCommunicator again(version, "world", 0xABC, 8, 3);
  run_in_order(again, {.seq = 0});
  if (version <= 3) {
    pause_ms(600);
  }
  again.finalize();
  return comm.failures() + again.failures();
}

int messages(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  const auto run = [&](NcclName func, int32_t peer) {
    void* event = comm.start(p2p(version, {.func = func, .peer = peer}));
    comm.stop(event);
    comm.stop_part(comm.start_part(event, 0, kGpu), kGpu + 2000);
  };
  run(kSend, 1);
  run(kSend, 1);
  run(kRecv, 1);
  run(kSend, 2);
  run(kSend, 1);
  if (version <= 3) {
    pause_ms(600);
  }
  comm.finalize();
  return comm.failures();
}

// Captured into a graph, where it does not run, and replayed later. From version 5 on NCCL says so.
int captured(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* group = comm.start(group_api(version, true));
  void* api = comm.start(coll_api(version, group, false));
  void* event = comm.start(coll(version, {.seq = 0}, api));
  comm.stop(event);
  comm.stop(api);
  comm.stop(api);  // NCCL stops it twice when the slot was left alone
  comm.stop(group);
  comm.finalize();
  NcclCommunicator replay(version, "world", 0xABC, 8, 3);
  run_in_order(replay, {.seq = 0});
  return comm.failures() + replay.failures();
}

// NCCL tells of it in this event alone, and only to a plugin that asked for it.
int copy_engine(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  if ((static_cast<uint64_t>(comm.mask()) & kNcclCeColl) == 0) {
    return 0;
  }
  void* event = comm.start(ce_coll(nullptr, 5));
  comm.start(NcclDescriptor(6, 8192, event));
  comm.start(NcclDescriptor(6, 16384, event));
  comm.stop(event);
  return comm.failures();
}

int misuse(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* event = comm.start(coll(version, {.seq = 1}));
  void* other_process = comm.start(proxy_op(version, event, 1));
  void* step = comm.start(NcclDescriptor(version, kNcclProxyStep, event));
  comm.stop(event);
  comm.stop(event);
  void* part = comm.start_part(event, 0, kGpu);
  void* other = comm.start_part(event, 1, kGpu);
  comm.state(part, 22, nullptr);
  comm.state(part, 99, nullptr);
  comm.stop_part(part, kGpu + 9);
  comm.stop_part(part, kGpu + 9);
  comm.stop(other);
  comm.state(other, 22, nullptr);
  comm.stop(&comm);
  comm.stop(nullptr);
  comm.state(nullptr, 22, nullptr);
  comm.state(&comm, 22, nullptr);
  void* unknown = comm.start(NcclDescriptor(version, version <= 4 ? 0x80 : 1U << 20, nullptr));
  void* foreign_parent = comm.start_part(&comm, 0, kGpu);
  void* handle = &comm;
  int failures =
      unknown == nullptr && foreign_parent == nullptr && other_process == nullptr && step == nullptr ? 0 : 1;
  failures +=
      comm.plugin().start_event(nullptr, &handle, coll(version, {}).data()) + (handle != nullptr ? 1 : 0);
  failures += comm.plugin().start_event(&comm, nullptr, coll(version, {}).data());
  failures += comm.plugin().finalize(nullptr) + comm.plugin().finalize(&comm);
  if (version <= 3) {
    pause_ms(600);
  }
  comm.finalize();
  comm.finalize();
  handle = &comm;
  return failures + comm.failures();
}

// What only another plugin behind ours may want: steps of proxy operations, operations for another process.
int proxies(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* event = comm.start(coll(version, {.seq = 1}));
  void* operation = comm.start(proxy_op(version, event, getpid()));
  void* step = comm.start(NcclDescriptor(version, kNcclProxyStep, operation));
  comm.state(step, 9, nullptr);
  comm.stop(step);
  void* other_process = comm.start(proxy_op(version, reinterpret_cast<void*>(0x10), 1));
  comm.stop(other_process);
  comm.stop(operation);
  comm.stop_part(comm.start_part(event, 0, kGpu), kGpu + 1);
  comm.stop_part(comm.start_part(event, 1, kGpu), kGpu + 1);
  comm.stop(event);
  comm.finalize();
  return comm.failures();
}

// Every thread runs collectives of the one communicator; each hands the channels of its collectives to the next thread.
int threads(int version) {
  constexpr int kThreads = 8;
  constexpr uint64_t kEach = 500;
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  std::vector<std::vector<void*>> events(kThreads, std::vector<void*>(kEach));
  const auto on_all = [&](const std::function<void(size_t)>& work) {
    std::vector<std::thread> all;
    for (size_t i = 0; i < kThreads; ++i) {
      all.emplace_back(work, i);
    }
    for (std::thread& thread : all) {
      thread.join();
    }
  };
  on_all([&](size_t i) {
    for (uint64_t n = 0; n < kEach; ++n) {
      events[i][n] = comm.start(coll(version, {.seq = i * kEach + n}));
    }
  });
  on_all([&](size_t i) {
    for (uint64_t n = 0; n < kEach; ++n) {
      void* event = events[i][n];
      void* before = events[(i + 1) % kThreads][n];
      comm.stop_part(comm.start_part(event, 0, kGpu), kGpu + 100);
      comm.stop(event);
      comm.stop_part(comm.start_part(before, 1, kGpu), kGpu + 200);
    }
  });
  if (version <= 3) {
    pause_ms(700);
  }
  comm.finalize();
  return comm.failures();
}

// A small group first, then the world, then another group: as frameworks make them.
int several(int version) {
  NcclCommunicator pair(version, "tensor", 0x10, 2, 1);
  NcclCommunicator world(version, nullptr, 0xABC, 8, 3);
  NcclCommunicator split(version, "data", 0x20, 4, 2);
  for (NcclCommunicator* comm : {&pair, &world, &split}) {
    run_in_order(*comm, {.seq = 9});
  }
  split.finalize();
  pair.finalize();
  world.finalize();
  return 0;
}

// A thread makes a communicator in a destructor, when nothing of it is recorded any more. It is first used later, by another.
int made_by_an_ending_thread(int version) {
  static std::unique_ptr<NcclCommunicator> late;
  static int of_version = version;
  std::thread([] {
    NcclCommunicator early(of_version, "early", 0x10, 8, 3);
    run_in_order(early, {.seq = 0});
    early.finalize();
    pthread_key_t key;
    pthread_key_create(
        &key, [](void*) { late = std::make_unique<NcclCommunicator>(of_version, "world", 0xABC, 8, 3); });
    pthread_setspecific(key, &late);
  }).join();
  void* event = late->start(version >= 6 ? ce_coll(nullptr, 1) : coll(version, {.seq = 1}));
  late->stop(event);
  late->finalize();
  return late->failures();
}

// A worker that is forked from a process with communicators.
int forked(int version) {
  NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* event = comm.start(coll(version, {.seq = 1}));
  const pid_t child = fork();
  if (child == 0) {
    comm.stop(event);
    const bool inert = comm.start(coll(version, {.seq = 2})) == nullptr;
    NcclCommunicator own(version, "own", 1, 1, 0);
    _exit(inert && own.init_result() != 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  void* first = comm.start_part(event, 0, kGpu);
  void* second = comm.start_part(event, 1, kGpu);
  comm.stop_part(first, kGpu + 10);
  comm.stop_part(second, kGpu + 20);
  comm.stop(event);
  return WEXITSTATUS(status) + comm.failures();
}

// The process ends without a word to NCCL.
int open_at_exit(int version) {
  static NcclCommunicator comm(version, "world", 0xABC, 8, 3);
  void* event = comm.start(coll(version, {.seq = 1}));
  comm.stop(event);
  comm.start_part(event, 0, kGpu);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, int (*)(int)> all = {
      {"in_order", in_order}, {"late", late},
      {"silent", silent},     {"aborted", aborted},
      {"p2p", messages},      {"captured", captured},
      {"ce", copy_engine},    {"misuse", misuse},
      {"threads", threads},   {"several", several},
      {"fork", forked},       {"proxies", proxies},
      {"open", open_at_exit}, {"ending", made_by_an_ending_thread}};
  const auto found = all.find(argc > 2 ? argv[1] : "");
  return found == all.end() ? 96 : found->second(std::atoi(argv[2]));
}
