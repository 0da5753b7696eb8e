// SPDX-License-Identifier: Apache-2.0
// Objects are looked into where it is known how they lie in memory, and the interpreter is asked everywhere else.
#include "collector/sources/python/interpreter.hpp"

#include <gtest/gtest.h>

#include "tests/unit/collector/sources/python/toy_interpreter.hpp"

namespace stepscope::collector::python {
namespace {

// Types, as far as they are compared.
int g_tuples, g_numbers;

struct KnownTuple {
  size_t references;
  void* type;
  intptr_t size;
  void* hash;  // as in CPython 3.14: what tells where the items are is tuple_bytes
  void* items[2];
};

int g_asked = 0;

class KnownLayout : public ::testing::Test {
 protected:
  KnownLayout() {
    python_ = toy_interpreter();
    python_.object_bytes = 2 * sizeof(void*);
    python_.tuple_bytes = offsetof(KnownTuple, items);
    python_.tuple_type = &g_tuples;
    python_.tuple_item = [](void*, intptr_t) -> void* { return ++g_asked, nullptr; };
    python_.type_of = [](void*) -> void* { return ++g_asked, nullptr; };
    g_asked = 0;
  }
  ~KnownLayout() override { EXPECT_TRUE(set_interpreter(&toy_interpreter())); }

  stepscope_python python_;
  int first_ = 0, second_ = 0;
  KnownTuple tuple_{1, &g_tuples, 2, nullptr, {&first_, &second_}};
};

TEST_F(KnownLayout, ItemsOfATupleAreReadFromIt) {
  ASSERT_TRUE(set_interpreter(&python_));
  EXPECT_EQ(own_item(&tuple_, 1), &second_);
  EXPECT_EQ(tuple_item(&tuple_, 0), &first_);
  EXPECT_EQ(tuple_item(&tuple_, 1), &second_);
  EXPECT_EQ(tuple_item(&tuple_, 2), nullptr);
  EXPECT_EQ(g_asked, 0);
}

TEST_F(KnownLayout, WhatIsNoTupleIsLeftToTheInterpreter) {
  ASSERT_TRUE(set_interpreter(&python_));
  tuple_.type = &g_numbers;
  EXPECT_EQ(tuple_item(&tuple_, 0), nullptr);
  EXPECT_EQ(g_asked, 1);
}

TEST_F(KnownLayout, TypesAreCompared) {
  ASSERT_TRUE(set_interpreter(&python_));
  EXPECT_TRUE(is_exactly(&tuple_, &g_tuples));
  EXPECT_FALSE(is_exactly(&tuple_, &g_numbers));
  EXPECT_EQ(g_asked, 0);
}

TEST_F(KnownLayout, NothingIsReadFromObjectsWithALargerHead) {
  python_.object_bytes = 4 * sizeof(void*);  // a build for debugging, or without the GIL
  ASSERT_TRUE(set_interpreter(&python_));
  EXPECT_EQ(own_item(&tuple_, 0), nullptr);
  EXPECT_EQ(tuple_item(&tuple_, 0), nullptr);
  EXPECT_FALSE(is_exactly(&tuple_, &g_tuples));
  EXPECT_EQ(g_asked, 3);
}

}  // namespace
}  // namespace stepscope::collector::python
