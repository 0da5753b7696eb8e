// SPDX-License-Identifier: Apache-2.0
//
// Loads the given shared objects, each with its own real NVTX, and runs them at the same time.
#include <dlfcn.h>

#include <cstring>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  std::vector<std::thread> threads;
  std::vector<int> results(static_cast<size_t>(argc), 0);
  for (int i = 1; i < argc; ++i) {
    void* part = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
    void* symbol = part == nullptr ? nullptr : dlsym(part, "run_part");
    if (symbol == nullptr) {
      return 98;
    }
    int (*run)(int) = nullptr;
    std::memcpy(&run, &symbol, sizeof(run));
    threads.emplace_back([&results, i, run] { results[static_cast<size_t>(i)] = run(200); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  int worst = 0;
  for (int result : results) {
    worst = result > worst ? result : worst;
  }
  return worst;
}
