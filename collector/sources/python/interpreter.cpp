// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/interpreter.hpp"

#include <string.h>

namespace stepscope::collector::python {
namespace {

constinit stepscope_python g_python{};

}  // namespace

const stepscope_python& interpreter() noexcept {
  return g_python;
}

bool set_interpreter(const stepscope_python* python) noexcept {
  if (python == nullptr || python->size < sizeof(stepscope_python)) {
    return false;
  }
  // All members but the size are pointers.
  void* members[(sizeof(stepscope_python) - offsetof(stepscope_python, as_long_long)) / sizeof(void*)];
  memcpy(members, &python->as_long_long, sizeof(members));
  for (const void* member : members) {
    if (member == nullptr) {
      return false;
    }
  }
  g_python = *python;
  return true;
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
  const Owned its(g_python.type_of(object));
  return its.get() == type;
}

bool type_is_called(void* object, void* name_attribute, void* name) noexcept {
  constexpr int kEqual = 2;  // Py_EQ
  const Owned type(g_python.type_of(object));
  const Owned its(g_python.get_attribute(type.get(), name_attribute));
  const int same = its ? g_python.compare(its.get(), name, kEqual) : -1;
  if (same < 0) {
    g_python.error_clear();
  }
  return same == 1;
}

int64_t list_length(void* object) noexcept {
  return is_exactly(object, g_python.list_type) ? g_python.length(object) : -1;
}

void* tuple_item(void* tuple, intptr_t index) noexcept {
  void* item = g_python.tuple_item(tuple, index);
  if (item == nullptr) {
    g_python.error_clear();
  }
  return item;
}

}  // namespace stepscope::collector::python
