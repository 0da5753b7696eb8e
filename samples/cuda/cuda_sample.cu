// SPDX-License-Identifier: Apache-2.0
//
// A CUDA program that does a little of everything a training step does: copies from pageable and from pinned memory, kernels on
// two streams that wait for each other, a matrix product, a CUDA graph, events, and NVTX ranges around all of it. It knows nothing of
// stepscope.
//
//   cuda_sample [--steps N] [--size N]
//
// At the end it says, one per line, what a recorder must have seen: `kernels`, `copies`, `memsets`, and the time of each step's
// matrix product by CUDA events, in microseconds. A wrong result ends it with 1.
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int kTile = 16;
constexpr int kGraphKernels = 4;

struct Counts {
  long kernels = 0;
  long copies = 0;
  long memsets = 0;
};
Counts g_counts;

void check(cudaError_t result, const char* what) {
  if (result != cudaSuccess) {
    std::fprintf(stderr, "cuda_sample: %s: %s\n", what, cudaGetErrorString(result));
    std::exit(1);
  }
}
#define CHECK(CALL) check((CALL), #CALL)

class Range {
 public:
  explicit Range(const char* name) { nvtxRangePushA(name); }
  ~Range() { nvtxRangePop(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

__global__ void scale_add(float* y, const float* x, float a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    y[i] = a * x[i] + y[i];
  }
}

__global__ void matrix_product(float* c, const float* a, const float* b, int n) {
  __shared__ float tile_a[kTile][kTile];
  __shared__ float tile_b[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y;
  const int column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0;
  for (int t = 0; t < n; t += kTile) {
    tile_a[threadIdx.y][threadIdx.x] = a[row * n + t + threadIdx.x];
    tile_b[threadIdx.y][threadIdx.x] = b[(t + threadIdx.y) * n + column];
    __syncthreads();
    for (int k = 0; k < kTile; ++k) {
      sum += tile_a[threadIdx.y][k] * tile_b[k][threadIdx.x];
    }
    __syncthreads();
  }
  c[row * n + column] = sum;
}

int blocks(int n) {
  return (n + 255) / 256;
}

struct Buffers {
  int side;
  int count;
  size_t bytes;
  std::vector<float> pageable;
  float* pinned = nullptr;
  float* a = nullptr;
  float* b = nullptr;
  float* c = nullptr;

  explicit Buffers(int n) : side(n), count(n * n), bytes(sizeof(float) * n * n), pageable(n * n, 1.0F) {
    CHECK(cudaMallocHost(&pinned, bytes));
    for (int i = 0; i < count; ++i) {
      pinned[i] = 0.5F;
    }
    CHECK(cudaMalloc(&a, bytes));
    CHECK(cudaMalloc(&b, bytes));
    CHECK(cudaMalloc(&c, bytes));
  }
  ~Buffers() {
    cudaFree(c);
    cudaFree(b);
    cudaFree(a);
    cudaFreeHost(pinned);
  }
};

// c += a, kGraphKernels times, as one graph.
cudaGraphExec_t make_graph(const Buffers& buffers, cudaStream_t stream) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  for (int i = 0; i < kGraphKernels; ++i) {
    scale_add<<<blocks(buffers.count), 256, 0, stream>>>(buffers.c, buffers.a, 1.0F, buffers.count);
  }
  CHECK(cudaStreamEndCapture(stream, &graph));
  CHECK(cudaGraphInstantiateWithFlags(&executable, graph, 0));
  CHECK(cudaGraphDestroy(graph));
  return executable;
}

class Program {
 public:
  explicit Program(int size) : buffers_(size) {
    CHECK(cudaStreamCreateWithFlags(&main_, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&side_, cudaStreamNonBlocking));
    CHECK(cudaEventCreateWithFlags(&ready_, cudaEventDisableTiming));
    CHECK(cudaEventCreate(&begin_));
    CHECK(cudaEventCreate(&end_));
    nvtxNameOsThreadA(0, "cuda_sample");
    graph_ = make_graph(buffers_, main_);
  }
  ~Program() {
    cudaGraphExecDestroy(graph_);
    cudaEventDestroy(end_);
    cudaEventDestroy(begin_);
    cudaEventDestroy(ready_);
    cudaStreamDestroy(side_);
    cudaStreamDestroy(main_);
  }

  // Microseconds of the matrix product, by events.
  float step() {
    const Range range("step");
    copy_in();
    const float microseconds = compute();
    copy_out();
    return microseconds;
  }

  // a is 1, b is 0.5 + 1 * 2: c = n * 2.5 + kGraphKernels
  bool right() const {
    const float expected = 2.5F * static_cast<float>(buffers_.side) + kGraphKernels;
    return std::fabs(buffers_.pageable[7] - expected) < 1e-2F * expected;
  }

 private:
  void copy_in() {
    const Range range("copy in");
    std::memset(buffers_.pageable.data(), 0, sizeof(float));
    std::vector<float> ones(buffers_.count, 1.0F);
    CHECK(cudaMemcpy(buffers_.a, ones.data(), buffers_.bytes, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpyAsync(buffers_.b, buffers_.pinned, buffers_.bytes, cudaMemcpyHostToDevice, side_));
    CHECK(cudaMemsetAsync(buffers_.c, 0, buffers_.bytes, main_));
    g_counts.copies += 2;
    g_counts.memsets += 1;
  }

  float compute() {
    const Range range("compute");
    // The side stream prepares b; the main stream waits for it.
    scale_add<<<blocks(buffers_.count), 256, 0, side_>>>(buffers_.b, buffers_.a, 2.0F, buffers_.count);
    CHECK(cudaEventRecord(ready_, side_));
    CHECK(cudaStreamWaitEvent(main_, ready_, 0));
    const dim3 grid(buffers_.side / kTile, buffers_.side / kTile);
    CHECK(cudaEventRecord(begin_, main_));
    matrix_product<<<grid, dim3(kTile, kTile), 0, main_>>>(buffers_.c, buffers_.a, buffers_.b, buffers_.side);
    CHECK(cudaEventRecord(end_, main_));
    {
      const Range graph("graph");
      CHECK(cudaGraphLaunch(graph_, main_));
    }
    g_counts.kernels += 2 + kGraphKernels;
    CHECK(cudaStreamSynchronize(main_));
    float milliseconds = 0;
    CHECK(cudaEventElapsedTime(&milliseconds, begin_, end_));
    return milliseconds * 1000;
  }

  void copy_out() {
    const Range range("copy out");
    CHECK(cudaMemcpy(buffers_.pageable.data(), buffers_.c, buffers_.bytes, cudaMemcpyDeviceToHost));
    g_counts.copies += 1;
  }

  Buffers buffers_;
  cudaStream_t main_ = nullptr;
  cudaStream_t side_ = nullptr;
  cudaEvent_t ready_ = nullptr;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
  cudaGraphExec_t graph_ = nullptr;
};

int option(int argc, char** argv, const char* name, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) {
      return std::atoi(argv[i + 1]);
    }
  }
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = option(argc, argv, "--steps", 50);
  const int size = option(argc, argv, "--size", 1024) / kTile * kTile;
  if (steps < 1 || size < kTile) {
    std::fprintf(stderr, "usage: cuda_sample [--steps N] [--size N]\n");
    return 2;
  }
  std::vector<float> microseconds;
  {
    Program program(size);
    for (int i = 0; i < steps; ++i) {
      microseconds.push_back(program.step());
    }
    if (!program.right()) {
      std::fprintf(stderr, "cuda_sample: wrong result\n");
      return 1;
    }
  }
  std::printf("kernels %ld\ncopies %ld\nmemsets %ld\n", g_counts.kernels, g_counts.copies, g_counts.memsets);
  for (const float time : microseconds) {
    std::printf("matrix_product_us %.3f\n", time);
  }
  return 0;
}
