// SPDX-License-Identifier: Apache-2.0
#include "analyzer/kernel_family.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace stepscope::analysis {
namespace {

using F = KernelFamily;

constexpr std::array<std::string_view, kKernelFamilyCount> kNames = {
    "other",       "gemm",      "attention", "convolution",  "normalisation", "softmax",
    "elementwise", "reduction", "embedding", "optimizer",    "layout",        "random",
    "pooling",     "sort",      "triton",    "communication"};

constexpr std::string_view kAttention[] = {"flash", "fmha", "attention", "attn", "sdpa", "mha_"};
constexpr std::string_view kTables[] = {"embedding",       "pooled_embs",     "find_long_segments",
                                        "permute_indices", "linearize_index", "bounds_check_indices",
                                        "permute_2d_",     "jagged"};
constexpr std::string_view kOptimizer[] = {"multi_tensor_apply", "adam",      "lamb_",
                                           "lambstage",          "fused_sgd", "adagrad"};
constexpr std::string_view kSoftmax[] = {"softmax",      "nllloss",       "nll_loss",
                                         "nllcriterion", "cross_entropy", "crossentropy"};
constexpr std::string_view kNormalisation[] = {
    "layer_norm", "layernorm", "batch_norm", "batchnorm",  "bn_fw",        "bn_bw",
    "bn_inf",     "rms_norm",  "rmsnorm",    "group_norm", "groupnorm",    "rowwisemoments",
    "gammabeta",  "welford",   "ln_fwd",     "ln_bwd",     "instancenorm", "computefusedparams"};
constexpr std::string_view kPooling[] = {"pool"};
constexpr std::string_view kMemoryFormat[] = {"nchwtonhwc", "nhwctonchw", "tensortransform", "transpose"};
constexpr std::string_view kConvolution[] = {
    "conv2d", "convolution", "convolve",   "conv_",      "_conv",     "wgrad",
    "dgrad",  "fprop",       "winograd",   "scudnn",     "fft2d",     "igemm_",
    "im2col", "col2im",      "cudnn::cnn", "cask_cudnn", "implicit_", "miopensp3"};
constexpr std::string_view kGemm[] = {"gemm",    "gemv",         "nvjet",      "cijk_",
                                      "matmul",  "splitkreduce", "cublas",     "epilogue::impl",
                                      "cutlass", "xmma",         "dot_kernel", "trsm"};
constexpr std::string_view kRandom[] = {"dropout", "distribution", "philox", "random", "curand", "bernoulli"};
constexpr std::string_view kSort[] = {"sort",  "devicescan", "reducebykey",   "unique",
                                      "topk",  "histogram",  "devicecompact", "deviceselect",
                                      "radix", "cumsum",     "bitonic"};
constexpr std::string_view kEmbedding[] = {
    "index", "gather", "scatter", "embed", "to_dense_representation", "offsets_range"};
constexpr std::string_view kLayout[] = {"copy", "catarray",  "concat", "permute", "nchw",
                                        "nhwc", "subtensor", "triu",   "flip"};
constexpr std::string_view kReduction[] = {"reduce", "argmax", "argmin", "sum",
                                           "mean",   "l2norm", "lpnorm", "nrm2"};
constexpr std::string_view kElementwise[] = {
    "elementwise", "functor", "pointwise", "activation", "gelu",   "silu", "relu", "fill",   "scale", "scal_",
    "cast",        "quantiz", "fp8",       "convert",    "masked", "add_", "mul_", "rotary", "bias",  "axpy"};

struct Row {
  KernelFamily family;
  std::span<const std::string_view> words;
};

// First match wins: what a word can be part of stands above it (an optimizer inside an embedding kernel, a GEMM inside a
// convolution, a norm inside a reduction).
constexpr Row kRows[] = {
    {F::kAttention, kAttention},
    {F::kEmbedding, kTables},
    {F::kOptimizer, kOptimizer},
    {F::kSoftmax, kSoftmax},
    {F::kNormalisation, kNormalisation},
    {F::kPooling, kPooling},
    {F::kLayout, kMemoryFormat},
    {F::kConvolution, kConvolution},
    {F::kGemm, kGemm},
    {F::kRandom, kRandom},
    {F::kSort, kSort},
    {F::kEmbedding, kEmbedding},
    {F::kLayout, kLayout},
    {F::kReduction, kReduction},
    {F::kElementwise, kElementwise},
};

}  // namespace

std::string_view kernel_family_name(KernelFamily family) {
  return kNames.at(static_cast<size_t>(family));
}

KernelFamily family_of_words(std::string_view normalised) {
  for (const Row& row : kRows) {
    if (std::any_of(row.words.begin(), row.words.end(),
                    [&](std::string_view word) { return normalised.find(word) != std::string_view::npos; })) {
      return row.family;
    }
  }
  return KernelFamily::kOther;
}

}  // namespace stepscope::analysis
