// SPDX-License-Identifier: Apache-2.0
//
// A training job on the stand-ins for CUDA: steps of kernels, copies and graphs from one or many threads, repeatable by seed.
// Options: job_options.hpp; what it prints: job_truth.hpp. fake_cuda_job finds libcuda late, by dlopen, as a statically
// linked CUDA runtime does; fake_cuda_job_linked is the same program linked against it.
#include <dlfcn.h>
#include <signal.h>
#include <stepscope/stepscope.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstring>
#include <thread>

#include "tests/fakes/cuda/clock.hpp"
#include "tests/fakes/cuda/job_options.hpp"
#include "tests/fakes/cuda/job_truth.hpp"
#include "tests/fakes/cuda/kineto.hpp"

namespace fakecuda {
namespace {

constexpr int kUsageError = 2;
constexpr int kNoCuda = 97;

template <typename F>
F as(void* address) {
  F function = nullptr;
  std::memcpy(&function, &address, sizeof(function));
  return function;
}

// splitmix64 (Steele, Lea, Flood): the same numbers on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
};

// What a program's kernels look like: mangled templates for the most part, and plain names as Triton gives them.
std::vector<std::string> kernel_names(int64_t count) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) {
    std::string digits = std::to_string(100000 + i).substr(1);
    names.push_back(i % 3 == 2 ? "triton_poi_fused_add_" + digits : "_Z12kernel_" + digits + "IfLi4EEvPT_i");
  }
  return names;
}

Work kernel(const JobOptions& options, const std::vector<std::string>& names, size_t index, Random& random) {
  Work work;
  work.name = names[index].c_str();
  uint64_t mean = 2000 + index * 7919 % 38000;
  work.duration_ns = options.kernel_ns > 0 ? static_cast<uint64_t>(options.kernel_ns)
                                           : mean - mean / 16 + random.next() % (mean / 8 + 1);
  work.grid[0] = static_cast<uint32_t>(1 + index * 31 % 1024);
  work.grid[1] = static_cast<uint32_t>(1 + index % 4);
  work.block[0] = static_cast<uint32_t>(32 * (1 + index % 8));
  work.registers = static_cast<uint16_t>(16 + index % 200);
  work.static_shared = static_cast<uint32_t>(index % 3 * 1024);
  work.dynamic_shared = static_cast<uint32_t>(index % 5 * 4096);
  return work;
}

Work copy(uint64_t bytes, WorkType type) {
  Work work;
  work.type = type;
  work.bytes = bytes;
  work.duration_ns = 1000 + bytes / 20;
  work.copy_kind = bytes % 2 == 0 ? 1 : 2;
  work.source_kind = bytes % 2 == 0 ? 1 : 3;
  work.target_kind = bytes % 2 == 0 ? 3 : 2;
  return work;
}

struct Job {
  JobOptions options;
  const Driver* cuda = nullptr;
  std::vector<std::string> names;
  std::vector<Context*> contexts;
  Truth truth;
  std::vector<std::vector<Done>> done;  // per thread
  std::atomic<int64_t> graph_launches{0};
};

uint32_t thread_id() {
  return static_cast<uint32_t>(syscall(SYS_gettid));
}

[[noreturn]] void end(Job& job) {
  for (const std::vector<Done>& done : job.done) {
    job.truth.add(done, 0);
  }
  job.truth.add({}, job.graph_launches);
  job.truth.print(job.options.truth);
  const std::string& how = job.options.end;
  int code = static_cast<int>(job.options.code);
  if (how == "exit_in_thread") {
    std::thread([code] {
      stepscope_range_push("last");
      stepscope_range_pop();
      exit(code);
    }).join();
  } else if (how == "_exit") {
    _exit(code);
  } else if (how == "quick_exit") {
    quick_exit(code);
  } else if (how == "abort") {
    abort();
  } else if (how == "kill") {
    kill(getpid(), SIGKILL);
  }
  exit(code);
}

// The other profiler of the process.
class Kineto {
 public:
  void start() {
    load();
    int result = call<int (*)()>("fake_kineto_start")();
    printf("kineto start %d\n", result);
    running_ = true;
  }
  void stop(bool finalize) {
    if (running_) {
      fake_kineto_counts counts = call<fake_kineto_counts (*)(int)>("fake_kineto_stop")(finalize ? 1 : 0);
      printf("kineto kernels %llu %llu\n", static_cast<unsigned long long>(counts.kernels),
             static_cast<unsigned long long>(counts.kernel_ns));
      running_ = false;
    }
  }
  void load_cupti() {
    load();
    call<int (*)()>("fake_kineto_load")();
  }

 private:
  void load() {
    library_ = dlopen(FAKE_KINETO, RTLD_NOW);
    if (library_ == nullptr) {
      fprintf(stderr, "%s\n", dlerror());
      exit(kNoCuda);
    }
  }
  template <typename F>
  F call(const char* name) {
    return as<F>(dlsym(library_, name));
  }
  void* library_ = nullptr;
  bool running_ = false;
};

bool start_cuda(Job& job) {
  void* get = dlsym(RTLD_DEFAULT, kGetDriverSymbol);  // linked against it
  void* init = get == nullptr ? nullptr : dlsym(RTLD_DEFAULT, "cuInit");
  if (void* library = get == nullptr ? dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL) : nullptr) {
    get = dlsym(library, kGetDriverSymbol);
    init = dlsym(library, "cuInit");
  }
  if (get == nullptr || init == nullptr || as<int (*)(unsigned)>(init)(0) != 0) {
    return false;
  }
  job.cuda = as<GetDriver>(get)();
  for (int64_t i = 0; i < job.options.contexts; ++i) {
    job.contexts.push_back(job.cuda->create_context(0));
  }
  return true;
}

void fork_child(Job& job) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    Work work;
    int result = job.cuda->submit(job.cuda->null_stream(job.contexts[0]), &work, Through::kRuntime, nullptr);
    stepscope_range_push("in the child");
    stepscope_range_pop();
    constexpr int kNotInitialized = 3;
    int code = result == kNotInitialized ? 0 : 1;
    job.options.child == "exit" ? exit(code) : _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  printf("child %d\n", status);
}

// One thread that launches: its streams, and the work of a step.
class Launcher {
 public:
  Launcher(Job& job, size_t index)
      : job_(job),
        index_(index),
        random_{static_cast<uint64_t>(job.options.seed) * 1000003 + index},
        done_(job.done[index]),
        thread_(thread_id()) {
    Context* context = this->context();
    if (index == 0) {
      streams_.push_back(job.cuda->null_stream(context));
    }
    for (int64_t i = 0; i < job.options.streams || streams_.empty(); ++i) {
      streams_.push_back(job.cuda->create_stream(context, 0));
    }
    if (job.options.graphs > 0) {
      std::vector<Work> nodes;
      for (int64_t i = 0; i < job.options.graph_nodes; ++i) {
        nodes.push_back(next_kernel());
      }
      nodes.push_back(copy(4096, WorkType::kMemcpy));
      nodes.push_back(copy(512, WorkType::kMemset));
      graph_nodes_ = nodes.size();
      graph_ = job.cuda->instantiate(context, nodes.data(), nodes.size());
    }
  }

  void step() {
    const JobOptions& o = job_.options;
    for (int64_t i = 0; i < o.kernels; ++i) {
      submit(stream(static_cast<size_t>(i)), next_kernel(),
             o.through == "driver" || (o.through == "mixed" && i % 2 == 1));
    }
    for (int64_t i = 0; i < o.copies; ++i) {
      submit(stream(0), copy(static_cast<uint64_t>(1000 + i), WorkType::kMemcpy), false);
    }
    for (int64_t i = 0; i < o.peer_copies; ++i) {
      submit(stream(0), copy(1U << 16, WorkType::kPeerCopy), false);
    }
    for (int64_t i = 0; i < o.memsets; ++i) {
      submit(stream(0), copy(256, WorkType::kMemset), false);
    }
    for (int64_t i = 0; i < o.graphs; ++i) {
      launch_graph();
    }
    small_calls();
    synchronize();
    if (o.think_us > 0) {
      sleep_until(now_ns() + static_cast<uint64_t>(o.think_us) * 1000);
    }
  }

 private:
  [[nodiscard]] Context* context() const { return job_.contexts[index_ % job_.contexts.size()]; }
  [[nodiscard]] Stream* stream(size_t i) const { return streams_[i % streams_.size()]; }

  Work next_kernel() { return kernel(job_.options, job_.names, random_.next() % job_.names.size(), random_); }

  void submit(Stream* stream, const Work& work, bool through_driver) {
    Done done{{}, thread_};
    job_.cuda->submit(stream, &work, through_driver ? Through::kDriver : Through::kRuntime, &done.execution);
    done_.push_back(done);
  }

  void launch_graph() {
    std::vector<Execution> nodes(graph_nodes_);
    job_.cuda->launch_graph(graph_, stream(0),
                            job_.options.through == "driver" ? Through::kDriver : Through::kRuntime,
                            nodes.data());
    for (const Execution& node : nodes) {
      done_.push_back({node, thread_});
    }
    ++job_.graph_launches;
  }

  void small_calls() {
    const JobOptions& o = job_.options;
    for (int64_t i = 0; i < o.events; ++i) {
      auto event = static_cast<uint32_t>(index_ * 1000 + static_cast<size_t>(i));
      job_.cuda->record_event(stream(0), event);
      job_.cuda->wait_event(stream(1), event);
      job_.cuda->synchronize_event(context(), event);
    }
    for (int64_t i = 0; i < o.allocations; ++i) {
      uint64_t address = 0;
      job_.cuda->allocate(context(), 1U << 20, &address);
      job_.cuda->release(context(), address);
    }
    for (int64_t i = 0; i < o.peeks; ++i) {
      job_.cuda->peek();
    }
  }

  void synchronize() {
    const std::string& how = job_.options.sync;
    if (how == "device") {
      job_.cuda->synchronize_context(context());
    } else if (how == "stream") {
      for (Stream* stream : streams_) {
        job_.cuda->synchronize_stream(stream);
      }
    } else if (how == "event") {
      auto event = static_cast<uint32_t>(900000 + index_);
      job_.cuda->record_event(stream(0), event);
      job_.cuda->synchronize_event(context(), event);
    }
  }

  Job& job_;
  size_t index_;
  Random random_;
  std::vector<Done>& done_;
  uint32_t thread_;
  std::vector<Stream*> streams_;
  GraphExec* graph_ = nullptr;
  size_t graph_nodes_ = 0;
};

// As the hook of torch.profiler does before its profiler starts.
void ask_for_cupti() {
  if (const stepscope_api* api = stepscope_api_get()) {
    printf("released %d\n", api->release("cupti", "torch.profiler"));
  }
}

// What happens before a step of the first thread, beside the work.
void before_step(Job& job, Kineto& kineto, int64_t step) {
  const JobOptions& o = job.options;
  if (step == o.die_at) {
    end(job);
  }
  if (step == o.window_from) {
    job.cuda->profiler_start();
  }
  if (step == o.window_to) {
    job.cuda->profiler_stop();
  }
  if (step == o.kineto_to) {
    kineto.stop(o.kineto_finalize == "yes");
  }
  if (step == o.kineto_from || step == o.kineto_again) {
    if (o.kineto_asks == "yes") {
      ask_for_cupti();
    }
    kineto.start();
  }
  if (step == o.release_at) {
    ask_for_cupti();
  }
  if (step == o.fork_at) {
    fork_child(job);
  }
  if (o.marks == "yes" && step < o.steps) {
    stepscope_step_named(step, "train");
  }
}

// All threads do a step at the same time; what comes before a step finds none of them working.
void run(Job& job, Kineto& kineto) {
  std::barrier<> meeting(job.options.threads);
  std::vector<std::thread> others;
  for (size_t i = 1; i < static_cast<size_t>(job.options.threads); ++i) {
    others.emplace_back([&job, &meeting, i] {
      Launcher launcher(job, i);
      for (int64_t step = 0; step < job.options.steps; ++step) {
        meeting.arrive_and_wait();
        launcher.step();
        meeting.arrive_and_wait();
      }
    });
  }
  Launcher launcher(job, 0);
  for (int64_t i = 0; i < job.options.compilations; ++i) {
    constexpr uint64_t kCompilationNs = 1'000'000;
    job.cuda->compile(job.contexts[0], kCompilationNs);
  }
  for (int64_t step = 0; step < job.options.steps; ++step) {
    before_step(job, kineto, step);
    meeting.arrive_and_wait();
    launcher.step();
    meeting.arrive_and_wait();
  }
  for (std::thread& other : others) {
    other.join();
  }
  before_step(job, kineto, job.options.steps);
  kineto.stop(job.options.kineto_finalize == "yes");
}

}  // namespace
}  // namespace fakecuda

int main(int argc, char** argv) {
  using namespace fakecuda;
  // Never destroyed: like those of loaded modules, the names of kernels outlive main.
  Job& job = *new Job;
  for (int i = 1; i < argc; ++i) {
    if (!job.options.set(argv[i])) {
      fprintf(stderr, "fake_cuda_job: no such option: %s\n", argv[i]);
      return kUsageError;
    }
  }
  Kineto kineto;
  if (job.options.cupti == "loaded") {
    kineto.load_cupti();
  }
  if (job.options.kineto_from == -1) {
    kineto.start();
  }
  job.names = kernel_names(job.options.names);
  job.done.resize(static_cast<size_t>(job.options.threads));
  if (!start_cuda(job)) {
    fprintf(stderr, "fake_cuda_job: no CUDA\n");
    return kNoCuda;
  }
  run(job, kineto);
  end(job);
}
