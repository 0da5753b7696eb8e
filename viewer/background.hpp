// SPDX-License-Identifier: Apache-2.0
//
// Background: one thread that computes what views show, so that no frame waits for it; and Latest, the answer to a view's
// latest question.
//
//   const Report* report = latest_.ask(state.background, key, [&] {
//     return [runs, filter](const Cancelled& cancelled) { return make_report(runs, filter, cancelled); };
//   });
//
// Tasks run one after the other in the order of asking. The thread starts with the first task. The destructor cancels what
// runs, drops what waits, and joins. A task that throws (memory ran out) leaves its view without an answer, and a sentence.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "viewer/worker_failure.hpp"

namespace stepscope::viewer {

// True when nobody wants the answer any more; long computations look at it now and then and return anything.
using Cancelled = std::atomic<bool>;

class Background {
 public:
  Background() = default;
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Called from the thread after each task, so that the window draws what it made. Set before the first post().
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  [[nodiscard]] const std::function<void()>& wake() const { return wake_; }
  // `cancelled` is set when this object goes while the task runs.
  void post(std::shared_ptr<Cancelled> cancelled, std::function<void()> task);
  // Until every task posted so far is done: for tests and pictures.
  void wait();
  // Why tasks ended without an answer since the last call, the latest of the sentences; "" when none did.
  [[nodiscard]] std::string take_failure();

 private:
  struct Task {
    std::shared_ptr<Cancelled> cancelled;
    std::function<void()> run;
  };
  void work();

  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool busy_ = false;
  bool stop_ = false;
  std::string failure_;
  std::shared_ptr<Cancelled> running_;
  std::thread thread_;
};

// One thread (the window's) asks; the answer is made by the background's. The answer's memory is freed there or here.
template <typename Key, typename Answer>
class Latest {
 public:
  // The newest answer there is: to `key` when pending() is false, else to an older question; null before the first. An answer
  // under way to another question is cancelled. `prepare` is called here, only for a new question, and returns what the
  // thread calls to compute the answer.
  template <typename Prepare>
  const Answer* ask(Background& background, const Key& key, const Prepare& prepare) {
    if (!asked_ || !(*asked_ == key)) {
      asked_ = key;
      failure_.clear();
      if (slot_) {
        slot_->cancelled->store(true);
      }
      auto slot = std::make_shared<Slot>();
      slot_ = slot;
      background.post(slot->cancelled, [slot, compute = prepare()] {
        if (slot->cancelled->load()) {
          return;
        }
        std::shared_ptr<const Answer> answer;
        std::string failure;
        const auto publish = [&] {
          const std::lock_guard<std::mutex> lock(slot->mutex);
          slot->answer = std::move(answer);
          slot->failure = std::move(failure);
        };
        try {
          answer = std::make_shared<const Answer>(compute(*slot->cancelled));
        } catch (...) {
          failure = describe_exception("this could not be computed");
          publish();
          throw;  // for take_failure()
        }
        publish();
      });
    }
    take();
    return answer_.get();
  }
  // The question that answer() answers.
  [[nodiscard]] const std::optional<Key>& answered() const { return answered_; }
  // The question is not answered yet, and may be.
  [[nodiscard]] bool pending() const { return slot_ != nullptr; }
  // What a view says while it has no answer: `text`, or why there will be none.
  [[nodiscard]] std::string waiting(const char* text) const { return failure_.empty() ? text : failure_; }
  [[nodiscard]] const Answer* answer() const { return answer_.get(); }
  void forget() {
    if (slot_) {
      slot_->cancelled->store(true);
    }
    slot_.reset();
    failure_.clear();
    asked_.reset();
    answered_.reset();
    answer_.reset();
  }

 private:
  struct Slot {
    std::shared_ptr<Cancelled> cancelled = std::make_shared<Cancelled>(false);
    std::mutex mutex;
    std::shared_ptr<const Answer> answer;
    std::string failure;
  };
  void take() {
    std::shared_ptr<const Answer> fresh;
    if (slot_) {
      const std::lock_guard<std::mutex> lock(slot_->mutex);
      fresh = slot_->answer;
      failure_ = slot_->failure;
    }
    if (!failure_.empty()) {
      slot_.reset();  // not asked again until the question is another one
    }
    if (fresh) {
      answer_ = std::move(fresh);
      answered_ = asked_;
      slot_.reset();
    }
  }

  std::optional<Key> asked_;
  std::optional<Key> answered_;
  std::shared_ptr<Slot> slot_;  // of the answer under way
  std::shared_ptr<const Answer> answer_;
  std::string failure_;  // of the question asked last
};

}  // namespace stepscope::viewer
