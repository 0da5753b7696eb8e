// SPDX-License-Identifier: Apache-2.0
#include "viewer/loader.hpp"

#include <sys/resource.h>

#include <future>

#include "analyzer/diff.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/rank_ledger.hpp"
#include "viewer/analysis_table.hpp"
#include "viewer/event_links.hpp"
#include "viewer/movers_table.hpp"
#include "viewer/rank_reader.hpp"
#include "viewer/run_loader.hpp"

namespace stepscope::viewer {
namespace {

// One run with all that is computed from it.
struct Loaded {
  std::shared_ptr<const analysis::Run> run;
  std::shared_ptr<RunModel> model;
  std::optional<analysis::Ledger> ledger;
  std::optional<analysis::Evidence> evidence;
  std::optional<analysis::RankLedger> ranks;

  [[nodiscard]] bool analyzed() const { return ledger && evidence && ranks && model; }
  [[nodiscard]] analysis::AnalyzedRun view() const { return {run.get(), &*ledger, &*evidence, &*ranks}; }
};

constexpr double kOpened = 0.1;  // shares of the progress bar
constexpr double kDecoded = 0.9;
constexpr int kNiceness = 10;

}  // namespace

struct Loader::Parts {
  Loader& owner;
  Loaded sides[2];
  size_t count = 0;

  [[nodiscard]] double share(size_t side, double part) const {
    return (static_cast<double>(side) + part) / static_cast<double>(count);
  }

  bool open(size_t side, const std::string& path) {
    analysis::OpenOptions options;
    options.allow_running = true;  // what there is of a job under way is shown, and read again as it grows
    options.skip_damaged = true;
    options.cancelled = [this] { return owner.cancelled_.load(); };
    options.progress = [this, side](size_t done, size_t total) {
      const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
      owner.say(share(side, part * kOpened),
                "opening " + std::to_string(done) + " of " + std::to_string(total));
    };
    auto opened = analysis::Run::open(path, options);
    if (!opened.ok()) {
      owner.fail(opened.status().message());
      return false;
    }
    sides[side].run = std::make_shared<analysis::Run>(std::move(opened).value());
    if (owner.first_ == First::kWhole) {
      return true;
    }
    auto preview = load_preview(*sides[side].run);
    if (preview.ok() && !preview.value().lanes.empty()) {
      auto model = std::make_shared<const RunModel>(std::move(preview).value());
      owner.publish([&] { owner.fresh_[side] = std::move(model); });
    }
    return true;
  }

  bool decode(size_t side) {
    Loaded& loaded = sides[side];
    const analysis::Run& run = *loaded.run;
    auto ledger = std::async(std::launch::async, [this, &run] {
      analysis::LedgerOptions options;
      options.cancelled = [this] { return owner.cancelled_.load(); };
      return analysis::build_ledger(run, options);
    });
    const LoadControl control{&owner.cancelled_, [this, side](double part) {
                                owner.say(share(side, kOpened + part * (kDecoded - kOpened)),
                                          "reading events");
                              }};
    auto events = load_events(loaded.run, control);
    auto built = ledger.get();
    if (!events.ok()) {
      owner.fail(events.status().message());
      return false;
    }
    loaded.model = std::make_shared<RunModel>(std::move(events).value());
    if (built.ok()) {
      loaded.ledger = std::move(built).value();
      add_ledger(*loaded.model, *loaded.ledger);
    } else {
      owner.fail(built.status().message());
    }
    add_event_links(*loaded.model, loaded.run, loaded.ledger);
    std::shared_ptr<const RunModel> shown = loaded.model;
    owner.publish([&] { owner.fresh_[side] = std::move(shown); });
    return true;
  }

  void find_step_changes() {
    const RunModel& a = *sides[0].model;
    const RunModel* b = count == 2 ? sides[1].model.get() : nullptr;
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
    const RunModel& a = *sides[0].model;
    const RunModel& b = *sides[1].model;
    const Alignment pairs = Alignment::pair(a, b, AlignMode::kStepStart);
    auto map = std::make_shared<const DeltaMap>(
        DeltaMap::make(a, b, make_tracks(a, &b), pairs.slots(), [this] { return owner.cancelled_.load(); }));
    owner.publish([&] { owner.delta_map_ = std::move(map); });
  }

  void analyze() {
    for (Loaded& side : sides) {
      if (side.ledger) {
        auto evidence = analysis::gather_evidence(*side.run, *side.ledger);
        if (evidence.ok()) {
          side.evidence = std::move(evidence).value();
        } else {
          owner.fail(evidence.status().message());
        }
        auto ranks = analysis::build_rank_ledger(*side.run, *side.ledger);
        if (ranks.ok()) {
          side.ranks = std::move(ranks).value();
        } else {
          owner.fail(ranks.status().message());
        }
      }
    }
    if (count == 2 && sides[0].analyzed() && sides[1].analyzed()) {
      compare();
    } else {
      DiffTable table;
      if (sides[0].analyzed()) {
        table = table_of_run(sides[0].view(), *sides[0].model);
      } else {
        table.status = "no analysis: see Recording";
      }
      owner.publish([&] { owner.table_ = std::move(table); });
    }
    for (size_t side = 0; side < count; ++side) {
      const Loaded& loaded = sides[side];
      if (loaded.analyzed()) {
        auto matrix = std::make_shared<const RankMatrix>(
            rank_matrix(*loaded.run, *loaded.model, *loaded.ledger, *loaded.ranks));
        owner.publish([&] { owner.ranks_[side] = std::move(matrix); });
      }
    }
  }

  // The table first: it is what people wait for.
  void compare() {
    const analysis::AnalyzedRun a = sides[0].view();
    const analysis::AnalyzedRun b = sides[1].view();
    auto diff = analysis::diff_analyzed({&a, 1}, {&b, 1}, {});
    DiffTable table;
    table.comparison = true;
    if (!diff.ok()) {
      table.status = diff.status().message();
      return owner.publish([&] { owner.table_ = std::move(table); });
    }
    table = table_of_diff(diff.value(), a, b, *sides[0].model, *sides[1].model);
    owner.publish([&] { owner.table_ = table; });
    auto movers = movers_of_diff(diff.value(), a, b, *sides[0].model, *sides[1].model, table);
    if (!movers.ok()) {
      return owner.fail(movers.status().message());
    }
    owner.publish([&] { owner.movers_ = std::move(movers).value(); });
  }
};

Loader::Loader(std::string run, std::string versus, std::function<void()> wake, First first)
    : wake_(std::move(wake)),
      first_(first),
      thread_([this, a = std::move(run), b = std::move(versus)] { load(a, b); }) {}

Loader::~Loader() {
  cancelled_ = true;
  thread_.join();
}

void Loader::load(const std::string& run, const std::string& versus) {
  // On Linux this is of the calling thread, and of those it starts: the window is drawn while they read.
  setpriority(PRIO_PROCESS, 0, kNiceness);
  Parts parts{*this, {}, versus.empty() ? size_t{1} : size_t{2}};
  say(0, "opening " + run);
  if (!parts.open(0, run)) {
    failed_ = true;
    parts.count = 0;
  } else if (parts.count == 2 && !parts.open(1, versus)) {
    failed_ = true;
    parts.count = 1;  // A alone is better than nothing; the status line says why B is missing
  }
  bool good = parts.count > 0;
  for (size_t side = 0; good && side < parts.count; ++side) {
    const bool decoded = parts.decode(side);
    failed_ = failed_ || !decoded;
    good = decoded || side == 1;
    parts.count = decoded ? parts.count : side;  // A alone is better than nothing
  }
  if (good) {
    say(kDecoded, "analysing");
    parts.find_step_changes();
    parts.map_differences();
    parts.analyze();
  }
  publish([&] {
    status_.active = false;
    status_.fraction = 1;
    status_.text.clear();
    finished_ = true;
  });
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

void Loader::fail(const std::string& message) {
  publish([&] { status_.errors.push_back(message); });
}

bool Loader::poll(AppState& state) {
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
