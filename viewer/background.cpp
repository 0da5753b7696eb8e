// SPDX-License-Identifier: Apache-2.0
#include "viewer/background.hpp"

namespace stepscope::viewer {

Background::~Background() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    tasks_.clear();
    if (running_) {
      running_->store(true);
    }
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Background::post(std::shared_ptr<Cancelled> cancelled, std::function<void()> task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back({std::move(cancelled), std::move(task)});
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { work(); });
    }
  }
  changed_.notify_all();
}

void Background::wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return tasks_.empty() && !busy_; });
}

std::string Background::take_failure() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(failure_, {});
}

void Background::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
    if (stop_) {
      return;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    running_ = task.cancelled;
    busy_ = true;
    lock.unlock();
    std::string failure;
    try {
      task.run();
    } catch (...) {
      failure = describe_exception("what a view shows could not be computed");
    }
    task = {};  // what it holds is freed before anybody hears that it is done
    lock.lock();
    if (!failure.empty()) {
      failure_ = std::move(failure);
    }
    lock.unlock();
    if (wake_) {
      wake_();
    }
    lock.lock();
    running_.reset();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace stepscope::viewer
