#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes build/gpu-pack: everything tests/gpu/run.sh needs on a machine that has a GPU and Python with PyTorch but neither our
# packages nor a network: the program with the libraries it links, the collector with its Python hooks, and the CUDA sample.
#   tests/gpu/pack.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
pack=build/gpu-pack build=build/gpu-build

# The program finds the libraries that travel with it; the collector must not carry a search path.
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSTEPSCOPE_BUILD_VIEWER=OFF -DSTEPSCOPE_BUILD_TESTS=OFF \
  -DSTEPSCOPE_BUILD_BENCH=OFF "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags,-rpath,'\$ORIGIN/lib'" "$@"
cmake --build "$build" --target stepscope stepscope_collector
rm -rf "$pack"
mkdir -p "$pack/lib"
strip -o "$pack/stepscope" "$build/analyzer/cli/stepscope"
strip -o "$pack/libstepscope.so" "$build/collector/libstepscope.so"
cp -r "$build/collector/python" "$pack/"
# What every distribution has stays home.
ldd "$build/analyzer/cli/stepscope" | awk '$2 == "=>" { print $3 }' |
  grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' | xargs -r -I{} cp -L {} "$pack/lib/"

nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
if [ -x "$nvcc" ]; then
  for runtime in shared static; do
    "$nvcc" -std=c++17 -O2 -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 \
      -gencode arch=compute_90,code=compute_90 -cudart "$runtime" \
      -Xlinker -rpath -Xlinker "\$ORIGIN" -o "$pack/cuda_sample_$runtime" samples/cuda/cuda_sample.cu
  done
  # The runtime beside the program, for machines whose loader does not know where CUDA is.
  cudart=$(find "$(dirname "$nvcc")/../lib64/" -maxdepth 1 -name 'libcudart.so.[0-9]*' 2>/dev/null | sort | head -n 1)
  [ -z "$cudart" ] || cp -L "$cudart" "$pack/"
else
  echo "pack.sh: no nvcc: the pack has no CUDA sample" >&2
fi
du -sh "$pack"
