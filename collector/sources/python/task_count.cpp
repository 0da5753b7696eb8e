// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/task_count.hpp"

namespace stepscope::collector::python {
namespace {

constexpr int32_t kEqualStrides = 4;
constexpr int32_t kLookedAtEvery = 32;

}  // namespace

void TaskCount::allow(int64_t worker) noexcept {
  if (mistaken_) {
    return;
  }
  *this = {};
  worker_ = last_ = worker;
  allowed_ = true;
}

TaskCount::Saw TaskCount::saw(int64_t task) noexcept {
  const int64_t stride = task - last_;
  const bool mistaken = predicted_ && stride != stride_;
  predicted_ = false;
  seen_ = true;
  equal_ = stride == stride_ ? equal_ + 1 : 0;
  stride_ = stride;
  last_ = task;
  if (mistaken) {
    mistaken_ = true;
    allowed_ = false;
    return Saw::kMistaken;
  }
  if (!allowed_ || stride <= 0 || equal_ < kEqualStrides) {
    return Saw::kLook;
  }
  ahead_ = kLookedAtEvery - 1;
  return Saw::kCount;
}

int64_t TaskCount::next() noexcept {
  if (seen_ || ahead_ == 0) {
    seen_ = false;
    return -1;
  }
  last_ += stride_;
  predicted_ = --ahead_ == 0;
  return last_;
}

}  // namespace stepscope::collector::python
