// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/kernels.hpp"

namespace stepscope::scenarios {
namespace {

#define ELEMENTWISE "void at::native::vectorized_elementwise_kernel<4, "
#define ARRAY3 ", std::array<char*, 3ul> >(int, "
constexpr const char* kGemm128 =
    "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_segment_k_off_"
    "kernel__5x_"
    "cublas";
constexpr const char* kGemm256 =
    "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x256x64_warpgroupsize2x1x1_execute_segment_k_off_"
    "kernel__5x_"
    "cublas";
constexpr const char* kGemmNn =
    "sm90_xmma_gemm_bf16bf16_bf16f32_f32_nn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_segment_k_off_"
    "kernel__5x_"
    "cublas";
constexpr const char* kGemmNt =
    "sm90_xmma_gemm_bf16bf16_bf16f32_f32_nt_n_tilesize128x256x64_warpgroupsize2x1x1_execute_segment_k_off_"
    "kernel__5x_"
    "cublas";
constexpr const char* kLayerNorm =
    "void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<c10::BFloat16, float>(int, float, "
    "c10::BFloat16 "
    "const*, c10::BFloat16 const*, c10::BFloat16 const*, float*, float*, c10::BFloat16*)";
constexpr const char* kLayerNormGrad =
    "void at::native::(anonymous namespace)::layer_norm_grad_input_kernel_vectorized<c10::BFloat16, "
    "float>(c10::BFloat16 "
    "const*, c10::BFloat16 const*, float const*, float const*, c10::BFloat16 const*, c10::BFloat16*, int)";
constexpr const char* kGammaBeta =
    "void at::native::(anonymous namespace)::GammaBetaBackwardCUDAKernel_32x32<c10::BFloat16, float>(long, "
    "long, "
    "c10::BFloat16 const*, c10::BFloat16 const*, float const*, float const*, c10::BFloat16*, c10::BFloat16*)";
constexpr const char* kAdd =
    ELEMENTWISE "at::native::CUDAFunctor_add<c10::BFloat16>" ARRAY3
                "at::native::CUDAFunctor_add<c10::BFloat16>, std::array<char*, 3ul>)";
constexpr const char* kSum =
    "void at::native::reduce_kernel<128, 4, at::native::ReduceOp<c10::BFloat16, "
    "at::native::func_wrapper_t<c10::BFloat16, "
    "at::native::sum_functor<c10::BFloat16, float, "
    "c10::BFloat16>::operator()(at::TensorIterator&)::{lambda(float, "
    "float)#1}>, unsigned int, c10::BFloat16, 4> >(at::native::ReduceOp<c10::BFloat16>)";

constexpr KernelSpec kHeadForward[] = {
    {"embedding",
     "void at::native::(anonymous namespace)::indexSelectLargeIndex<c10::BFloat16, long, unsigned int, 2, 2, "
     "-2, "
     "true>(at::cuda::detail::TensorInfo<c10::BFloat16, unsigned int>)",
     60},
};
constexpr KernelSpec kForward[] = {
    {"norm.1", kLayerNorm, 42},
    {"gemm.qkv", kGemm128, 180},
    {"attention",
     "void pytorch_flash::flash_fwd_kernel<pytorch_flash::Flash_fwd_kernel_traits<64, 128, 128, 4, false, "
     "false, "
     "cutlass::bfloat16_t> >(pytorch_flash::Flash_fwd_params)",
     420},
    {"gemm.projection", kGemm128, 72},
    {"dropout",
     "void at::native::(anonymous namespace)::fused_dropout_kernel_vec<c10::BFloat16, float, unsigned int, "
     "1, 4, "
     "bool>(at::cuda::detail::TensorInfo<c10::BFloat16 const, unsigned int>)",
     34},
    {"add.1", kAdd, 30},
    {"norm.2", kLayerNorm, 42},
    {"gemm.fc1", kGemm256, 230},
    {"activation.bias",
     "void at::native::elementwise_kernel<128, 4, "
     "at::native::gpu_kernel_impl_nocast<at::native::CUDAFunctor_add<c10::BFloat16> "
     ">(at::TensorIteratorBase&)>(int)",
     88},
    {"activation.gelu",
     ELEMENTWISE
     "at::native::GeluCUDAKernelImpl(at::TensorIteratorBase&, at::native::GeluType)::{lambda()#2}, "
     "std::array<char*, 2ul> >(int, at::native::GeluCUDAKernelImpl)",
     92},
    {"activation.scale",
     ELEMENTWISE "at::native::BinaryFunctor<c10::BFloat16, c10::BFloat16, c10::BFloat16, "
                 "at::native::binary_internal::MulFunctor<float> >" ARRAY3
                 "at::native::BinaryFunctor<c10::BFloat16>)",
     84},
    {"gemm.fc2", kGemm256, 230},
    {"add.2", kAdd, 30},
};
constexpr KernelSpec kBackward[] = {
    {"gemm.fc2.grad", kGemmNn, 230},
    {"gemm.fc2.weight", kGemmNt, 235},
    {"bias.fc2", kSum, 24},
    {"gelu.grad",
     ELEMENTWISE "at::native::GeluBackwardCUDAKernelImpl(at::TensorIteratorBase&, "
                 "at::native::GeluType)::{lambda()#2}" ARRAY3 "at::native::GeluBackwardCUDAKernelImpl)",
     60},
    {"gemm.fc1.grad", kGemmNn, 232},
    {"gemm.fc1.weight", kGemmNt, 236},
    {"norm.2.grad", kLayerNormGrad, 62},
    {"norm.2.weight", kGammaBeta, 28},
    {"dropout.grad",
     ELEMENTWISE "at::native::(anonymous namespace)::masked_scale_kernel<bool, c10::BFloat16, float>" ARRAY3
                 "at::native::(anonymous namespace)::masked_scale_kernel)",
     36},
    {"gemm.projection.grad", kGemmNn, 72},
    {"gemm.projection.weight", kGemmNt, 75},
    {"attention.dot",
     "void pytorch_flash::flash_bwd_dot_do_o_kernel<true, pytorch_flash::Flash_bwd_kernel_traits<64, 128, "
     "128, 8, 4, 4, 4, "
     "false, false, cutlass::bfloat16_t> >(pytorch_flash::Flash_bwd_params)",
     16},
    {"attention.grad",
     "void "
     "pytorch_flash::flash_bwd_dq_dk_dv_loop_seqk_parallel_kernel<pytorch_flash::Flash_bwd_kernel_traits<64, "
     "128, 128, "
     "8, 4, 4, 4, false, false, cutlass::bfloat16_t> >(pytorch_flash::Flash_bwd_params)",
     780},
    {"attention.convert",
     "void pytorch_flash::flash_bwd_convert_dq_kernel<pytorch_flash::Flash_bwd_kernel_traits<64, 128, 128, "
     "8, 4, 4, 4, "
     "false, false, cutlass::bfloat16_t> >(pytorch_flash::Flash_bwd_params, int)",
     18},
    {"gemm.qkv.grad", kGemmNn, 182},
    {"gemm.qkv.weight", kGemmNt, 184},
    {"norm.1.grad", kLayerNormGrad, 62},
    {"norm.1.weight", kGammaBeta, 28},
    {"add.grad", kAdd, 30},
};
constexpr KernelSpec kLoss[] = {
    {"gemm.head", kGemm256, 850},
    {"softmax",
     "void at::native::(anonymous namespace)::cunn_SoftMaxForward<8, c10::BFloat16, float, float, "
     "at::native::(anonymous "
     "namespace)::LogSoftMaxForwardEpilogue>(float*, c10::BFloat16 const*, int)",
     240},
    {"loss",
     "void at::native::(anonymous namespace)::nll_loss_forward_reduce_cuda_kernel_2d<float, float, "
     "long>(float*, float*, "
     "float const*, long const*, float const*, bool, long, long, long, long)",
     9},
};
constexpr KernelSpec kHeadBackward[] = {
    {"loss.grad",
     "void at::native::(anonymous namespace)::nll_loss_backward_reduce_cuda_kernel_2d<float, long>(float*, "
     "float const*, "
     "long const*, float const*, float const*, bool, int, int, long, long)",
     12},
    {"softmax.grad",
     "void at::native::(anonymous namespace)::cunn_SoftMaxBackward<4, float, float, c10::BFloat16, "
     "at::native::(anonymous "
     "namespace)::LogSoftMaxBackwardEpilogue>(c10::BFloat16*, float const*, float const*, long)",
     310},
    {"gemm.head.grad", kGemmNn, 870},
    {"gemm.head.weight", kGemmNt, 880},
};
constexpr KernelSpec kResnetForward[] = {
    {"convolution",
     "sm80_xmma_fprop_implicit_gemm_indexed_tf32f32_tf32f32_f32_nhwckrsc_nhwc_tilesize128x128x16_stage4_"
     "warpsize2x2x1_g1_"
     "tensor16x8x8_execute_kernel_cudnn_infer",
     92},
    {"norm",
     "void cudnn::bn_fw_tr_1C11_kernel_NCHW<float, float, int, 128, true, 1, true>(cudnnTensorStruct, float "
     "const*, "
     "cudnnTensorStruct, float*, float const*, float const*, float)",
     58},
    {"relu",
     ELEMENTWISE "at::native::(anonymous namespace)::launch_clamp_scalar(at::TensorIteratorBase&, "
                 "c10::Scalar, c10::Scalar, "
                 "at::native::detail::ClampLimits)::{lambda()#1}, std::array<char*, 2ul> >(int)",
     31},
};
constexpr KernelSpec kResnetBackward[] = {
    {"relu.grad",
     ELEMENTWISE "at::native::BinaryFunctor<float, float, float, at::native::(anonymous "
                 "namespace)::threshold_kernel_impl<float>(at::TensorIteratorBase&, float, "
                 "float)::{lambda(float, float)#1}>" ARRAY3 "at::native::BinaryFunctor<float, float, float>)",
     55},
    {"norm.grad",
     "void cudnn::bn_bw_1C11_kernel_new<float, float, float2, 128, true, 1>(float, float, float, float, "
     "cudnnTensorStruct, "
     "float const*, cudnnTensorStruct, float const*)",
     96},
    {"convolution.grad",
     "void "
     "cutlass_cudnn_infer::Kernel<cutlass_tensorop_s1688dgrad_optimized_tf32_64x128_32x3_nhwc_align4>("
     "cutlass_tensorop_"
     "s1688dgrad_optimized_tf32_64x128_32x3_nhwc_align4::Params)",
     124},
    {"convolution.weight",
     "sm80_xmma_wgrad_implicit_gemm_indexed_tf32f32_tf32f32_f32_nhwckrsc_nhwc_tilesize128x128x16_stage4_"
     "warpsize2x2x1_g1_"
     "tensor16x8x8_execute_kernel_cudnn_train",
     118},
};
constexpr KernelSpec kResnetLoss[] = {
    {"gemm.head", "ampere_sgemm_128x64_tn", 70},
    {"softmax",
     "void (anonymous namespace)::softmax_warp_forward<float, float, float, 10, true, false>(float*, float "
     "const*, int, "
     "int, int, bool const*, int, bool)",
     8},
};
constexpr const char* kFusedAdam =
    "void at::native::(anonymous namespace)::multi_tensor_apply_kernel<at::native::(anonymous "
    "namespace)::FusedOptimizerTensorListMetadata<4>, at::native::(anonymous "
    "namespace)::FusedAdamMathFunctor<float, 4, "
    "(at::native::(anonymous namespace)::ADAM_MODE)1, false> >(long)";
constexpr KernelSpec kFusedOptimizer[] = {
    {"optimizer.1", kFusedAdam, 165}, {"optimizer.2", kFusedAdam, 165}, {"optimizer.3", kFusedAdam, 165},
    {"optimizer.4", kFusedAdam, 165}, {"optimizer.5", kFusedAdam, 165}, {"optimizer.6", kFusedAdam, 165},
    {"optimizer.7", kFusedAdam, 165}, {"optimizer.8", kFusedAdam, 120},
};
constexpr KernelSpec kTinyOptimizer[] = {
    {"tiny.mul",
     ELEMENTWISE
     "at::native::AUnaryFunctor<float, float, float, at::native::binary_internal::MulFunctor<float> >, "
     "std::array<char*, 2ul> >(int, at::native::AUnaryFunctor<float, float, float>)",
     1.6},
    {"tiny.addcmul",
     ELEMENTWISE
     "at::native::addcmul_cuda_kernel(at::TensorIteratorBase&, c10::Scalar const&)::{lambda()#1}, "
     "std::array<char*, 4ul> >(int, at::native::addcmul_cuda_kernel)",
     1.9},
    {"tiny.sqrt",
     ELEMENTWISE
     "at::native::sqrt_kernel_cuda(at::TensorIteratorBase&)::{lambda()#2}, std::array<char*, 2ul> >(int, "
     "at::native::sqrt_kernel_cuda)",
     1.5},
    {"tiny.addcdiv",
     ELEMENTWISE
     "at::native::addcdiv_cuda_kernel(at::TensorIteratorBase&, c10::Scalar const&)::{lambda()#1}, "
     "std::array<char*, 4ul> >(int, at::native::addcdiv_cuda_kernel)",
     2.0},
};
#undef ELEMENTWISE
#undef ARRAY3

}  // namespace

std::span<const KernelSpec> transformer_head_forward() {
  return kHeadForward;
}
std::span<const KernelSpec> transformer_forward() {
  return kForward;
}
std::span<const KernelSpec> transformer_backward() {
  return kBackward;
}
std::span<const KernelSpec> transformer_loss() {
  return kLoss;
}
std::span<const KernelSpec> transformer_head_backward() {
  return kHeadBackward;
}
std::span<const KernelSpec> resnet_forward() {
  return kResnetForward;
}
std::span<const KernelSpec> resnet_backward() {
  return kResnetBackward;
}
std::span<const KernelSpec> resnet_loss() {
  return kResnetLoss;
}
std::span<const KernelSpec> fused_optimizer() {
  return kFusedOptimizer;
}
std::span<const KernelSpec> tiny_optimizer() {
  return kTinyOptimizer;
}
KernelSpec fused_activation() {
  return {"activation.fused", "triton_poi_fused_add_gelu_mul_7", 102};
}

}  // namespace stepscope::scenarios
