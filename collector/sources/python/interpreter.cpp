// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/interpreter.hpp"

#include <string.h>

namespace stepscope::collector::python {
namespace {

constinit stepscope_python g_python{};

// The head of an object in all builds but those for debugging and without the GIL, whose heads are larger.
struct ObjectHead {
  size_t references;
  void* type;
};
bool heads_are_known() noexcept {
  return g_python.object_bytes == sizeof(ObjectHead);
}
void* known_type(void* object) noexcept {
  return static_cast<const ObjectHead*>(object)->type;
}

// A tuple's number of items follows its head; the items follow what tuple.__basicsize__ says.
bool tuples_are_known() noexcept {
  return heads_are_known() && g_python.tuple_bytes > sizeof(ObjectHead);
}
intptr_t known_size(void* tuple) noexcept {
  return *reinterpret_cast<const intptr_t*>(static_cast<const char*>(tuple) + sizeof(ObjectHead));
}
void* known_item(void* tuple, intptr_t index) noexcept {
  return reinterpret_cast<void* const*>(static_cast<const char*>(tuple) + g_python.tuple_bytes)[index];
}

}  // namespace

const stepscope_python& interpreter() noexcept {
  return g_python;
}

bool set_interpreter(const stepscope_python* python) noexcept {
  if (python == nullptr || python->size < sizeof(stepscope_python)) {
    return false;
  }
  // `vectorcall` may be missing, and none of those before it.
  void* members[(offsetof(stepscope_python, vectorcall) - offsetof(stepscope_python, as_long_long)) /
                sizeof(void*)];
  memcpy(members, &python->as_long_long, sizeof(members));
  for (const void* member : members) {
    if (member == nullptr) {
      return false;
    }
  }
  if (python->method_new == nullptr || python->inc_ref == nullptr || python->object_bytes == 0 ||
      python->set_attribute == nullptr) {
    return false;
  }
  g_python = *python;
  return true;
}

void* call(void* callable, const Arguments& arguments) noexcept {
  const auto [items, count, names] = arguments;
  if (g_python.vectorcall != nullptr) {
    return g_python.vectorcall(callable, items, static_cast<size_t>(count), names);
  }
  if (names == nullptr) {
    return g_python.vectorcall_dict(callable, items, static_cast<size_t>(count), nullptr);
  }
  const Owned keywords(g_python.dict_new());
  if (!keywords) {
    return nullptr;
  }
  void* name = tuple_item(names, 0);
  for (intptr_t i = 0; name != nullptr; name = tuple_item(names, ++i)) {
    if (g_python.dict_set(keywords.get(), name, items[count + i]) != 0) {
      return nullptr;
    }
  }
  return g_python.vectorcall_dict(callable, items, static_cast<size_t>(count), keywords.get());
}

bool number_of(void* object, int64_t& out) noexcept {
  if (object == nullptr) {
    return false;
  }
  out = g_python.as_long_long(object);
  if (out == -1 && g_python.error_occurred() != nullptr) {
    g_python.error_clear();
    return false;
  }
  return true;
}

bool number_attribute(void* object, void* name, int64_t& out) noexcept {
  const Owned value(g_python.get_attribute(object, name));
  if (!value) {
    g_python.error_clear();
    return false;
  }
  return number_of(value.get(), out);
}

bool is_exactly(void* object, void* type) noexcept {
  if (heads_are_known()) {
    return known_type(object) == type;
  }
  const Owned its(g_python.type_of(object));
  return its.get() == type;
}

bool type_is_called(void* object, void* name_attribute, void* name) noexcept {
  constexpr int kEqual = 2;  // Py_EQ
  if (object == nullptr) {
    return false;
  }
  const Owned type(g_python.type_of(object));
  const Owned its(type ? g_python.get_attribute(type.get(), name_attribute) : nullptr);
  const int same = its ? g_python.compare(its.get(), name, kEqual) : -1;
  if (same < 0) {
    g_python.error_clear();
  }
  return same == 1;
}

int64_t list_length(void* object) noexcept {
  return is_exactly(object, g_python.list_type) ? g_python.list_size(object) : -1;
}

void* own_item(void* tuple, intptr_t index) noexcept {
  return tuples_are_known() ? known_item(tuple, index) : tuple_item(tuple, index);
}

int64_t tuple_length(void* tuple) noexcept {
  if (tuples_are_known()) {
    return known_size(tuple);
  }
  intptr_t length = 0;
  while (tuple_item(tuple, length) != nullptr) {
    ++length;
  }
  return length;
}

void* tuple_item(void* tuple, intptr_t index) noexcept {
  if (tuples_are_known() && known_type(tuple) == g_python.tuple_type) {
    return index < known_size(tuple) ? known_item(tuple, index) : nullptr;
  }
  void* item = g_python.tuple_item(tuple, index);
  if (item == nullptr) {
    g_python.error_clear();
  }
  return item;
}

}  // namespace stepscope::collector::python
