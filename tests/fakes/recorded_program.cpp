// SPDX-License-Identifier: Apache-2.0
//
// A program that uses the C API and then does, by name, one of the things real programs do: fork, exec, die, close
// descriptors, start threads. What its recording must hold afterwards stands in tests/integration/collector.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stepscope/stepscope.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

std::atomic<int> g_sockets{0};

void ranges(const char* name, int count) {
  for (int i = 0; i < count; ++i) {
    stepscope_range_push(name);
    stepscope_range_pop();
  }
}

int count_tasks() {
  int count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    ++count;
  }
  return count;
}

int wait_for(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Says what a recorder could have changed: threads and descriptors.
int dormant() {
  std::printf("tasks %d\n", count_tasks());
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    std::string target = std::filesystem::read_symlink(fd.path(), gone);
    if (std::stoi(fd.path().filename()) > 2 &&
        target.find("/fd") == std::string::npos) {  // not the listing itself
      std::printf("fd %s\n", target.c_str());
    }
  }
  return 0;
}

int fork_plain() {
  ranges("parent", 10);
  pid_t child = fork();
  if (child == 0) {
    ranges("child", 10);
    _exit(stepscope_active() ? 7 : 8);
  }
  int code = wait_for(child);
  ranges("parent again", 10);
  std::printf("child %d\n", code);
  return 0;
}

int fork_reopen(int count) {
  ranges("parent", 10);
  pid_t child = fork();
  if (child == 0) {
    bool recorded = stepscope_reopen() != 0;
    ranges("child", count);
    _exit(recorded && count_tasks() == 1 ? 0 : 1);
  }
  std::printf("child %d\n", wait_for(child));
  return 0;
}

// Like a data-loading worker of a slow model: a few events a second, then the job is killed.
int fork_reopen_slow() {
  ranges("parent", 10);
  pid_t child = fork();
  if (child == 0) {
    stepscope_reopen();
    for (int i = 0; i < 30; ++i) {
      ranges("child", 1);
      usleep(100000);
    }
    raise(SIGKILL);
  }
  std::printf("child %d\n", wait_for(child));
  return 0;
}

// A fork that libc does not see: no fork handler runs.
int fork_raw() {
  ranges("parent", 10);
  auto child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child == 0) {
    ranges("child", 1000);
    _exit(0);
  }
  std::printf("child %d\n", wait_for(child));
  ranges("parent again", 10);
  return 0;
}

int vfork_exec() {
  ranges("before", 10);
  pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", nullptr);
    _exit(127);
  }
  std::printf("child %d\n", wait_for(child));
  ranges("after", 10);
  return 0;
}

int exec_self(char** arguments) {
  ranges("first image", 10);
  execl(arguments[0], arguments[0], "events", nullptr);
  return 127;
}

int spawn_self(char** arguments) {
  ranges("parent", 10);
  char scenario[] = "events";
  char* child_arguments[] = {arguments[0], scenario, nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, arguments[0], nullptr, nullptr, child_arguments, environ) != 0) {
    return 127;
  }
  std::printf("child %d\n", wait_for(child));
  return 0;
}

int threads_at_exit() {
  for (int i = 0; i < 4; ++i) {
    std::thread([] {
      for (;;) {
        ranges("endless", 1);
        usleep(50);
      }
    }).detach();
  }
  usleep(20000);
  ranges("main", 10);
  return 5;
}

int thread_storm() {
  for (int round = 0; round < 10; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 40; ++i) {
      threads.emplace_back([] { ranges("storm", 25); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  return 0;
}

// Closes what it does not know, as daemons do, and reuses the numbers for its own files.
int close_descriptors() {
  ranges("before", 100);
  int64_t usage[5];
  stepscope_api_get()->thread_usage(usage);
  for (int fd = 3; fd < 1 << 20; ++fd) {
    close(fd);
  }
  std::vector<int> mine;
  for (int i = 0; i < 64; ++i) {
    mine.push_back(open(("mine" + std::to_string(i)).c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
  }
  ranges("after", 100);
  stepscope_api_get()->thread_usage(usage);
  usleep(300000);
  for (int fd : mine) {
    if (write(fd, "mine\n", 5) != 5) {
      return 1;
    }
  }
  return 0;
}

int daemonize() {
  if (fork() != 0) {
    return 0;
  }
  setsid();
  if (fork() != 0) {
    _exit(0);
  }
  ranges("daemon", 10);
  return 0;  // the reader of our output waits for this process
}

void* emit_late(void*) {
  pthread_key_t key;
  pthread_key_create(&key, [](void*) { ranges("after its end", 3); });
  pthread_setspecific(key, &g_sockets);
  ranges("thread", 5);
  return nullptr;
}

int thread_destructor() {
  pthread_t thread;
  pthread_create(&thread, nullptr, emit_late, nullptr);
  pthread_join(thread, nullptr);
  return 0;
}

int from_signal_handler() {
  struct sigaction action = {};
  action.sa_handler = [](int) { ranges("handler", 1); };
  sigaction(SIGALRM, &action, nullptr);
  itimerval often = {{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &often, nullptr);
  ranges("main", 200000);
  often = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  return 0;
}

std::atomic<int> g_forks{0};
std::atomic<bool> g_is_child{false};
std::atomic<int> g_crashed{0};

// Names that are new each time, so that the collector's lock for them is often held: a child may find it so. A hundred at
// least: between the signals there may be little time.
void push_new_names(char who) {
  for (unsigned i = 0; (g_forks < 60 || i < 100) && !g_is_child; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "%c %u", who, i);
    ranges("main", 1);
    ranges(name, 1);
  }
}

// A signal handler that forks, wherever it finds the program: inside the collector, too. The child goes on from there.
int fork_in_handler() {
  ranges("main", 1);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
  std::thread other(push_new_names, 'o');
  pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  struct sigaction action = {};
  action.sa_handler = [](int) {
    if (g_is_child || g_forks >= 60) {
      return;
    }
    ++g_forks;
    pid_t child = fork();
    g_is_child = child == 0;
    g_crashed += !g_is_child && wait_for(child) != 0 ? 1 : 0;
  };
  sigaction(SIGALRM, &action, nullptr);
  itimerval often = {{0, 300}, {0, 300}};
  setitimer(ITIMER_REAL, &often, nullptr);
  push_new_names('m');
  if (g_is_child) {
    _exit(0);
  }
  other.join();
  std::printf("crashed %d\n", g_crashed.load());
  return 0;
}

// A forked child whose signal handler has events too, and that never ends in order.
int fork_reopen_with_handler() {
  ranges("parent", 1);
  pid_t child = fork();
  if (child == 0) {
    stepscope_reopen();
    struct sigaction action = {};
    action.sa_handler = [](int) { ranges("handler", 1); };
    sigaction(SIGALRM, &action, nullptr);
    itimerval often = {{0, 100}, {0, 100}};
    setitimer(ITIMER_REAL, &often, nullptr);
    for (uint64_t end = stepscope_now_ns() + 1'500'000'000; stepscope_now_ns() < end;) {
      ranges("child", 200);
      usleep(1000);
    }
    _exit(0);
  }
  std::printf("child %d\n", wait_for(child));
  return 0;
}

const stepscope_api* table_of(void* library) {
  stepscope_get_api_fn get = nullptr;
  void* symbol = library == nullptr ? nullptr : dlsym(library, STEPSCOPE_GET_API_SYMBOL);
  std::memcpy(&get, &symbol, sizeof(get));
  return get == nullptr ? nullptr : get();
}

int dlopen_late(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const stepscope_api* api = table_of(library);
  if (api == nullptr || api->open("c-api") != 1) {
    return 1;
  }
  uint32_t name = api->intern("late", 4);
  api->range_push(name, 0);
  dlclose(library);
  api->range_pop();  // we must still be there
  void* again = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return table_of(again) == api ? 0 : 2;
}

int usage() {
  int64_t before[5];
  int64_t after[5];
  stepscope_api_get()->thread_usage(before);
  std::string text(1 << 20, 'x');
  int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
  bool ok = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ok = ok && pread(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  volatile unsigned spin = 0;
  for (unsigned i = 0; i < 20'000'000; ++i) {
    spin = spin + i;
  }
  stepscope_api_get()->thread_usage(after);
  for (int i = 0; i < 5; ++i) {
    std::printf("%lld\n", static_cast<long long>(after[i] - before[i]));
  }
  return ok ? 0 : 1;
}

int watch_worker() {
  ranges("main", 1);
  int ends[2];
  if (pipe(ends) != 0) {
    return 1;
  }
  pid_t sleeper = fork();
  if (sleeper == 0) {
    sleep(30);
    _exit(0);
  }
  pid_t reader = fork();
  if (reader == 0) {
    char byte;
    _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
  }
  std::printf("sleeper %d\nreader %d\n", sleeper, reader);
  const stepscope_api* api = stepscope_api_get();
  api->watch(static_cast<uint32_t>(sleeper), 1);
  api->watch(static_cast<uint32_t>(reader), 1);
  sleep(2);
  api->watch(static_cast<uint32_t>(sleeper), 0);
  kill(sleeper, SIGKILL);
  kill(reader, SIGKILL);
  wait_for(sleeper);
  wait_for(reader);
  return 0;
}

// A worker in one fetch that does not end.
int watch_busy_worker() {
  ranges("main", 1);
  pid_t worker = fork();
  if (worker == 0) {
    for (volatile unsigned spin = 0;;) {
      spin = spin + 1;
    }
  }
  std::printf("worker %d\n", worker);
  stepscope_api_get()->watch(static_cast<uint32_t>(worker), 1);
  sleep(3);
  kill(worker, SIGKILL);
  wait_for(worker);
  return 0;
}

int die(int signal) {
  stepscope_range_push("open");
  ranges("inner", 10);
  raise(signal);
  return 0;
}

int run(const std::string& what, char** arguments) {
  if (what == "dormant")
    return dormant();
  if (what == "fork")
    return fork_plain();
  if (what == "fork-reopen")
    return fork_reopen(10);
  if (what == "fork-reopen-many")
    return fork_reopen(50000);
  if (what == "fork-in-handler")
    return fork_in_handler();
  if (what == "fork-reopen-handler")
    return fork_reopen_with_handler();
  if (what == "fork-reopen-slow")
    return fork_reopen_slow();
  if (what == "fork-raw")
    return fork_raw();
  if (what == "vfork")
    return vfork_exec();
  if (what == "exec")
    return exec_self(arguments);
  if (what == "spawn")
    return spawn_self(arguments);
  if (what == "threads-at-exit")
    return threads_at_exit();
  if (what == "thread-storm")
    return thread_storm();
  if (what == "close-descriptors")
    return close_descriptors();
  if (what == "daemonize")
    return daemonize();
  if (what == "thread-destructor")
    return thread_destructor();
  if (what == "signal-handler")
    return from_signal_handler();
  if (what == "dlopen")
    return dlopen_late(arguments[2]);
  if (what == "usage")
    return usage();
  if (what == "watch")
    return watch_worker();
  if (what == "path-fact") {
    stepscope_meta("fs.dataset", "nfs4:https://me:s3cr3t@host/data");
    stepscope_meta("model", "tiny");
    return 0;
  }
  if (what == "watch-busy")
    return watch_busy_worker();
  if (what == "abort")
    return die(SIGABRT);
  if (what == "sigterm")
    return die(SIGTERM);
  if (what == "sigkill")
    return die(SIGKILL);
  if (what == "segv")
    return die(SIGSEGV);
  if (what == "events") {
    stepscope_step(0);
    ranges("event", 10);
    stepscope_mark("mark");
    stepscope_counter("counter", 2.5);
    stepscope_meta("model", "tiny");
    stepscope_step_named(1, "train");
    std::printf("sockets %d\n", g_sockets.load());
    return 3;
  }
  if (what == "_exit") {
    ranges("event", 10);
    _exit(9);
  }
  if (what == "quick_exit") {
    ranges("event", 10);
    quick_exit(4);
  }
  if (what == "atexit") {
    atexit([] { ranges("atexit", 5); });
    ranges("event", 10);
    atexit([] { ranges("atexit", 5); });
    return 0;
  }
  if (what == "many") {
    ranges("many", 300000);
    return 0;
  }
  return 2;
}

}  // namespace

// Takes the place of libc's for the whole program, the collector included.
extern "C" int socket(int domain, int type, int protocol) {
  ++g_sockets;
  return static_cast<int>(syscall(SYS_socket, domain, type, protocol));
}

int main(int argc, char** argv) {
  return argc < 2 ? 2 : run(argv[1], argv);
}
