// SPDX-License-Identifier: Apache-2.0
#include "viewer/loader.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <future>
#include <utility>

#include "analyzer/diff.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/rank_ledger.hpp"
#include "viewer/analysis_table.hpp"
#include "viewer/event_links.hpp"
#include "viewer/live_watch.hpp"
#include "viewer/model/format.hpp"
#include "viewer/movers_table.hpp"
#include "viewer/rank_reader.hpp"
#include "viewer/run_loader.hpp"
#include "viewer/worker_failure.hpp"

namespace stepscope::viewer {
namespace {

constexpr double kOpened = 0.1;  // shares of the progress bar
constexpr double kDecoded = 0.9;
constexpr int kNiceness = 10;
constexpr auto kBetweenWords = std::chrono::milliseconds(100);  // each of them is a frame
// Of themselves both thresholds grow with what is freed, to 32 and 64 MiB, and so much each thread then keeps for later. Smaller ones
// make the system clear the same pages again and again.
constexpr int kOwnMapping = 8 << 20;  // bytes; larger blocks go back to the system at once
constexpr int kKept = 16 << 20;       // bytes; of what is free at the end of a heap

}  // namespace

// One run with all that is computed from it.
struct Loader::Loaded {
  std::shared_ptr<const analysis::Run> run;  // what is on screen reads on from it
  std::optional<analysis::Run> stoppable;    // the same, for what this thread reads
  std::shared_ptr<const RunModel> model;
  std::optional<analysis::Ledger> ledger;
  std::optional<analysis::Evidence> evidence;
  std::optional<analysis::RankLedger> ranks;
  LiveWatch watch;

  [[nodiscard]] bool analyzed() const { return ledger && evidence && ranks && model; }
  [[nodiscard]] analysis::AnalyzedRun view() const { return {&*stoppable, &*ledger, &*evidence, &*ranks}; }
};

struct Loader::Parts {
  Loader& owner;
  size_t count = 0;

  [[nodiscard]] Loaded& at(size_t side) const { return *owner.sides_[side]; }
  [[nodiscard]] bool stopped() const { return owner.stopped_.load(); }
  [[nodiscard]] double share(size_t side, double part) const {
    return (static_cast<double>(side) + part) / static_cast<double>(count);
  }

  bool open(size_t side, const std::string& path) {
    analysis::OpenOptions options;
    options.allow_running = true;  // what there is of a job under way is shown, and read again as it grows
    options.skip_damaged = true;
    options.cancelled = [this] { return stopped(); };
    options.progress = [this, side](size_t done, size_t total) {
      const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
      owner.say_progress(share(side, part * kOpened),
                         [&] { return "opening " + std::to_string(done) + " of " + std::to_string(total); });
    };
    Loaded& loaded = at(side);
    loaded = {};
    loaded.watch = LiveWatch(path);
    auto opened = analysis::Run::open(path, options);
    if (!opened.ok()) {
      owner.fail(opened.status().message());
      return false;
    }
    loaded.run = std::make_shared<analysis::Run>(std::move(opened).value());
    loaded.stoppable = loaded.run->until([flag = &owner.stopped_] { return flag->load(); });
    loaded.watch.opened(loaded.run->snapshots());
    if (owner.reread_) {
      return true;
    }
    auto preview = load_preview(*loaded.stoppable);
    if (preview.ok() && !preview.value().lanes.empty()) {
      auto model = std::make_shared<const RunModel>(std::move(preview).value());
      owner.publish([&] { owner.fresh_[side] = std::move(model); });
    }
    return true;
  }

  bool decode(size_t side) {
    Loaded& loaded = at(side);
    std::atomic<bool> abandoned{false};  // by this function, before the ledger is there
    const analysis::Run read = loaded.stoppable->until([&abandoned] { return abandoned.load(); });
    auto ledger = std::async(std::launch::async, [&read] { return analysis::build_ledger(read, {}); });
    std::shared_ptr<RunModel> model;
    try {
      model = read_events(side);
    } catch (...) {
      abandoned = true;
      throw;
    }
    if (model == nullptr) {
      abandoned = true;
      return false;
    }
    owner.guard(owner.paths_.at(side) + ": its ledger", [&] {
      auto built = ledger.get();
      if (!built.ok()) {
        return owner.fail(built.status().message());
      }
      add_ledger(*model, built.value());
      loaded.ledger = std::move(built).value();
    });
    add_event_links(*model, loaded.run, loaded.ledger);
    loaded.model = model;
    owner.publish([&] { owner.fresh_[side] = std::move(model); });
    return true;
  }

  std::shared_ptr<RunModel> read_events(size_t side) {
    owner.said_ = {};  // the first block is told at once
    const LoadControl control{&owner.stopped_, [this, side](uint64_t events, uint64_t of) {
                                const double part = static_cast<double>(events) / static_cast<double>(of);
                                owner.say_progress(share(side, kOpened + part * (kDecoded - kOpened)), [&] {
                                  return "reading events: " + format_count(events) + " of " +
                                         format_count(of);
                                });
                              }};
    auto events = load_events(at(side).run, control);
    if (!events.ok()) {
      owner.fail(events.status().message());
      return nullptr;
    }
    return std::make_shared<RunModel>(std::move(events).value());
  }

  void find_step_changes() {
    const RunModel& a = *at(0).model;
    const RunModel* b = count == 2 ? at(1).model.get() : nullptr;
    const Alignment axis =
        b != nullptr ? Alignment::pair(a, *b, AlignMode::kStepStart) : Alignment::single(a);
    std::vector<StepChange> changes =
        viewer::find_step_changes(StepStrip::make(a, b, axis.slots()), b != nullptr);
    owner.publish([&] { owner.step_changes_ = std::move(changes); });
  }

  // What the window needs of two runs before it knows why they differ.
  void map_differences() {
    if (count < 2) {
      return;
    }
    const RunModel& a = *at(0).model;
    const RunModel& b = *at(1).model;
    const Alignment pairs = Alignment::pair(a, b, AlignMode::kStepStart);
    auto map = std::make_shared<const DeltaMap>(
        DeltaMap::make(a, b, make_tracks(a, &b), pairs.slots(), [this] { return stopped(); }));
    owner.publish([&] { owner.delta_map_ = std::move(map); });
  }

  // What one run alone says; nothing when it was said before.
  void analyze(Loaded& side) {
    if (!side.ledger || side.analyzed()) {
      return;
    }
    auto evidence = analysis::gather_evidence(*side.stoppable, *side.ledger);
    if (!evidence.ok()) {
      return owner.fail(evidence.status().message());
    }
    side.evidence = std::move(evidence).value();
    auto ranks = analysis::build_rank_ledger(*side.stoppable, *side.ledger);
    if (!ranks.ok()) {
      return owner.fail(ranks.status().message());
    }
    side.ranks = std::move(ranks).value();
  }

  void analyze() {
    for (size_t side = 0; side < count && !stopped(); ++side) {
      analyze(at(side));
    }
    if (stopped()) {
      return;
    }
    if (count == 2 && at(0).analyzed() && at(1).analyzed()) {
      compare();
    } else {
      DiffTable table;
      if (at(0).analyzed()) {
        table = table_of_run(at(0).view(), *at(0).model);
      } else {
        table.status = "no analysis: see Recording";
      }
      owner.publish([&] { owner.table_ = std::move(table); });
    }
    for (size_t side = 0; side < count && !stopped(); ++side) {
      const Loaded& loaded = at(side);
      if (loaded.analyzed()) {
        auto matrix = std::make_shared<const RankMatrix>(
            rank_matrix(*loaded.stoppable, *loaded.model, *loaded.ledger, *loaded.ranks));
        owner.publish([&] { owner.ranks_[side] = std::move(matrix); });
      }
    }
  }

  // The table first: it is what people wait for.
  void compare() {
    const analysis::AnalyzedRun a = at(0).view();
    const analysis::AnalyzedRun b = at(1).view();
    analysis::DiffOptions options;
    options.ledger.cancelled = [this] { return stopped(); };
    auto diff = analysis::diff_analyzed({&a, 1}, {&b, 1}, options);
    if (stopped()) {
      return;
    }
    DiffTable table;
    table.comparison = true;
    if (!diff.ok()) {
      table.status = diff.status().message();
      return owner.publish([&] { owner.table_ = std::move(table); });
    }
    table = table_of_diff(diff.value(), a, b, *at(0).model, *at(1).model);
    owner.publish([&] { owner.table_ = table; });
    auto movers = movers_of_diff(diff.value(), a, b, *at(0).model, *at(1).model, table);
    if (!movers.ok()) {
      return owner.fail(movers.status().message());
    }
    owner.publish([&] { owner.movers_ = std::move(movers).value(); });
  }
};

Loader::Loader(std::string run, std::string versus, std::function<void()> wake)
    : paths_{std::move(run), std::move(versus)}, wake_(std::move(wake)) {
  for (auto& side : sides_) {
    side = std::make_unique<Loaded>();
  }
  begin({true, !paths_[1].empty()});
}

Loader::~Loader() {
  closing_ = true;
  stop();
  if (thread_.joinable()) {  // not when the system had no thread for us
    thread_.join();
  }
}

void Loader::begin(std::array<bool, 2> read) {
  stopped_ = false;
  finished_ = false;
  failed_ = false;
  status_.errors.clear();
  thread_ = std::thread([this, read] {
    guard("loading", [&] { load(read); });
    end();
  });
}

bool Loader::live() const {
  return finished() && (sides_[0]->watch.live() || sides_[1]->watch.live());
}

bool Loader::follow() {
  if (!live()) {
    return false;
  }
  std::array<bool, 2> read{};
  bool news = false;
  for (size_t side = 0; side < read.size(); ++side) {
    Loaded& loaded = *sides_[side];
    const bool grown = loaded.watch.live() && loaded.watch.changed();
    news = news || grown;
    read.at(side) = grown || (loaded.model == nullptr && !paths_.at(side).empty());
  }
  if (news) {
    thread_.join();
    reread_ = true;
    begin(read);
  }
  return news;
}

// `read`: the sides that are opened and read; the others are as they were.
void Loader::load(std::array<bool, 2> read) {
  // On Linux this is of the calling thread, and of those it starts: the window is drawn while they read.
  setpriority(PRIO_PROCESS, 0, kNiceness);
  mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  mallopt(M_TRIM_THRESHOLD, kKept);
  Parts parts{*this, paths_[1].empty() ? size_t{1} : size_t{2}};
  say(0, "opening " + paths_[0]);
  // A alone is better than nothing: what the other one lacks is in the status line.
  for (size_t side = 0; side < parts.count; ++side) {
    bool there = !read.at(side) && sides_[side]->model != nullptr;
    if (read.at(side)) {
      guard(paths_.at(side) + ": opening it", [&] { there = parts.open(side, paths_.at(side)); });
      failed_ = failed_ || !there;
    }
    parts.count = there ? parts.count : side;
  }
  for (size_t side = 0; side < parts.count; ++side) {
    bool there = !read.at(side);
    if (!there) {
      guard(paths_.at(side) + ": reading its events", [&] { there = parts.decode(side); });
      failed_ = failed_ || !there;
    }
    parts.count = there ? parts.count : side;
  }
  if (parts.count > 0 && !stopped_) {
    malloc_trim(0);  // what decoding took beside the model, before the analysis takes as much
    say(kDecoded, "analysing");
    guard("changes from step to step", [&] { parts.find_step_changes(); });
    guard("the delta map", [&] { parts.map_differences(); });
    guard("the analysis", [&] { parts.analyze(); });
  }
}

void Loader::end() {
  const bool live = sides_[0]->watch.live() || sides_[1]->watch.live();
  for (size_t side = 0; !live && side < 2; ++side) {  // else the next comparison needs what the other run has
    *sides_[side] = {};
  }
  const bool stopped = stopped_;
  if (!stopped) {
    malloc_trim(0);
  } else {
    failed_ = false;
    guard("", [&] {
      publish([&] {
        status_.errors.emplace_back("loading was stopped; what is shown is what was there by then");
      });
    });
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    status_.active = false;
    status_.fraction = 1;
    status_.text.clear();
    changed_ = true;
    finished_ = true;
  }
  guard("", wake_);
  // Who stops it does not wait for a gigabyte to be given back, nor does who closes the window.
  if (stopped && !closing_) {
    malloc_trim(0);
  }
}

bool Loader::guard(const std::string& doing, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (...) {
    failed_ = true;
    try {
      fail(describe_exception(doing));
    } catch (...) {
      // Not even the sentence fits into memory: the exit code has to say it.
    }
    return false;
  }
}

void Loader::publish(const std::function<void()>& change) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    change();
    changed_ = true;
  }
  wake_();
}

void Loader::say(double fraction, const std::string& text) {
  publish([&] {
    status_.active = true;
    status_.fraction = fraction;
    status_.text = text;
  });
}

// Readers tell of every block: few of them are worth a frame.
void Loader::say_progress(double fraction, const std::function<std::string()>& text) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (now - said_ < kBetweenWords) {
      return;
    }
    said_ = now;
  }
  say(fraction, text());
}

void Loader::fail(const std::string& message) {
  if (stopped_) {
    return;  // whatever ends early then is no error
  }
  publish([&] { status_.errors.push_back(message); });
}

bool Loader::poll(AppState& state) {
  if (std::exchange(state.stop_loading, false) && !finished()) {
    stop();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!changed_) {
    return false;
  }
  changed_ = false;
  state.load = status_;
  for (const Side side : {Side::kA, Side::kB}) {
    if (fresh_[index_of(side)]) {
      state.set_run(side, std::move(fresh_[index_of(side)]));
      fresh_[index_of(side)].reset();
    }
  }
  for (const Side side : {Side::kA, Side::kB}) {
    if (ranks_[index_of(side)]) {
      state.set_ranks(side, std::move(ranks_[index_of(side)]));
      ranks_[index_of(side)].reset();
    }
  }
  if (table_) {
    state.set_table(std::move(*table_));
    table_.reset();
  }
  if (delta_map_) {
    state.set_delta_map(std::move(delta_map_));
    delta_map_.reset();
  }
  if (!movers_.empty()) {
    state.set_movers(std::move(movers_));
    movers_.clear();
  }
  if (!step_changes_.empty()) {
    state.set_step_changes(std::move(step_changes_));
    step_changes_.clear();
  }
  return true;
}

}  // namespace stepscope::viewer
