// SPDX-License-Identifier: Apache-2.0
//
// The kernels that layers of public models launch, by the names that public traces have (PyTorch with cuBLAS, cuDNN and
// FlashAttention), with the order of magnitude of their times on one large data-centre GPU.
#pragma once

#include <span>

namespace stepscope::scenarios {

struct KernelSpec {
  const char* id;    // what it is: stable when it gets another name
  const char* name;  // what CUPTI reports
  double us;
};

[[nodiscard]] std::span<const KernelSpec> transformer_head_forward();
[[nodiscard]] std::span<const KernelSpec> transformer_forward();   // of a layer
[[nodiscard]] std::span<const KernelSpec> transformer_backward();  //
[[nodiscard]] std::span<const KernelSpec> transformer_loss();
[[nodiscard]] std::span<const KernelSpec> transformer_head_backward();
[[nodiscard]] std::span<const KernelSpec> resnet_forward();
[[nodiscard]] std::span<const KernelSpec> resnet_backward();
[[nodiscard]] std::span<const KernelSpec> resnet_loss();
[[nodiscard]] std::span<const KernelSpec> fused_optimizer();
[[nodiscard]] std::span<const KernelSpec> tiny_optimizer();  // repeated by a loop over parameters
[[nodiscard]] KernelSpec fused_activation();  // in place of all ids that begin with "activation"

}  // namespace stepscope::scenarios
