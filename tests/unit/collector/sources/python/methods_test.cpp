// SPDX-License-Identifier: Apache-2.0
// The functions handed to CPython, called as CPython would, with numbers for objects. What they write is read back in
// tests/integration/python; here: names, and arguments that are not what they should be.
#include "collector/sources/python/methods.hpp"

#include <gtest/gtest.h>

namespace stepscope::collector::python {
namespace {

bool g_failed = false;  // Python's exception

long long as_long_long(void* object) {
  g_failed = object == nullptr;
  return object == nullptr ? -1 : *static_cast<long long*>(object);
}
void* from_long_long(long long value) {
  static long long zero;
  return value == 0 ? &zero : nullptr;
}
void* error_occurred() {
  return g_failed ? &g_failed : nullptr;
}

constexpr stepscope_python kPython{as_long_long, from_long_long, error_occurred};
constexpr const char* kNames[] = {"emit",      "fetch_worker",  "fetch_task",  "fetch_begin",
                                  "fetch_end", "collate_begin", "collate_end", "batch_emit"};

TEST(PythonMethods, AreFoundByName) {
  for (const char* name : kNames) {
    EXPECT_NE(method(name, &kPython), nullptr) << name;
  }
  EXPECT_EQ(method("range_push", &kPython), nullptr);
  EXPECT_EQ(method("", &kPython), nullptr);
  EXPECT_EQ(method(nullptr, &kPython), nullptr);
}

TEST(PythonMethods, NeedTheWholeInterpreter) {
  EXPECT_EQ(method("emit", nullptr), nullptr);
  stepscope_python incomplete = kPython;
  incomplete.error_occurred = nullptr;
  EXPECT_EQ(method("emit", &incomplete), nullptr);
}

TEST(PythonMethods, DoNothingInAProcessThatIsNotRecorded) {
  long long number = -1;  // a number that looks like an error and is none
  void* arguments[40];
  for (void*& argument : arguments) {
    argument = &number;
  }
  for (const char* name : kNames) {
    for (intptr_t count : {0, 1, 2, 3, 6, 17, 23, 40}) {
      EXPECT_NE(method(name, &kPython)(nullptr, arguments, count), nullptr) << name << " with " << count;
    }
  }
}

TEST(PythonMethods, RaiseWhenAnArgumentIsNoNumber) {
  void* arguments[3] = {nullptr, nullptr, nullptr};
  for (const char* name : {"emit", "fetch_worker", "fetch_task", "collate_end", "batch_emit"}) {
    g_failed = false;
    EXPECT_EQ(method(name, &kPython)(nullptr, arguments, 3), nullptr) << name;
    EXPECT_TRUE(g_failed) << name;
  }
}

}  // namespace
}  // namespace stepscope::collector::python
