// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/noise.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace stepscope::scenarios {
namespace {

// The finalizer of splitmix64 (Steele, Lea, Flood): the same numbers on every machine, unlike <random>'s distributions.
uint64_t scramble(uint64_t z) {
  z += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// In (0, 1).
double uniform(uint64_t number) {
  return (static_cast<double>(number >> 11U) + 0.5) / 9007199254740992.0;
}

double standard_normal(uint64_t number) {
  const double radius = std::sqrt(-2 * std::log(uniform(scramble(number))));
  return radius * std::cos(2 * std::numbers::pi * uniform(scramble(number + 1)));
}

// Mean 1, never negative.
double factor(uint64_t number, double deviation) {
  return std::exp(deviation * standard_normal(number) - deviation * deviation / 2);
}

int64_t whole(double ns) {
  return static_cast<int64_t>(ns + 0.5);
}

}  // namespace

uint64_t identity(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}

uint64_t identity(uint64_t one, uint64_t other) {
  return scramble(scramble(one) ^ other);
}

std::vector<double> Noise::drift(uint64_t seed, Draw draw, int64_t steps, double deviation, double memory) {
  std::vector<double> out;
  const double fresh = deviation * std::sqrt(1 - memory * memory);
  double state = 0;
  for (int64_t step = 0; step < steps; ++step) {
    const double normal =
        standard_normal(identity(identity(seed, static_cast<uint64_t>(draw)), static_cast<uint64_t>(step)));
    state = step == 0 ? deviation * normal : memory * state + fresh * normal;
    out.push_back(std::exp(state));
  }
  return out;
}

Noise::Noise(uint64_t seed, int64_t rank, int64_t steps, const NoiseLevels& levels)
    : job_(identity(seed, 0)), rank_(identity(seed, static_cast<uint64_t>(rank) + 1)), levels_(levels) {
  const auto of = [](uint64_t base, Draw draw) { return identity(base, static_cast<uint64_t>(draw)); };
  gpu_run_ = factor(of(job_, Draw::kRun), levels.gpu_run) * factor(of(rank_, Draw::kRank), levels.gpu_rank);
  host_run_ = factor(of(rank_, Draw::kHostRun), levels.host_run);
  wire_run_ = factor(of(job_, Draw::kWireRun), levels.wire_run);
  gpu_step_ = drift(rank_, Draw::kGpuStep, steps, levels.gpu_step, levels.gpu_memory);
  host_step_ = drift(rank_, Draw::kHostStep, steps, levels.host_step, levels.host_memory);
}

int64_t Noise::gpu(int64_t ns, int64_t step, uint64_t key) const {
  const uint64_t number =
      identity(identity(rank_ + static_cast<uint64_t>(Draw::kKernel), key), static_cast<uint64_t>(step));
  return whole(static_cast<double>(ns) * gpu_run_ * gpu_step_[static_cast<size_t>(step)] *
               factor(number, levels_.kernel));
}

int64_t Noise::host(int64_t ns, int64_t step, uint64_t key) const {
  constexpr double kPiece = 10000;
  const auto length = static_cast<double>(ns);
  const uint64_t number =
      identity(identity(rank_ + static_cast<uint64_t>(Draw::kCall), key), static_cast<uint64_t>(step));
  double out = length * host_run_ * host_step_[static_cast<size_t>(step)] *
               factor(number, levels_.call * std::sqrt(std::min(1.0, kPiece / std::max(1.0, length))));
  const uint64_t chance = identity(number, static_cast<uint64_t>(Draw::kHiccup));
  if (uniform(chance) < levels_.hiccups) {
    out -= levels_.hiccup_ns * std::log(uniform(scramble(chance)));
  }
  return whole(out);
}

int64_t Noise::batch(int64_t ns, int64_t step, uint64_t key) const {
  const uint64_t number =
      identity(identity(rank_ + static_cast<uint64_t>(Draw::kBatch), key), static_cast<uint64_t>(step));
  return whole(static_cast<double>(host(ns, step, key)) * factor(number, levels_.batch));
}

int64_t Noise::wire(int64_t ns, int64_t step, uint64_t key) const {
  const uint64_t number =
      identity(identity(job_ + static_cast<uint64_t>(Draw::kWire), key), static_cast<uint64_t>(step));
  return whole(static_cast<double>(ns) * wire_run_ * factor(number, levels_.wire));
}

}  // namespace stepscope::scenarios
