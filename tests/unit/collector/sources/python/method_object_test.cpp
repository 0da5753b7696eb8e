// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/method_object.hpp"

#include <gtest/gtest.h>

#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/methods.hpp"
#include "tests/unit/collector/sources/python/toy_interpreter.hpp"

namespace stepscope::collector::python {
namespace {

// What a wrapper of a method was called with.
struct MethodCall {
  void* self;
  void* const* items;
  intptr_t count;
  void* names;
} g_method_call;

struct ToyMethod {
  ToyObject object{};  // toy_interpreter().object_bytes
  MethodFields fields{};
};

ToyMethod toy_method(void* self) {
  int flags = -1;
  ToyMethod made;
  made.fields.vectorcall =
      reinterpret_cast<decltype(MethodFields::vectorcall)>(method("method_call", &toy_interpreter(), &flags));
  made.fields.wrapper = [](void* own, void* const* items, intptr_t count, void* names) -> void* {
    g_method_call = {own, items, count, names};
    return own;
  };
  made.fields.self = self;
  EXPECT_EQ(flags, 0);
  return made;
}

TEST(PythonMethodObject, CallsItsWrapperWithWhatItHoldsAndTheArguments) {
  ToyObject self, names, instance;
  ToyMethod method = toy_method(&self);
  void* items[] = {&instance, &names};
  EXPECT_EQ(method.fields.vectorcall(&method, items, 2, &names), &self);
  EXPECT_EQ(g_method_call.self, &self);
  EXPECT_EQ(g_method_call.items, items);
  EXPECT_EQ(g_method_call.count, 2);
  EXPECT_EQ(g_method_call.names, &names);
}

TEST(PythonMethodObject, DoesNotTakeTheFlagOfTheCallForACount) {
  ToyObject self;
  ToyMethod method = toy_method(&self);
  void* items[] = {&self};
  method.fields.vectorcall(&method, items, 1 | size_t{1} << 63, nullptr);  // PY_VECTORCALL_ARGUMENTS_OFFSET
  EXPECT_EQ(g_method_call.count, 1);
  EXPECT_EQ(g_method_call.names, nullptr);
}

TEST(PythonMethodObject, IsBoundToAnInstanceAndItselfOnTheClass) {
  int flags = -1;
  const auto get =
      reinterpret_cast<void* (*)(void*, void*, void*)>(method("method_get", &toy_interpreter(), &flags));
  ASSERT_NE(get, nullptr);
  EXPECT_EQ(flags, 0);
  ToyObject self, instance, type;
  ToyMethod method = toy_method(&self);
  const Owned bound(get(&method, &instance, &type));
  EXPECT_EQ(toy(bound.get())->items, (std::vector<ToyObject*>{&method.object, &instance}));
  EXPECT_EQ(get(&method, nullptr, &type), &method);
  EXPECT_EQ(method.object.references, 2);  // one of it is the caller's now
}

}  // namespace
}  // namespace stepscope::collector::python
