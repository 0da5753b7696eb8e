// SPDX-License-Identifier: Apache-2.0
// A toy of CPython for the tests of collector/sources/python: numbers, names, tuples, lists, objects with attributes, and functions, with
// reference counts and one exception. A dict is a list of its keys and values.
#pragma once

#include <stepscope/stepscope.h>

#include <cstdarg>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace stepscope::collector::python {

enum class ToyType { kNumber, kName, kTuple, kList, kInstance, kFunction };

struct ToyObject {
  ToyType type = ToyType::kNumber;
  long long number = 0;
  std::string name{};
  std::vector<ToyObject*> items{};
  std::map<std::string, ToyObject*> attributes{};
  std::function<ToyObject*(ToyObject* first)> function{};  // of the first argument, or null; null: it raised
  ToyObject* its_type = nullptr;                           // of an instance
  int references = 1;                                      // the test's own
};

// The exception on its way, or null.
inline ToyObject* g_raised = nullptr;

inline ToyObject* toy(void* object) {
  return static_cast<ToyObject*>(object);
}
inline ToyObject* take(ToyObject* object) {
  ++object->references;
  return object;
}
inline ToyObject* raise() {
  static ToyObject error;
  g_raised = &error;
  return nullptr;
}

inline ToyObject g_tuple_type, g_list_type, g_other_type;
// The keyword arguments of the last call that had some: name, value, ...
inline std::vector<ToyObject*> g_keywords;

inline ToyObject& toy_type(const ToyObject& object) {
  return object.type == ToyType::kTuple  ? g_tuple_type
         : object.type == ToyType::kList ? g_list_type
         : object.its_type != nullptr    ? *object.its_type
                                         : g_other_type;
}

inline void* toy_call(void* callable, void* const* arguments, size_t count) {
  if (g_raised != nullptr) {
    std::abort();  // CPython would not take a call with an exception on its way
  }
  return toy(callable)->function(count > 0 ? toy(arguments[0]) : nullptr);
}

inline void* toy_tuple_pack(intptr_t count, ...) {
  auto* tuple = new ToyObject{.type = ToyType::kTuple};
  va_list items;
  va_start(items, count);
  for (intptr_t i = 0; i < count; ++i) {
    tuple->items.push_back(va_arg(items, ToyObject*));
  }
  va_end(items);
  return tuple;
}

inline const stepscope_python& toy_interpreter() {
  static const stepscope_python python{
      sizeof(stepscope_python),
      [](void* object) -> long long {
        if (toy(object)->type != ToyType::kNumber) {
          raise();
          return -1;
        }
        return toy(object)->number;
      },
      [](long long value) -> void* { return new ToyObject{.number = value}; },
      []() -> void* { return g_raised; },
      [] { g_raised = nullptr; },
      [](void** type, void** value, void** trace) {
        *type = g_raised;
        *value = *trace = nullptr;
        g_raised = nullptr;
      },
      [](void* type, void*, void*) { g_raised = toy(type); },
      [](void* exception) { return g_raised == exception ? 1 : 0; },
      [](void* object, void* name) -> void* {
        auto found = toy(object)->attributes.find(toy(name)->name);
        return found == toy(object)->attributes.end() ? raise() : take(found->second);
      },
      [](void* object, void*) -> void* {
        return toy(object)->items.empty() ? raise() : take(toy(object)->items[0]);
      },
      [](void* object) -> void* { return take(&toy_type(*toy(object))); },
      [](void* left, void* right, int) { return toy(left)->name == toy(right)->name ? 1 : 0; },
      [](void* object) { return static_cast<intptr_t>(toy(object)->items.size()); },
      [](void* tuple, intptr_t index) -> void* {
        auto& items = toy(tuple)->items;
        if (toy(tuple)->type != ToyType::kTuple) {
          return raise();
        }
        return static_cast<size_t>(index) < items.size() ? items[static_cast<size_t>(index)] : raise();
      },
      toy_tuple_pack,
      [](void* object) {
        if (--toy(object)->references == 0) {
          delete toy(object);
        }
      },
      []() -> void* { return new ToyObject{.type = ToyType::kList}; },
      [](void* dict, void* key, void* value) {
        toy(dict)->items.insert(toy(dict)->items.end(), {toy(key), toy(value)});
        return 0;
      },
      &g_list_type,
      [](void* callable, void* const* arguments, size_t count, void* keywords) {
        g_keywords = keywords != nullptr ? toy(keywords)->items : std::vector<ToyObject*>{};
        return toy_call(callable, arguments, count);
      },
      [](void* callable, void* const* arguments, size_t count, void* names) {
        g_keywords.clear();
        for (size_t i = 0; names != nullptr && i < toy(names)->items.size(); ++i) {
          g_keywords.insert(g_keywords.end(), {toy(names)->items[i], toy(arguments[count + i])});
        }
        return toy_call(callable, arguments, count);
      },
      [](void* function, void* instance) -> void* {
        return new ToyObject{.items = {toy(function), toy(instance)}};
      },
      [](void* object) { take(toy(object)); },
      sizeof(ToyObject),  // so that nobody looks into one
      0,
      &g_tuple_type,
      [](void* object, void* name, void* value) {
        toy(object)->attributes[toy(name)->name] = toy(value);
        return 0;
      },
  };
  return python;
}

}  // namespace stepscope::collector::python
