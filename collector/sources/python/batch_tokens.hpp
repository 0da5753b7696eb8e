// SPDX-License-Identifier: Apache-2.0
//
// How many tokens a batch has, by the shape of what the tokenizers of Hugging Face call its `input_ids`: rows times columns, padding
// included. Nothing but the shape is asked, no tensor is computed with, and none is waited for.
//
// Only where that is beyond doubt: the batch is exactly a dict, or a BatchEncoding (whose dict is asked, not its own code), and its
// `input_ids` exactly a torch.Tensor of two dimensions. With the GIL held. No lock, no allocation of ours.
#pragma once

#include <stdint.h>

namespace stepscope::collector::python {

// Items of the tuple that the hooks make for collate(), after the function that it calls. One without them (null) knows no batches.
enum CollateItem : intptr_t {
  kTensorType = 1,
  kDictType,
  kIdsName,       // "input_ids"
  kShapeName,     // "shape": of a tensor a torch.Size, which is derived from tuple
  kTypeNameName,  // "__name__"
  kEncodingName,  // "BatchEncoding"
  kEncodedName,   // "data": the attribute of a BatchEncoding that is its dict
};

// Tokens in `batch`; 0: it does not say. `own` is collate()'s tuple. Leaves no exception behind.
[[nodiscard, gnu::hot]] int64_t tokens_of(void* own, void* batch) noexcept;

}  // namespace stepscope::collector::python
