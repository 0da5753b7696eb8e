// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/batch_tokens.hpp"

#include "collector/sources/python/interpreter.hpp"

namespace stepscope::collector::python {
namespace {

// What `object` has, without an exception where it has none.
Owned found(void* (*look)(void*, void*), void* object, void* name) noexcept {
  void* value = look(object, name);
  if (value == nullptr) {
    interpreter().error_clear();
  }
  return Owned(value);
}

int64_t tokens_in(void* own, void* dict) noexcept {
  constexpr int64_t kRowsAndColumns = 2;
  const Owned ids = found(interpreter().get_item, dict, own_item(own, kIdsName));
  if (!ids || !is_exactly(ids.get(), own_item(own, kTensorType))) {
    return 0;
  }
  const Owned shape = found(interpreter().get_attribute, ids.get(), own_item(own, kShapeName));
  if (!shape || tuple_length(shape.get()) != kRowsAndColumns) {
    return 0;
  }
  int64_t rows = 0, columns = 0;
  const bool read = number_of(own_item(shape.get(), 0), rows) && number_of(own_item(shape.get(), 1), columns);
  return read && rows > 0 && columns > 0 ? rows * columns : 0;
}

}  // namespace

int64_t tokens_of(void* own, void* batch) noexcept {
  void* dict_type = tuple_item(own, kDictType);
  if (dict_type == nullptr) {
    return 0;
  }
  if (is_exactly(batch, dict_type)) {
    return tokens_in(own, batch);
  }
  if (!type_is_called(batch, own_item(own, kTypeNameName), own_item(own, kEncodingName))) {
    return 0;
  }
  const Owned data = found(interpreter().get_attribute, batch, own_item(own, kEncodedName));
  return data && is_exactly(data.get(), dict_type) ? tokens_in(own, data.get()) : 0;
}

}  // namespace stepscope::collector::python
