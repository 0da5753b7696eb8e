// SPDX-License-Identifier: Apache-2.0
//
// A program that uses a GPU, as far as the collector sees it: at cuInit the CUDA driver calls InitializeInjection of the library
// that CUDA_INJECTION64_PATH names. Then it runs for a while; "fork" also in a child; "setenv" after it has changed the variables
// that CUDA has read.
//   fake_nvml_host MILLISECONDS [fork|setenv]
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  const int milliseconds = argc > 1 ? std::atoi(argv[1]) : 0;
  const std::string what = argc > 2 ? argv[2] : "";
  void* library = dlopen(getenv("CUDA_INJECTION64_PATH"), RTLD_NOW);
  void* symbol = library == nullptr ? nullptr : dlsym(library, "InitializeInjection");
  int (*initialize)() = nullptr;
  std::memcpy(&initialize, &symbol, sizeof(symbol));
  if (initialize == nullptr || initialize() != 1) {
    return 3;
  }
  if (what == "setenv") {
    setenv("CUDA_VISIBLE_DEVICES", "0", 1);
    setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST", 1);
  }
  usleep(static_cast<useconds_t>(milliseconds) * 1000);
  if (what == "fork") {
    const pid_t child = fork();
    if (child == 0) {
      usleep(300000);
      std::exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
  }
  return 0;
}
