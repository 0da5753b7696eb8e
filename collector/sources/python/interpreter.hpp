// SPDX-License-Identifier: Apache-2.0
//
// The CPython interpreter that calls us, seen through the functions that its hooks hand in (struct stepscope_python): the
// collector does not link to Python. Of how objects lie in memory it knows what CPython's stable interface says or tells at run time: where
// an object's type is, and a tuple's items, on builds without additions to the head of an object. A function of the interpreter costs
// more than it does where the caches are cold.
//
// Everything here is called with the GIL held and, but for ExceptionAside, with no exception on its way. Objects are `void*`; unless
// a comment says otherwise they are borrowed.
#pragma once

#include <stepscope/stepscope.h>

namespace stepscope::collector::python {

// One interpreter's functions; every caller hands in the same.
[[nodiscard, gnu::hot]] const stepscope_python& interpreter() noexcept;
// False when `python` lacks a function: then the old ones stay.
bool set_interpreter(const stepscope_python* python) noexcept;

// A reference of ours to an object, given back at the end of the scope. Null after a call that failed.
class Owned {
 public:
  explicit Owned(void* object) noexcept : object_(object) {}
  ~Owned() {
    if (object_ != nullptr) {
      interpreter().dec_ref(object_);
    }
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  [[nodiscard]] void* get() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  void* object_;
};

// What a function was called with, as CPython hands it over: `count` positional arguments, then one for each of `names`, a tuple of
// str or null.
struct Arguments {
  void* const* items;
  intptr_t count;
  void* names;
};

// Calls `callable` with these; null when it raised.
[[nodiscard, gnu::hot]] void* call(void* callable, const Arguments& arguments) noexcept;

// `object` as a number into `out`; false when it is null or no number. Leaves no exception behind.
[[gnu::hot]] bool number_of(void* object, int64_t& out) noexcept;
// The attribute called `name` (a str) of `object`, a number.
[[gnu::hot]] bool number_attribute(void* object, void* name, int64_t& out) noexcept;

// Whether the type of `object` is `type` itself: runs no code of the program, as asking for an instance would.
[[nodiscard, gnu::hot]] bool is_exactly(void* object, void* type) noexcept;
// Whether the type of `object`, which may be null, is called `name`.
[[nodiscard]] bool type_is_called(void* object, void* name_attribute, void* name) noexcept;
// How many items a list has; -1 when it is none.
[[nodiscard, gnu::hot]] int64_t list_length(void* object) noexcept;
// Item `index` of a tuple that the hooks made, which has one.
[[nodiscard, gnu::hot]] void* own_item(void* tuple, intptr_t index) noexcept;
// How many items a tuple has, or an object of a type derived from it.
[[nodiscard, gnu::hot]] int64_t tuple_length(void* tuple) noexcept;
// Item `index` of a tuple; null when there is none or it is no tuple, without an exception.
[[nodiscard, gnu::hot]] void* tuple_item(void* tuple, intptr_t index) noexcept;

// An exception on its way to the program, put aside for as long as this lives: what we call in between may not see it.
class ExceptionAside {
 public:
  ExceptionAside() noexcept { interpreter().error_fetch(&type_, &value_, &trace_); }
  ~ExceptionAside() { interpreter().error_restore(type_, value_, trace_); }
  ExceptionAside(const ExceptionAside&) = delete;
  ExceptionAside& operator=(const ExceptionAside&) = delete;

 private:
  void *type_ = nullptr, *value_ = nullptr, *trace_ = nullptr;
};

}  // namespace stepscope::collector::python
