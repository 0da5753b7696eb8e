// SPDX-License-Identifier: Apache-2.0
//
// Stand-in for libcupti.so.11.8, .12 and .13 (one library per version, see CMakeLists.txt). It imitates, in the version it
// was built as: record layouts, exported functions, result codes, buffers per thread from 13.0, one subscriber at a time,
// and a machine without a driver, where nearly everything answers 999. It enforces what the real one punishes with a
// deadlock or a crash (violations.hpp), and misbehaves on request: the variables of Options in cupti_state.hpp.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "tests/fakes/cuda/cupti_state.hpp"
#include "tests/fakes/cuda/violations.hpp"

namespace fakecuda {
namespace {

const pid_t g_loaded_in = getpid();

uint64_t number(const char* name, uint64_t fallback = 0) {
  const char* text = getenv(name);
  return text == nullptr ? fallback : strtoull(text, nullptr, 10);
}

// "a=1,b,c=2"
std::map<std::string, int> table(const char* name) {
  std::map<std::string, int> result;
  const char* text = getenv(name);
  std::istringstream entries(text == nullptr ? "" : text);
  for (std::string entry; std::getline(entries, entry, ',');) {
    size_t equals = entry.find('=');
    result[entry.substr(0, equals)] =
        equals == std::string::npos ? kUnknown : atoi(entry.c_str() + equals + 1);
  }
  return result;
}

Options read_options() {
  Options options;
  options.subscribe_result = static_cast<int>(number("FAKE_CUPTI_SUBSCRIBE"));
  if (const char* holder = getenv("FAKE_CUPTI_HOLDER")) {
    options.holder = holder;
  }
  for (const auto& [kind, result] : table("FAKE_CUPTI_ENABLE_FAILS")) {
    options.enable_fails[static_cast<uint32_t>(atoi(kind.c_str()))] = result;
  }
  options.call_fails = table("FAKE_CUPTI_CALL_FAILS");
  options.fields_fail = table("FAKE_CUPTI_FIELDS_FAIL");
  options.describes = number("FAKE_CUPTI_DESCRIBES", 1) != 0;
  options.fatal_after = number("FAKE_CUPTI_FATAL_AFTER");
  options.fatal_at_clock = number("FAKE_CUPTI_FATAL_AT_CLOCK");
  options.drop_every = number("FAKE_CUPTI_DROP_EVERY");
  options.odd_every = number("FAKE_CUPTI_ODD_EVERY");
  options.flush_hangs = number("FAKE_CUPTI_FLUSH_HANGS") != 0;
  options.hold_back = number("FAKE_CUPTI_HOLD_BACK") != 0;
  options.late = number("FAKE_CUPTI_LATE") != 0;
  options.shuffle = number("FAKE_CUPTI_SHUFFLE") != 0;
  options.truncate = number("FAKE_CUPTI_TRUNCATE") != 0;
  options.spoil = number("FAKE_CUPTI_SPOIL") != 0;
  if (const char* correlate = getenv("FAKE_CUPTI_CORRELATE")) {
    options.correlate = strcmp(correlate, "always") == 0 ? Correlate::kAlways : Correlate::kNever;
  }
  options.check_zeroed = number("FAKE_CUPTI_CHECK_ZEROED", 1) != 0;
  return options;
}

struct Sessions {
  std::array<Cupti*, kSessions> existing = {new Cupti};
  std::atomic<size_t> count{1};
};

Sessions& sessions() {
  static auto* instance = new Sessions;
  return *instance;
}

thread_local Cupti* t_session = nullptr;

// What became of the records, for tests that count. Not after a kill.
void report() {
  const char* path = getenv("FAKE_CUDA_REPORT");
  FILE* file = path == nullptr || getpid() != g_loaded_in ? nullptr : fopen(path, "we");
  if (file == nullptr) {
    return;
  }
  auto line = [file](const char* name, std::atomic<uint64_t> Counters::*counter) {
    unsigned long long sum = 0;
    for_each_session([&] { sum += (cupti().counters.*counter).load(); });
    fprintf(file, "%s %llu\n", name, sum);
  };
  fprintf(file, "version %s\n", g_version.name);
  line("records_written", &Counters::written);
  line("record_bytes", &Counters::bytes);
  line("records_dropped", &Counters::dropped);
  line("drops_asked_for", &Counters::dropped_reported);
  line("buffers_truncated", &Counters::truncated);
  line("buffers_spoiled", &Counters::spoiled);
  line("odd_kernels", &Counters::odd);
  line("incomplete_records", &Counters::incomplete);
  line("buffers_requested", &Counters::requested);
  line("buffers_refused", &Counters::refused);
  line("buffers_given_twice", &Counters::given_twice);
  line("buffers_completed", &Counters::completed);
  line("buffers_outstanding", &Counters::outstanding);
  line("flushes", &Counters::flushes);
  line("forced_flushes", &Counters::forced_flushes);
  fclose(file);
}

__attribute__((destructor)) void at_end() {
  report();
}

}  // namespace

const Options& options() {
  static const auto* instance = new Options(read_options());
  return *instance;
}

Cupti& session(size_t index) {
  Sessions& all = sessions();
  return *all.existing[index];
}

size_t session_count() {
  return sessions().count.load(std::memory_order_acquire);
}

Cupti* new_session() {
  Sessions& all = sessions();
  size_t count = all.count.load();
  if (count == kSessions) {
    return nullptr;
  }
  all.existing[count] = new Cupti;
  all.existing[count]->index = count;
  all.count.store(count + 1, std::memory_order_release);
  return all.existing[count];
}

Cupti& cupti() {
  return t_session == nullptr ? session(0) : *t_session;
}

InSession::InSession(Cupti& wanted) : before_(t_session) {
  t_session = &wanted;
}

InSession::~InSession() {
  t_session = before_;
}

const Driver* driver() {
  Cupti& state = session(0);
  if (state.driver != nullptr) {
    return state.driver;
  }
  void* library = dlopen("libcuda.so.1", RTLD_NOW);
  void* symbol = library == nullptr ? nullptr : dlsym(library, kGetDriverSymbol);
  if (symbol == nullptr) {
    return nullptr;
  }
  GetDriver get = nullptr;
  std::memcpy(&get, &symbol, sizeof(get));
  state.driver = get();
  return state.driver;
}

void refuse_after_fatal(const char* function) {
  if (cupti().fatal_known.exchange(false)) {  // said once
    violation("CUPTI called after it told of its fatal error", function);
  }
}

Result enter(const char* function, bool needs_driver) {
  if (getpid() != g_loaded_in) {
    violation("CUPTI called in a forked child", function);
    return kUnknown;
  }
  refuse_after_fatal(function);
  auto forced = options().call_fails.find(function);
  if (forced != options().call_fails.end()) {
    return static_cast<Result>(forced->second);
  }
  if (cupti().fatal.load()) {
    return kUnknown;
  }
  if (!needs_driver) {
    return kSuccess;
  }
  const Driver* found = driver();
  return found == nullptr || found->torn_down() ? kUnknown : kSuccess;
}

}  // namespace fakecuda
