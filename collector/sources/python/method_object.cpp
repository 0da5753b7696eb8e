// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/method_object.hpp"

#include "collector/sources/python/interpreter.hpp"

namespace stepscope::collector::python {

void* method_call(void* object, void* const* items, size_t flagged, void* names) noexcept {
  constexpr size_t kArgumentsOffset = size_t{1}
                                      << (8 * sizeof(size_t) - 1);  // PY_VECTORCALL_ARGUMENTS_OFFSET
  const auto* fields =
      reinterpret_cast<const MethodFields*>(static_cast<const char*>(object) + interpreter().object_bytes);
  return fields->wrapper(fields->self, items, static_cast<intptr_t>(flagged & ~kArgumentsOffset), names);
}

void* method_get(void* object, void* instance, void* /*type*/) noexcept {
  if (instance != nullptr) {
    return interpreter().method_new(object, instance);
  }
  interpreter().inc_ref(object);
  return object;
}

}  // namespace stepscope::collector::python
