// SPDX-License-Identifier: Apache-2.0
// The functions handed to CPython, called as CPython would. What they write is read back in tests/integration/python; here: names, and
// arguments that are not what they should be.
#include "collector/sources/python/methods.hpp"

#include <gtest/gtest.h>

#include "toy_interpreter.hpp"

namespace stepscope::collector::python {
namespace {

constexpr int kFastcall = 0x80, kFastcallKeywords = 0x82;  // CPython's METH_ flags
constexpr const char* kFunctions[] = {"emit",         "fetch_worker", "fetch_epoch", "loading",
                                      "loader_bytes", "loader_begin", "loader_key"};
constexpr const char* kWrappers[] = {"loader_next", "loader_get_data", "pin_get", "pin_put",
                                     "worker_get",  "fetch",           "collate"};

using Function = void* (*)(void*, void* const*, intptr_t);
Function function(const char* name) {
  int flags = 0;
  return reinterpret_cast<Function>(method(name, &toy_interpreter(), &flags));
}

long long call(const char* name, std::vector<long long> numbers) {
  std::vector<ToyObject> objects;
  for (long long one : numbers) {
    objects.push_back({.number = one});
  }
  std::vector<void*> arguments;
  for (ToyObject& object : objects) {
    arguments.push_back(&object);
  }
  auto* result = toy(function(name)(nullptr, arguments.data(), static_cast<intptr_t>(arguments.size())));
  const long long value = result == nullptr ? -1 : result->number;
  delete result;
  return value;
}

TEST(PythonMethods, AreFoundByName) {
  for (const char* name : kFunctions) {
    int flags = 0;
    EXPECT_NE(method(name, &toy_interpreter(), &flags), nullptr) << name;
    EXPECT_EQ(flags, kFastcall) << name;
  }
  for (const char* name : kWrappers) {
    int flags = 0;
    EXPECT_NE(method(name, &toy_interpreter(), &flags), nullptr) << name;
    EXPECT_EQ(flags, kFastcallKeywords) << name;
  }
  int flags = 0;
  EXPECT_EQ(method("range_push", &toy_interpreter(), &flags), nullptr);
  EXPECT_EQ(method("", &toy_interpreter(), &flags), nullptr);
  EXPECT_EQ(method(nullptr, &toy_interpreter(), &flags), nullptr);
  EXPECT_EQ(method("emit", &toy_interpreter(), nullptr), nullptr);
}

TEST(PythonMethods, NeedTheWholeInterpreter) {
  int flags = 0;
  EXPECT_EQ(method("emit", nullptr, &flags), nullptr);
  stepscope_python incomplete = toy_interpreter();
  incomplete.error_occurred = nullptr;
  EXPECT_EQ(method("emit", &incomplete, &flags), nullptr);
  incomplete = toy_interpreter();
  incomplete.vectorcall_dict = nullptr;
  EXPECT_EQ(method("emit", &incomplete, &flags), nullptr);
  incomplete = toy_interpreter();
  incomplete.size = offsetof(stepscope_python, vectorcall);  // of hooks that know less
  EXPECT_EQ(method("emit", &incomplete, &flags), nullptr);
  incomplete = toy_interpreter();
  incomplete.method_new = nullptr;
  EXPECT_EQ(method("emit", &incomplete, &flags), nullptr);
  incomplete = toy_interpreter();
  incomplete.vectorcall = nullptr;  // CPython 3.9 and 3.10
  EXPECT_NE(method("emit", &incomplete, &flags), nullptr);
}

TEST(PythonMethods, DoNothingInAProcessThatIsNotRecorded) {
  for (const char* name : {"emit", "fetch_worker", "loading", "loader_bytes"}) {
    for (size_t count : {0u, 1u, 2u, 3u, 6u, 17u, 23u, 40u}) {
      EXPECT_NE(call(name, std::vector<long long>(count, -1)), -1)
          << name << " with " << count;  // -1: looks like an error
    }
  }
  EXPECT_EQ(call("loading", {}), 0);
}

TEST(PythonMethods, RaiseWhenAnArgumentIsNoNumber) {
  ToyObject name{.type = ToyType::kName};
  void* arguments[3] = {&name, &name, &name};
  for (const char* one : {"emit", "fetch_worker", "loader_bytes", "loader_begin", "loader_key"}) {
    g_raised = nullptr;
    EXPECT_EQ(function(one)(nullptr, arguments, 3), nullptr) << one;
    EXPECT_NE(g_raised, nullptr) << one;
  }
  g_raised = nullptr;
}

TEST(PythonMethods, TellWhoMakesBatches) {
  EXPECT_EQ(call("fetch_worker", {7, 0, 3}), 0);
  EXPECT_EQ(call("loading", {}), 4);
  EXPECT_EQ(call("fetch_worker", {0, 0, -1}), 0);
  EXPECT_EQ(call("loading", {}), 0);
}

}  // namespace
}  // namespace stepscope::collector::python
