// SPDX-License-Identifier: Apache-2.0
// What stands in a batch's way hands it on: results, exceptions and references are the original's, whatever else there is to read.
// What is recorded on the way: tests/integration/python.
#include "collector/sources/python/wrappers.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/loader_state.hpp"
#include "collector/thread_state.hpp"

#include "toy_interpreter.hpp"

namespace stepscope::collector::python {
namespace {

using Wrapper = void* (*)(void*, void*, void*) noexcept;

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
    if (wrapper == loader_next) {
      tuple.items.insert(tuple.items.end(), {&wake_, &nothing_, name("at"), name("received"), &stop_});
    } else if (wrapper == loader_next_index) {
      tuple.items.insert(tuple.items.end(), {name("at"), name("sent")});
    } else if (wrapper == loader_get_data) {
      tuple.items.insert(tuple.items.end(), {name("at"), name("received"), name("tasks"), &wake_});
    } else if (wrapper == pin_put) {
      tuple.items.push_back(&zero_);
    } else if (wrapper == worker_get) {
      tuple.items.push_back(&wake_);
    }
    return tuple;
  }

  ToyObject wake_{.type = ToyType::kFunction}, nothing_{.type = ToyType::kTuple}, stop_, zero_;
  std::vector<std::unique_ptr<ToyObject>> names_;
};

constexpr Wrapper kAll[] = {loader_next, loader_next_index, loader_get_data, pin_get,
                            pin_put,     worker_get,        fetch,           collate};

TEST_F(WrappersTest, HandOnWhatTheOriginalReturns) {
  for (bool makes_batches : {false, true}) {
    for (Wrapper wrapper : kAll) {
      thread_state().loading = {.makes_batches = makes_batches};
      ToyObject iterator{.type = ToyType::kInstance};
      ToyObject arguments{.type = ToyType::kTuple, .items = {&iterator}};
      ToyObject original{.type = ToyType::kFunction};
      original.function = [&](ToyObject* given) {
        EXPECT_EQ(given, &arguments);
        return take(&batch());
      };
      ToyObject self = own(wrapper, &original);
      const int references = batch().references;
      EXPECT_EQ(wrapper(&self, &arguments, nullptr), &batch());
      EXPECT_EQ(batch().references, references + 1) << "one, the caller's";
      EXPECT_EQ(iterator.references, 1);
      EXPECT_EQ(g_raised, nullptr);
    }
  }
}

TEST_F(WrappersTest, LetAnExceptionPass) {
  for (Wrapper wrapper : kAll) {
    ToyObject iterator{.type = ToyType::kInstance}, error;
    ToyObject arguments{.type = ToyType::kTuple, .items = {&iterator}};
    ToyObject original{.type = ToyType::kFunction};
    original.function = [&](ToyObject*) -> ToyObject* {
      g_raised = &error;
      return nullptr;
    };
    ToyObject self = own(wrapper, &original);
    EXPECT_EQ(wrapper(&self, &arguments, nullptr), nullptr);
    EXPECT_EQ(g_raised, &error);
    g_raised = nullptr;
  }
}

TEST_F(WrappersTest, SurviveACallWithoutArguments) {
  ToyObject arguments{.type = ToyType::kTuple};
  for (Wrapper wrapper : kAll) {
    ToyObject original{.type = ToyType::kFunction};
    original.function = [](ToyObject*) { return take(&batch()); };
    ToyObject self = own(wrapper, &original);
    EXPECT_EQ(wrapper(&self, &arguments, nullptr), &batch());
    EXPECT_EQ(g_raised, nullptr);
  }
}

TEST_F(WrappersTest, AFetchWithinAFetchBelongsToTheOuterOne) {
  thread_state().loading = {.makes_batches = true, .fetch_depth = 1};
  ToyObject arguments{.type = ToyType::kTuple}, original{.type = ToyType::kFunction};
  original.function = [](ToyObject*) { return take(&batch()); };
  ToyObject self = own(fetch, &original);
  fetch(&self, &arguments, nullptr);
  EXPECT_EQ(thread_state().loading.fetch_depth, 1);
}

TEST_F(WrappersTest, TimesOfATaskAreKeptWhereTheIteratorSays) {
  std::vector<int64_t> memory(LoaderState::bytes(LoaderState::slots_for(4)) / sizeof(int64_t) + 1);
  auto* loader = reinterpret_cast<LoaderState*>(memory.data());
  *loader = {.loader = 1,
             .epoch = 0,
             .workers = 2,
             .flags = 0,
             .in_order = true,
             .slots = LoaderState::slots_for(4)};
  loader->begin();
  ToyObject address{.number = reinterpret_cast<long long>(loader)}, sent{.number = 5};
  ToyObject iterator{.type = ToyType::kInstance, .attributes = {{"at", &address}, {"sent", &sent}}};
  ToyObject arguments{.type = ToyType::kTuple, .items = {&iterator}}, original{.type = ToyType::kFunction};
  original.function = [](ToyObject*) { return take(&batch()); };

  ToyObject self = own(loader_next_index, &original);
  loader_next_index(&self, &arguments, nullptr);
  ASSERT_NE(loader->find(5), nullptr);
  EXPECT_GT(loader->find(5)->dispatched_ns, 0);

  ToyObject task{.number = 5}, data;
  ToyObject item{.type = ToyType::kTuple, .items = {&task, &data}};
  original.function = [&](ToyObject*) { return take(&item); };
  self = own(loader_get_data, &original);
  EXPECT_EQ(loader_get_data(&self, &arguments, nullptr), &item);
  EXPECT_GE(loader->find(5)->arrived_ns, loader->find(5)->dispatched_ns);
  EXPECT_EQ(loader->last_arrived, 5);
  EXPECT_EQ(g_raised, nullptr) << "that the iterator has no task_info is not the program's problem";

  ToyObject pin_self{.type = ToyType::kTuple, .items = {&original, &address}};
  ToyObject put{.type = ToyType::kTuple, .items = {&item}};
  pin_get(&pin_self, &arguments, nullptr);
  pin_put(&pin_self, &put, nullptr);
  EXPECT_GT(loader->find(5)->pinned_ns, 0);
}

}  // namespace
}  // namespace stepscope::collector::python
