// SPDX-License-Identifier: Apache-2.0
#include "analyzer/kernel_name.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/cuda_calls.hpp"

namespace stepscope::analysis {
namespace {

using F = KernelFamily;

struct Known {
  const char* raw;
  F family;
  const char* normalised;
};

// Names as CUPTI and traces of real jobs give them.
constexpr Known kKnown[] = {
    {"ampere_sgemm_128x64_nn", F::kGemm, "sgemm_nn"},
    {"volta_sgemm_32x32_sliced1x4_tn", F::kGemm, "sgemm_tn"},
    {"volta_fp16_s884gemm_fp16_128x128_ldg8_f2f_nn", F::kGemm, "fp16_s884gemm_fp16_f2f_nn"},
    {"sm80_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize64x256x8_stage3_warpsize1x4x1_ffma_aligna4_alignc4_"
     "execute_kernel__"
     "5x_cublas",
     F::kGemm, "xmma_gemm_f32f32_f32f32_f32_tn_n_ffma"},
    {"sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_segment_k_off_"
     "kernel__5x_"
     "cublas",
     F::kGemm, "xmma_gemm_bf16bf16_bf16f32_f32_tn_n_segment_k_off"},
    {"void "
     "cutlass::Kernel<cutlass_80_tensorop_s1688gemm_128x64_32x6_nt_align1>(cutlass_80_tensorop_s1688gemm_"
     "128x64_"
     "32x6_nt_align1::Params)",
     F::kGemm, "cutlass tensorop_s1688gemm_nt"},
    {"void "
     "cutlass::Kernel2<cutlass_80_wmma_tensorop_bf16_s161616gemm_bf16_16x16_32x1_tn_align8>(cutlass_80_wmma_"
     "tensorop_bf16_s161616gemm_bf16_16x16_32x1_tn_align8::Params)",
     F::kGemm, "cutlass wmma_tensorop_bf16_s161616gemm_bf16_tn"},
    {"nvjet_tst_192x208_64x4_1x1_h_bz_coopB_bias_TNT", F::kGemm, "nvjet_tst_bias_TNT"},
    {"nvjet_tst_128x256_64x4_2x1_v_bz_coopA_bias_TNT", F::kGemm, "nvjet_tst_bias_TNT"},
    {"Cijk_Alik_Bljk_B_BS_BH_Bias_HA_S_SAV_UserArgs_MT256x128x64_MI16x16x1_SN_LDSB1_AFC1.kd", F::kGemm,
     "Cijk_Alik_Bljk_B_BS_BH_Bias_HA_S_SAV_UserArgs"},
    {"void gemv2T_kernel_val<int, int, float, float, float, float, 128, 16, 4, 4, false, false>(int)",
     F::kGemm, "gemv2T_kernel_val"},
    {"void splitKreduce_kernel<32, 16, int, float, float, float, float, true, true, "
     "false>(cublasSplitKParams<float>)",
     F::kGemm, "splitKreduce_kernel"},
    {"std::enable_if<!(false), void>::type internal::gemvx::kernel<int, int, float, float, float, float, "
     "false, true>"
     "(cublasGemvParams)",
     F::kGemm, "internal::gemvx::kernel"},
    {"void cutlass::device_kernel<cutlass::gemm::kernel::GemmUniversal<cute::tuple<int, int, int, int> > "
     ">(Params)",
     F::kGemm, "cutlass GemmUniversal"},
    {"void pytorch_flash::flash_fwd_kernel<pytorch_flash::Flash_fwd_kernel_traits<64, 128, 128, 4> "
     ">(Flash_fwd_params)",
     F::kAttention, "pytorch_flash::flash_fwd_kernel"},
    {"void cutlass::device_kernel<flash::enable_sm90<flash::FlashAttnFwdSm90<flash::CollectiveMainloopFwd> > "
     ">(P)",
     F::kAttention, "cutlass FlashAttnFwdSm90"},
    {"fmha_cutlassF_bf16_aligned_64x64_rf_sm80(PyTorchMemEffAttention::AttentionKernel<cutlass::bfloat16_t>::"
     "Params)",
     F::kAttention, "fmha_cutlassF_bf16_aligned_rf"},
    {"cudnn_generated_fort_native_sdpa_sm90_flash_fprop_wgmma_f16_knob_7_64x128x128_4x1x1_kernel0_0",
     F::kAttention, "cudnn_generated_fort_native_sdpa_flash_fprop_wgmma_f16_knob_kernel0"},
    {"attn_fwd", F::kAttention, "attn_fwd"},
    {"volta_scudnn_128x128_stridedB_splitK_small_nn_v1", F::kConvolution, "scudnn_stridedB_splitK_nn"},
    {"void implicit_convolve_sgemm<float, float, 1024, 6, 7, 3, 3, 5, 1, false, true, true>(int)",
     F::kConvolution, "implicit_convolve_sgemm"},
    {"sm80_xmma_fprop_implicit_gemm_indexed_tf32f32_tf32f32_f32_nhwckrsc_nchw_tilesize128x128x16_stage4_"
     "warpsize2x2x1_"
     "g1_tensor16x8x8_alignc4_execute_kernel",
     F::kConvolution, "xmma_fprop_implicit_gemm_indexed_tf32f32_tf32f32_f32_nhwckrsc_nchw"},
    {"void cudnn::winograd_nonfused::winogradForwardData4x4<float, float>(Params)", F::kConvolution,
     "cudnn::winograd_nonfused::winogradForwardData4x4"},
    {"void fft2d_r2c_32x32<float, false, 0u, false>(float2*, float const*)", F::kConvolution, "fft2d_r2c"},
    {"void cudnn::bn_fw_tr_1C11_kernel_NCHW<float, float, 512, true, 1>(cudnnTensorStruct)",
     F::kNormalisation, "cudnn::bn_fw_tr_1C11_kernel_NCHW"},
    {"void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float, float>(int, float)",
     F::kNormalisation, "at::native::vectorized_layer_norm_kernel"},
    {"void at::native::(anonymous namespace)::GammaBetaBackwardCUDAKernel_32x32<c10::Half, float>(long)",
     F::kNormalisation, "at::native::GammaBetaBackwardCUDAKernel"},
    {"void vllm::rms_norm_kernel<c10::BFloat16>(c10::BFloat16*)", F::kNormalisation, "vllm::rms_norm_kernel"},
    {"void (anonymous namespace)::softmax_warp_forward<float, float, float, 7, false, false>(float*)",
     F::kSoftmax, "softmax_warp_forward"},
    {"void <unnamed>::softmax_warp_forward<float, float, float, (int)6, (bool)0, (bool)0>(T2 *, const T1 *)",
     F::kSoftmax, "softmax_warp_forward"},
    {"void at::native::(anonymous namespace)::nll_loss_forward_reduce_cuda_kernel_2d<float>(float*)",
     F::kSoftmax, "at::native::nll_loss_forward_reduce_cuda_kernel_2d"},
    {"void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
     "at::detail::Array<char*, 3> "
     ">(int, at::native::CUDAFunctor_add<float>, at::detail::Array<char*, 3>)",
     F::kElementwise, "elementwise CUDAFunctor_add"},
    {"_ZN2at6native29vectorized_elementwise_kernelILi4ENS0_15CUDAFunctor_addIfEENS_"
     "6detail5ArrayIPcLi3EEEEEviT0_T1_",
     F::kElementwise, "elementwise CUDAFunctor_add"},
    {"_ZN2at6native29vectorized_elementwise_kernelILi8ENS0_15CUDAFunctor_addIfEENS_"
     "6detail5ArrayIPcLi3EEEEEviT0_T1_",
     F::kElementwise, "elementwise CUDAFunctor_add"},
    {"void at::native::elementwise_kernel<(int)128, (int)2, void "
     "at::native::gpu_kernel_impl_nocast<at::native::"
     "BinaryFunctor<float, float, float, "
     "at::native::binary_internal::MulFunctor<float>>>(at::TensorIteratorBase &, const "
     "T1 &)::[lambda(int) (instance 1)]>(int, T3)",
     F::kElementwise, "elementwise MulFunctor"},
    {"void at::native::vectorized_elementwise_kernel<4, at::native::(anonymous "
     "namespace)::clamp_min_scalar_kernel_impl(at::TensorIterator&, c10::Scalar)::{lambda()#1}::operator()() "
     "const::{lambda()#8}::operator()() const::{lambda(float)#1}, at::detail::Array<char*, 2> >(int)",
     F::kElementwise, "elementwise clamp_min_scalar_kernel_impl"},
    {"void "
     "at::native::unrolled_elementwise_kernel<at::native::direct_copy_kernel_cuda(at::TensorIteratorBase "
     "&)::[lambda() (instance 3)]::operator ()() const::[lambda(long) (instance 1)], std::array<char *, "
     "(unsigned long)2>>"
     "(int)",
     F::kLayout, "elementwise direct_copy_kernel_cuda"},
    {"void cudnn::ops::nchwToNhwcKernel<float, float, float, false, true, (cudnnKernelDataType_t)2>(int)",
     F::kLayout, "cudnn::ops::nchwToNhwcKernel"},
    {"void at::native::(anonymous namespace)::CatArrayBatchedCopy<float, unsigned int, 2, 128, 1>(float*)",
     F::kLayout, "at::native::CatArrayBatchedCopy"},
    {"batched_transpose_256x4_half", F::kLayout, "batched_transpose_half"},
    {"void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::MeanOps<float, float, "
     "float, float>, "
     "unsigned int, float, 4> >(at::native::ReduceOp<float>)",
     F::kReduction, "reduce MeanOps"},
    {"void at::native::reduce_kernel<128, 4, at::native::ReduceOp<float, at::native::func_wrapper_t<float, "
     "at::native::sum_functor<float, float, float>::operator()(at::TensorIterator&)::{lambda(float, "
     "float)#1}>, unsigned "
     "int, float, 4> >(int)",
     F::kReduction, "reduce sum_functor"},
    {"void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::NormTwoOps<float, "
     "float, float> > >(int)",
     F::kReduction, "reduce NormTwoOps"},
    {"void at::native::(anonymous namespace)::indexSelectLargeIndex<float, long, unsigned int, 2, 2, -2, "
     "true>(int)",
     F::kEmbedding, "at::native::indexSelectLargeIndex"},
    {"void split_embedding_backward_codegen_rowwise_adagrad_unweighted_kernel_cta_per_row_1<c10::Half, "
     "float>(int)",
     F::kEmbedding, "split_embedding_backward_codegen_rowwise_adagrad_unweighted_kernel_cta_per_row_1"},
    {"void fbgemm_gpu::permute_2D_data_kernel<false, int, int, decltype(nullptr)>(int)", F::kEmbedding,
     "fbgemm_gpu::permute_2D_data_kernel"},
    {"void at::native::vectorized_gather_kernel<(int)16, long>(char *, char *, T2 *, int)", F::kEmbedding,
     "at::native::vectorized_gather_kernel"},
    {"void at::native::(anonymous namespace)::multi_tensor_apply_kernel<at::native::(anonymous "
     "namespace)::FusedOptimizerTensorListMetadata<4>, at::native::(anonymous "
     "namespace)::FusedAdamMathFunctor<float, 4> "
     ">(int)",
     F::kOptimizer, "multi_tensor_apply FusedAdamMathFunctor"},
    {"void multi_tensor_apply_kernel<TensorListMetadata<4>, AdamFunctor<float>, float, float>(int, int "
     "volatile*)",
     F::kOptimizer, "multi_tensor_apply AdamFunctor"},
    {"void at::native::(anonymous namespace)::fused_dropout_kernel_vec<float, float, unsigned int, 1, "
     "4>(int)",
     F::kRandom, "at::native::fused_dropout_kernel_vec"},
    {"void at::native::(anonymous namespace)::distribution_elementwise_grid_stride_kernel<float, 4>(int)",
     F::kRandom, "at::native::distribution_elementwise_grid_stride_kernel"},
    {"void at::native::(anonymous namespace)::max_pool_backward_nchw<float, float>(int)", F::kPooling,
     "at::native::max_pool_backward_nchw"},
    {"void cub::DeviceRadixSortOnesweepKernel<cub::DeviceRadixSortPolicy<long, int, int>::Policy800, "
     "false>(int)",
     F::kSort, "cub::DeviceRadixSortOnesweepKernel"},
    {"triton_poi_fused__unsafe_view_mul_silu_2", F::kTriton, "triton_poi_fused__unsafe_view_mul_silu"},
    {"triton_poi_fused__unsafe_view_mul_silu_17", F::kTriton, "triton_poi_fused__unsafe_view_mul_silu"},
    {"triton__0d1d2de", F::kTriton, "triton_"},
    {"matmul_kernel_0d1d2d3de4de", F::kGemm, "matmul_kernel"},
    {"ncclKernel_AllReduce_RING_LL_Sum_float(ncclWorkElem)", F::kCommunication, "collective all_reduce"},
    {"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)", F::kCommunication,
     "collective all_reduce"},
    {"_Z42ncclDevKernel_ReduceScatter_Sum_f32_RING_LL24ncclDevKernelArgsStorageILm4096EE", F::kCommunication,
     "collective reduce_scatter"},
    {"ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclDevComm*, unsigned long, ncclWork*)", F::kCommunication,
     "collective send_recv"},
    {"void vllm::cross_device_reduce_1stage<__nv_bfloat16, 8>(vllm::RankData*)", F::kCommunication,
     "collective all_reduce"},
    {"my_own_kernel(float*)", F::kOther, "my_own_kernel"},
    {"_ZN3broken", F::kOther, "_ZN3broken"},
};

TEST(KernelName, KnowsWhatRealKernelsAre) {
  for (const Known& known : kKnown) {
    const KernelName name = describe_kernel(known.raw);
    EXPECT_EQ(kernel_family_name(name.family), kernel_family_name(known.family)) << known.raw;
    EXPECT_EQ(name.normalised, known.normalised) << known.raw;
    EXPECT_EQ(is_communication_kernel(known.raw), known.family == F::kCommunication) << known.raw;
  }
}

TEST(KernelName, DemanglesWhatIsMangledAndNothingElse) {
  EXPECT_THAT(
      describe_kernel("_ZN2at6native12_GLOBAL__N_120softmax_warp_forwardIfffLi7ELb0ELb0EEEvPT0_PKT_iiiPKbib")
          .demangled,
      ::testing::StartsWith("void at::native::(anonymous namespace)::softmax_warp_forward<float, float"));
  EXPECT_EQ(demangle("ampere_sgemm_128x64_nn"), "ampere_sgemm_128x64_nn");
  EXPECT_EQ(demangle("kernel.kd"), "kernel");
  EXPECT_EQ(demangle("_ZN3broken"), "_ZN3broken");
  EXPECT_EQ(demangle(""), "");
}

TEST(KernelName, ShortensWhatTritonFused) {
  EXPECT_EQ(describe_kernel("triton_red_fused_add_mean_mul_pow_rsqrt_0").detail, "add_mean_mul_pow_rsqrt");
  EXPECT_EQ(describe_kernel("triton_poi_fused__to_copy_add_native_layer_norm_backward_sum_view_12").detail,
            "to_copy_add_native_layer_norm");
  EXPECT_EQ(describe_kernel("triton__0d1d2de").detail, "");
}

TEST(KernelName, SurvivesAnything) {
  std::string text;
  for (const char* part :
       {"<", ">", "(", ")", "_", "::", "0x0", "_Z", "triton_", "Cijk_", " ", "<<<<", "a"}) {
    for (int i = 0; i < 4; ++i) {
      text += part;
      (void)describe_kernel(text);
      (void)describe_kernel(part);
    }
  }
  EXPECT_EQ(describe_kernel("").family, F::kOther);
}

TEST(CudaCalls, TellWhatACallDoesToItsThread) {
  const auto all = [](CallClass expected, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      EXPECT_EQ(classify_call(name), expected) << name;
    }
  };
  all(CallClass::kSync, {"hipStreamSynchronize", "hipMemcpy"});
  all(CallClass::kAlloc, {"hipMalloc", "hipFree"});
  all(CallClass::kLaunch, {"hipLaunchKernel", "hipExtModuleLaunchKernel", "hipModuleLaunchKernel"});
  all(CallClass::kOther, {"hipMemcpyAsync", "hippo"});
  all(CallClass::kSync, {"cudaDeviceSynchronize", "cudaStreamSynchronize_v3020", "cuCtxSynchronize",
                         "cudaMemcpy", "cudaMemcpy2D", "cuMemcpyDtoH_v2"});
  all(CallClass::kAlloc,
      {"cudaMalloc", "cudaFree", "cudaMallocAsync", "cuMemCreate", "cudaHostAlloc", "cuMemAddressReserve"});
  all(CallClass::kCompile, {"cuModuleLoadDataEx", "cuLibraryLoadData"});
  all(CallClass::kLaunch, {"cudaLaunchKernel", "cuLaunchKernelEx", "cudaGraphLaunch_v10000"});
  all(CallClass::kOther, {"cudaMemcpyAsync", "cudaMemsetAsync", "cudaStreamWaitEvent", "malloc", "", "cu"});
  EXPECT_TRUE(says_compile("compile_fx.<locals>.fw_compiler_base"));
  EXPECT_TRUE(says_compile("CachingAutotuner.benchmark_all_configs"));
  EXPECT_FALSE(says_compile("Torch-Compiled Region: 0/0"));
  EXPECT_FALSE(says_compile("jitter"));
}

// Public traces beside the repository; absent elsewhere.
std::string read_unpacked(const std::string& path) {
  const std::string command = (path.ends_with(".gz") ? "gzip -dc '" : "cat '") + path + "'";
  std::string text;
  if (FILE* pipe = popen(command.c_str(), "r"); pipe != nullptr) {
    char buffer[65536];
    for (size_t n = fread(buffer, 1, sizeof buffer, pipe); n > 0; n = fread(buffer, 1, sizeof buffer, pipe)) {
      text.append(buffer, n);
    }
    pclose(pipe);
  }
  return text;
}

// The value after `"key":` between `from` and `until`, without quotes; empty when it is not there.
std::string value_of(const std::string& text, const std::string& key, size_t from, size_t until) {
  const size_t at = text.find('"' + key + '"', from);
  if (at >= until) {
    return {};
  }
  const size_t begin = text.find_first_not_of(" \n:", at + key.size() + 2);
  const bool quoted = text[begin] == '"';
  const size_t end = quoted ? text.find('"', begin + 1) : text.find_first_of(",}\n", begin);
  return text.substr(begin + (quoted ? 1 : 0), end - begin - (quoted ? 1 : 0));
}

// Time per kernel name of a Kineto trace: a hundred megabytes of JSON, so by its text.
void add_kernels(const std::string& path, std::map<std::string, double>* time) {
  const std::string text = read_unpacked(path);
  for (const char* mark : {"\"kernel\"", "\"Kernel\""}) {
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const size_t begin = text.rfind('{', at);
      const size_t end = text.find("\"args\"", at);
      const std::string name = value_of(text, "name", begin, end);
      const std::string dur = value_of(text, "dur", begin, end);
      if (value_of(text, "cat", begin, end) == std::string(mark).substr(1, 6) && !name.empty() &&
          !dur.empty()) {
        (*time)[name] += std::strtod(dur.c_str(), nullptr);
      }
    }
  }
}

TEST(KernelName, GivesNearlyAllKernelTimeOfPublicTracesAFamily) {
  const char* const elsewhere = std::getenv("STEPSCOPE_SHARED_DATA");
  const std::filesystem::path data = elsewhere != nullptr ? elsewhere : STEPSCOPE_SHARED_DATA;
  if (!std::filesystem::is_directory(data)) {
    GTEST_SKIP() << "no public traces beside the repository";
  }
  std::map<std::string, double> time;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".json.gz")) {
      add_kernels(path, &time);
    }
  }
  ASSERT_GT(time.size(), 300U);
  double total = 0;
  std::map<std::string_view, double> families;
  for (const auto& [name, us] : time) {
    families[kernel_family_name(describe_kernel(name).family)] += us;
    total += us;
  }
  for (const auto& [family, us] : families) {
    std::printf("%-14s %6.2f %% of kernel time\n", std::string(family).c_str(), 100 * us / total);
  }
  EXPECT_LT(families["other"] / total, 0.05) << time.size() << " kernels";
}

}  // namespace
}  // namespace stepscope::analysis
