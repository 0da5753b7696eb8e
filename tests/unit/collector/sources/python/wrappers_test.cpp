// SPDX-License-Identifier: Apache-2.0
// What stands in a batch's way hands it on: results, exceptions and references are the original's, whatever else there is to read.
// What is recorded on the way: tests/integration/python.
#include "collector/sources/python/wrappers.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "collector/clock.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/loader_state.hpp"
#include "collector/thread_state.hpp"
#include "trace/kinds.hpp"

#include "toy_interpreter.hpp"

namespace stepscope::collector::python {
namespace {

using Wrapper = void* (*)(void*, void* const*, intptr_t, void*) noexcept;

class WrappersTest : public ::testing::Test {
 protected:
  WrappersTest() {
    EXPECT_TRUE(set_interpreter(&toy_interpreter()));
    g_raised = nullptr;
    thread_state().loading = {};
    wake_.function = [](ToyObject*) { return take(&batch()); };
  }
  ~WrappersTest() override { thread_state().loading = {}; }

  static ToyObject& batch() {
    static ToyObject object{.type = ToyType::kInstance};
    return object;
  }
  ToyObject* name(const char* text) {
    names_.push_back(std::make_unique<ToyObject>(ToyObject{.type = ToyType::kName, .name = text}));
    return names_.back().get();
  }
  // The tuple that the wrapper is given, with `original` first.
  ToyObject own(Wrapper wrapper, ToyObject* original) {
    ToyObject tuple{.type = ToyType::kTuple, .items = {original}};
    const auto add = [&](std::initializer_list<ToyObject*> items) {
      tuple.items.insert(tuple.items.end(), items);
    };
    if (wrapper == loader_next || wrapper == loader_get_data) {
      add({name("state"), &state_type_, name("received"), name("sent")});
    }
    if (wrapper == loader_next) {
      add({&wake_, &stop_});
    } else if (wrapper == loader_get_data) {
      add({name("tasks"), name("__name__"), name("End")});
    } else if (wrapper == pin_put) {
      add({name("no address")});
    } else if (wrapper == worker_get) {
      add({name("__name__"), name("Resume"), name("get"), name("watched")});
    }
    return tuple;
  }

  ToyObject wake_{.type = ToyType::kFunction}, stop_, state_type_;
  std::vector<std::unique_ptr<ToyObject>> names_;
};

constexpr Wrapper kAll[] = {loader_next, loader_get_data, pin_get, pin_put, worker_get, fetch, collate};

TEST_F(WrappersTest, HandOnWhatTheOriginalReturns) {
  for (bool makes_batches : {false, true}) {
    for (Wrapper wrapper : kAll) {
      thread_state().loading = {.makes_batches = makes_batches};
      ToyObject iterator{.type = ToyType::kInstance};
      void* arguments[] = {&iterator};
      ToyObject original{.type = ToyType::kFunction};
      original.function = [&](ToyObject* given) {
        EXPECT_EQ(given, &iterator);
        return take(&batch());
      };
      ToyObject self = own(wrapper, &original);
      const int references = batch().references;
      EXPECT_EQ(wrapper(&self, arguments, 1, nullptr), &batch());
      EXPECT_EQ(batch().references, references + 1) << "one, the caller's";
      EXPECT_EQ(iterator.references, 1);
      EXPECT_EQ(g_raised, nullptr);
    }
  }
}

TEST_F(WrappersTest, LetAnExceptionPass) {
  for (Wrapper wrapper : kAll) {
    ToyObject iterator{.type = ToyType::kInstance}, error;
    void* arguments[] = {&iterator};
    ToyObject original{.type = ToyType::kFunction};
    original.function = [&](ToyObject*) -> ToyObject* {
      g_raised = &error;
      return nullptr;
    };
    ToyObject self = own(wrapper, &original);
    EXPECT_EQ(wrapper(&self, arguments, 1, nullptr), nullptr);
    EXPECT_EQ(g_raised, &error);
    g_raised = nullptr;
  }
}

TEST_F(WrappersTest, SurviveACallWithoutArguments) {
  for (Wrapper wrapper : kAll) {
    ToyObject original{.type = ToyType::kFunction};
    original.function = [](ToyObject*) { return take(&batch()); };
    ToyObject self = own(wrapper, &original);
    EXPECT_EQ(wrapper(&self, nullptr, 0, nullptr), &batch());
    EXPECT_EQ(g_raised, nullptr);
  }
}

// Where the interpreter does not export the call that takes them as they come, too.
TEST_F(WrappersTest, HandOnKeywords) {
  stepscope_python old = toy_interpreter();
  old.vectorcall = nullptr;
  ToyObject timeout{.number = 5}, block{.number = 1};
  ToyObject names{.type = ToyType::kTuple, .items = {name("timeout"), name("block")}};
  for (const stepscope_python& python : {toy_interpreter(), old}) {
    EXPECT_TRUE(set_interpreter(&python));
    for (Wrapper wrapper : kAll) {
      ToyObject iterator{.type = ToyType::kInstance};
      void* arguments[] = {&iterator, &timeout, &block};
      ToyObject original{.type = ToyType::kFunction};
      original.function = [&](ToyObject* given) {
        EXPECT_EQ(given, &iterator);
        return take(&batch());
      };
      ToyObject self = own(wrapper, &original);
      g_keywords.clear();
      EXPECT_EQ(wrapper(&self, arguments, 1, &names), &batch());
      EXPECT_EQ(g_keywords, (std::vector<ToyObject*>{names.items[0], &timeout, names.items[1], &block}));
      EXPECT_EQ(wrapper(&self, arguments, 1, nullptr), &batch());
      EXPECT_TRUE(g_keywords.empty());
    }
  }
}

TEST_F(WrappersTest, AFetchWithinAFetchBelongsToTheOuterOne) {
  thread_state().loading = {.makes_batches = true, .fetch_depth = 1};
  ToyObject original{.type = ToyType::kFunction};
  original.function = [](ToyObject*) { return take(&batch()); };
  ToyObject self = own(fetch, &original);
  fetch(&self, nullptr, 0, nullptr);
  EXPECT_EQ(thread_state().loading.fetch_depth, 1);
}

class LoadingTest : public WrappersTest {
 protected:
  LoadingTest() {
    loader_ = {.loader = 1,
               .epoch = 0,
               .workers = 2,
               .flags = 0,
               .in_order = true,
               .slots = LoaderState::slots_for(4)};
    loader_.begin();
    address_.number = reinterpret_cast<long long>(&loader_);
    address_.its_type = &state_type_;
    iterator_.attributes = {{"state", &address_}, {"sent", &sent_}, {"received", &received_}};
  }

  // What the workers' queue gave, taken as the iterator takes it.
  void arrive() {
    item_.items = {&task_, &data_};
    ToyObject original{.type = ToyType::kFunction};
    original.function = [&](ToyObject*) { return take(&item_); };
    ToyObject self = own(loader_get_data, &original);
    EXPECT_EQ(loader_get_data(&self, arguments_, 1, nullptr), &item_);
    EXPECT_EQ(g_raised, nullptr);
  }
  // A next() of a process that records, in which `happens`. Its rows are refused: there is no recording to write them to.
  void next(const std::function<void()>& happens) {
    const std::atomic<uint32_t> yes{1};
    const std::atomic<uint32_t>* before = detail::g_recording.exchange(&yes);
    thread_state().busy = true;
    original_.function = [&](ToyObject*) {
      happens();
      return take(&batch());
    };
    ToyObject self = own(loader_next, &original_);
    EXPECT_EQ(loader_next(&self, arguments_, 1, nullptr), &batch());
    EXPECT_EQ(g_raised, nullptr);
    thread_state().busy = false;
    detail::g_recording = before;
  }
  void put_one() { ++sent_.number; }

  struct {
    LoaderState state;
    LoaderTask tasks[16];
  } memory_{};
  LoaderState& loader_ = memory_.state;
  ToyObject address_, sent_{.number = 5}, received_{.number = 5}, task_{.number = 5}, data_;
  ToyObject iterator_{.type = ToyType::kInstance};
  void* arguments_[1] = {&iterator_};
  ToyObject original_{.type = ToyType::kFunction}, item_{.type = ToyType::kTuple};
  ToyObject entry_{.type = ToyType::kTuple, .items = {&worker_}},
      tasks_{.type = ToyType::kTuple, .items = {&entry_}};
  ToyObject worker_{.number = 1};
};

TEST_F(LoadingTest, TimesOfATaskAreKeptWhereTheIteratorSays) {
  next([&] { put_one(); });
  ASSERT_NE(loader_.find(5), nullptr);
  EXPECT_GT(loader_.find(5)->dispatched_ns, 0);

  iterator_.attributes["tasks"] = &tasks_;
  arrive();
  EXPECT_GE(loader_.find(5)->arrived_ns, loader_.find(5)->dispatched_ns);
  EXPECT_EQ(loader_.find(5)->worker, 1);
  EXPECT_EQ(loader_.last_arrived, 5);
  EXPECT_EQ(loader_.out_of_order, 0);

  ToyObject self{.type = ToyType::kTuple, .items = {&original_, &address_}};
  void* put[] = {&item_};
  original_.function = [&](ToyObject*) { return take(&batch()); };
  pin_get(&self, arguments_, 1, nullptr);
  pin_put(&self, put, 1, nullptr);
  EXPECT_GT(loader_.find(5)->pinned_ns, 0);
  EXPECT_EQ(address_.references, 1);
}

// Whoever put them, tasks are not said to have been put after a worker may have taken them.
TEST_F(LoadingTest, WhatAnEpochBeginsWithWasPutFromItsBeginningOn) {
  received_.number = 0;
  sent_.number = 2;
  const int64_t before = now_ns();
  next([&] { put_one(); });
  EXPECT_EQ(loader_.find(0)->dispatched_ns, loader_.begun_ns);
  EXPECT_EQ(loader_.find(1)->dispatched_ns, loader_.begun_ns);
  EXPECT_GE(loader_.find(2)->dispatched_ns, before);
}

TEST_F(LoadingTest, ATaskIsPutAfterTheLastArrival) {
  iterator_.attributes["tasks"] = &tasks_;
  loader_.sent = 5;
  next([&] {
    arrive();
    put_one();
  });
  EXPECT_EQ(loader_.find(5)->dispatched_ns, loader_.turned_ns);
  next([&] { put_one(); });  // the batch was there already
  EXPECT_GT(loader_.find(6)->dispatched_ns, loader_.find(5)->dispatched_ns);
  EXPECT_EQ(loader_.find(6)->dispatched_ns, loader_.turned_ns);
}

TEST_F(LoadingTest, WhereAWorkerEndedATaskMayHaveBeenPutInBetween) {
  iterator_.attributes["tasks"] = &tasks_;
  loader_.flags = trace::kBatchIterable;
  loader_.sent = 5;
  int64_t began = 0, ended = 0;
  ToyObject end_name{.type = ToyType::kName, .name = "End"},
      end_type{.attributes = {{"__name__", &end_name}}};
  next([&] {
    began = now_ns();
    data_.its_type = &end_type;
    task_.number = 3;
    arrive();
    put_one();
    data_.its_type = nullptr;
    task_.number = 4;
    arrive();
    put_one();
    ended = now_ns();
  });
  EXPECT_LE(loader_.find(5)->dispatched_ns, began);
  EXPECT_EQ(loader_.find(5)->dispatched_ns, loader_.find(6)->dispatched_ns);
  next([&] { put_one(); });
  EXPECT_GE(loader_.find(7)->dispatched_ns, ended) << "that was the next() before";
}

TEST_F(LoadingTest, OfManyTasksPutUnseenTheLatestAreNoted) {
  sent_.number = 1'000'000'000;
  received_.number = 0;
  next([] {});
  EXPECT_EQ(loader_.find(999'999'999)->dispatched_ns, loader_.begun_ns);
  EXPECT_EQ(loader_.find(999'999'999 - loader_.slots), nullptr);
}

TEST_F(LoadingTest, ABatchBeforeItsTurnCountsButNotTheEndOfAWorker) {
  iterator_.attributes["tasks"] = &tasks_;
  received_.number = 3;
  arrive();
  EXPECT_EQ(loader_.out_of_order, 1);
  loader_.flags = trace::kBatchIterable;
  ToyObject end_name{.type = ToyType::kName, .name = "End"},
      end_type{.attributes = {{"__name__", &end_name}}};
  data_.its_type = &end_type;
  arrive();
  EXPECT_EQ(loader_.out_of_order, 1);
}

TEST_F(LoadingTest, WhatIsLeftOfAnotherEpochIsNoArrival) {
  sent_.number = 0;
  received_.number = 0;
  arrive();
  EXPECT_EQ(loader_.find(5), nullptr);
  EXPECT_EQ(loader_.out_of_order, 0);
  EXPECT_EQ(loader_.failures, 0);
}

TEST_F(LoadingTest, AnIteratorThatCannotBeReadIsAFailureOfOurs) {
  sent_.number = 9;  // task 5 is in flight, and the iterator does not say whose it is
  arrive();
  EXPECT_EQ(loader_.failures, 1);
}

TEST_F(LoadingTest, AnAttributeThatIsNoStateIsLeftAlone) {
  address_.its_type = nullptr;  // a number, of any other type
  next([&] { put_one(); });
  EXPECT_EQ(loader_.find(5), nullptr);
  address_.type = ToyType::kName;
  next([&] { put_one(); });
  EXPECT_EQ(loader_.sent, 0);
}

TEST_F(WrappersTest, ANewEpochOfAWorkerIsCounted) {
  ToyObject resume_name{.type = ToyType::kName, .name = "Resume"},
      resume_type{.attributes = {{"__name__", &resume_name}}};
  ToyObject item{.type = ToyType::kInstance, .its_type = &resume_type};
  ToyObject original{.type = ToyType::kFunction};
  original.function = [&](ToyObject*) { return take(&item); };
  ToyObject self = own(worker_get, &original);
  thread_state().fetch_task = {true, 1, 3, 0, 0, 0};
  worker_get(&self, nullptr, 0, nullptr);
  EXPECT_EQ(thread_state().fetch_task.epoch, 4);
  ToyObject task{.number = 8};
  item = {.type = ToyType::kTuple, .items = {&task, &task}};
  worker_get(&self, nullptr, 0, nullptr);
  EXPECT_EQ(thread_state().fetch_task.task, 8);
  EXPECT_GT(thread_state().fetch_task.received_ns, 0);
  thread_state().fetch_task = {};
}

TEST_F(WrappersTest, AQueueWhoseTasksComeInTurnIsLeftAlone) {
  ToyObject task, item{.type = ToyType::kTuple, .items = {&task, &task}};
  ToyObject get{.type = ToyType::kFunction, .function = [&](ToyObject*) { return take(&item); }};
  ToyObject make{.type = ToyType::kFunction, .function = [](ToyObject*) { return take(&batch()); }};
  ToyObject watched{.type = ToyType::kFunction}, own_get = own(worker_get, &get),
                                                 own_fetch = own(fetch, &make);
  ToyObject queue{.type = ToyType::kInstance, .attributes = {{"get", &watched}, {"watched", &watched}}};
  const std::atomic<uint32_t> yes{1};
  const std::atomic<uint32_t>* before = detail::g_recording.exchange(&yes);
  ThreadState& thread = thread_state();
  thread.busy = true;  // rows are refused: there is no recording to write them to
  thread.loading = {.makes_batches = true};
  thread.fetch_task = {true, 1, 0, 0, 0, 0};
  thread.worker_queue.object = &queue;
  thread.worker_queue.tasks.allow(0);
  int looks = 0;
  for (task.number = 0; task.number < 600; task.number += 3) {
    if (queue.attributes["get"] == &watched) {
      ++looks;
      worker_get(&own_get, nullptr, 0, nullptr);
    } else {
      EXPECT_EQ(queue.attributes["get"], &get);
    }
    fetch(&own_fetch, nullptr, 0, nullptr);
    ASSERT_EQ(thread.fetch_task.task, task.number);
    ASSERT_LE(thread.fetch_task.received_ns, thread.fetch.usage().start_ns);
  }
  EXPECT_LT(looks, 16);
  thread.busy = false;
  detail::g_recording = before;
  thread.fetch_task = {};
  thread.worker_queue = {};
}

}  // namespace
}  // namespace stepscope::collector::python
