// SPDX-License-Identifier: Apache-2.0
//
// Methods of the collector on a Python class: objects of a type that the hooks make (stepscope_hooks/_method.py), called by CPython with the
// instance as first argument, without a bound method in between, as it calls its own (Py_TPFLAGS_METHOD_DESCRIPTOR, vectorcall).
// Called with the GIL held. Hot path: no lock, no allocation of ours.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::python {

// What such an object holds behind what every object has (stepscope_python::object_bytes). Written once, by the hooks, which keep the
// object and what it refers to for ever. Fields are read by their place here in _method.py too.
struct MethodFields {
  void* (*vectorcall)(void*, void* const*, size_t, void*);  // method_call
  void* (*wrapper)(void*, void* const*, intptr_t, void*);   // of wrappers.hpp
  void* self;                                               // the wrapper's first argument: a tuple
  void* attributes;                                         // the object's __dict__; null until it has one
  void* weak_references;                                    // CPython's list of them
};

// tp_vectorcall: calls the object's wrapper. `flagged`: the number of arguments, and CPython's flag in the highest bit.
[[gnu::hot]] void* method_call(void* object, void* const* items, size_t flagged, void* names) noexcept;
// tp_descr_get: the method bound to `instance`, or itself where it is asked for on the class (null). A new reference.
void* method_get(void* object, void* instance, void* type) noexcept;

}  // namespace stepscope::collector::python
