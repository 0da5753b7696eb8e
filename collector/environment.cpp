// SPDX-License-Identifier: Apache-2.0
#include "collector/environment.hpp"

#include <stdlib.h>

#include "collector/redact.hpp"

namespace stepscope::collector {
namespace {

constexpr const char* kAllowed[] = {
    "RANK",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "GROUP_RANK",
    "ROLE_RANK",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_JOB_ID",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_NTASKS",
    "SLURM_STEP_ID",
    "SLURM_NODEID",
    "SLURM_CPUS_PER_TASK",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "PMI_RANK",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_DEVICE_ORDER",
    "CUDA_DEVICE_MAX_CONNECTIONS",
    "CUDA_MODULE_LOADING",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ALLOC_CONF",
    "PYTHONHASHSEED",
    "PYTHONMALLOC",
    "PYTHONOPTIMIZE",
    "PYTHONUNBUFFERED",
    "MALLOC_ARENA_MAX",
    "LANG",
    "LC_ALL",
    "TZ",
    "TOKENIZERS_PARALLELISM",
    "NUMEXPR_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "HF_DATASETS_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "CONDA_DEFAULT_ENV",
};
constexpr const char* kAllowedPrefixes[] = {"OMP_",    "MKL_",        "KMP_",           "GOMP_",
                                            "NCCL_",   "TORCH_NCCL_", "TORCHINDUCTOR_", "TORCH_COMPILE_",
                                            "CUBLAS_", "CUDNN_",      "NVIDIA_TF32_"};
constexpr const char* kVolatile[] = {"_",
                                     "PWD",
                                     "OLDPWD",
                                     "SHLVL",
                                     "LD_PRELOAD",
                                     "PYTHONPATH",
                                     "COLUMNS",
                                     "LINES",
                                     "TERM",
                                     "WINDOWID",
                                     "NVTX_INJECTION64_PATH",
                                     "CUDA_INJECTION64_PATH",
                                     "DISPLAY",
                                     "TMPDIR",
                                     "INVOCATION_ID",
                                     "JOURNAL_STREAM"};
constexpr const char* kVolatilePrefixes[] = {"STEPSCOPE_", "SSH_",          "XDG_SESSION",
                                             "SLURM_",     "TORCHELASTIC_", "BASH_FUNC_"};

template <size_t N>
bool equals_any(TextView name, const char* const (&list)[N]) noexcept {
  for (const char* entry : list) {
    if (name.equals(entry)) {
      return true;
    }
  }
  return false;
}

template <size_t N>
bool starts_with_any(TextView name, const char* const (&list)[N]) noexcept {
  for (const char* entry : list) {
    if (name.starts_with(entry)) {
      return true;
    }
  }
  return false;
}

// FNV-1a with a final avalanche (MurmurHash3's 64-bit finalizer), so that sums of hashes stay well spread.
uint64_t hash_text(TextView text) noexcept {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (size_t i = 0; i < text.size; ++i) {
    h = (h ^ static_cast<uint8_t>(text.data[i])) * 0x100000001b3ULL;
  }
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace

bool is_allowed_variable(TextView name) noexcept {
  return (equals_any(name, kAllowed) || starts_with_any(name, kAllowedPrefixes)) && !names_a_secret(name) &&
         !name.equals("NCCL_PROFILER_PLUGIN");
}

bool is_hashed_variable(TextView name) noexcept {
  return !is_allowed_variable(name) && !equals_any(name, kVolatile) &&
         !starts_with_any(name, kVolatilePrefixes) && !name.equals("NCCL_PROFILER_PLUGIN");
}

uint64_t environment_hash(const char* const* entries) noexcept {
  uint64_t sum = 0;
  for (; entries != nullptr && *entries != nullptr; ++entries) {
    TextView entry(*entries);
    TextView name = entry.substr(0, entry.find('='));
    if (is_hashed_variable(name)) {
      sum += hash_text(entry);
    }
  }
  return sum;
}

uint64_t number_from_environment(const char* const* names, uint64_t fallback) noexcept {
  for (; *names != nullptr; ++names) {
    const char* text = getenv(*names);
    uint64_t value = 0;
    if (text != nullptr && parse_u64(TextView(text), value)) {
      return value;
    }
  }
  return fallback;
}

}  // namespace stepscope::collector
