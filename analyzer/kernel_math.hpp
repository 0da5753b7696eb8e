// SPDX-License-Identifier: Apache-2.0
//
// math_unit: whether a matrix product or convolution runs on tensor cores, from its raw kernel name. A guess, and silent when the
// name does not tell. Pure, any thread. Internal to the library.
#pragma once

#include <cstdint>
#include <string_view>

namespace stepscope::analysis {

enum class MathUnit : uint8_t { kUnknown, kTensor, kScalar };

// cuBLAS, cuDNN, CUTLASS and nvjet: "ampere_bf16_s16816gemm_...", "sm90_xmma_gemm_bf16bf16_...", "cutlass_80_tensorop_..." are tensor
// cores; "volta_sgemm_...", "cutlass_80_simt_sgemm_...", "sm80_xmma_gemm_f32f32_f32f32_..._ffma" are not.
[[nodiscard]] MathUnit math_unit(std::string_view raw_kernel);

}  // namespace stepscope::analysis
