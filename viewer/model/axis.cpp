// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/axis.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::viewer {
namespace {

constexpr double kLeast = 0.5;    // of a logarithmic axis
constexpr double kManyfold = 20;  // from here on powers of ten stand alone

}  // namespace

Axis::Axis(double low, double high, bool logarithmic) : low_(low), high_(high), logarithmic_(logarithmic) {}

double Axis::scaled(double value) const {
  return logarithmic_ ? std::log(std::max(value, kLeast)) : value;
}

double Axis::share(double value) const {
  return (scaled(value) - scaled(low_)) / (scaled(high_) - scaled(low_));
}

double Axis::value(double share) const {
  const double at = scaled(low_) + share * (scaled(high_) - scaled(low_));
  return logarithmic_ ? std::exp(at) : at;
}

std::vector<double> Axis::ticks(size_t most) const {
  std::vector<double> out;
  if (most == 0 || !(high_ > low_)) {
    return out;
  }
  if (logarithmic_ && high_ > kManyfold * std::max(low_, kLeast)) {
    const double first = std::ceil(std::log10(std::max(low_, kLeast)) - 1e-9);
    const double last = std::floor(std::log10(high_) + 1e-9);
    const double stride = std::max(1.0, std::ceil((last - first + 1) / static_cast<double>(most)));
    for (double power = first; power <= last; power += stride) {
      out.push_back(std::pow(10.0, power));
    }
    return out;
  }
  const double wanted = (high_ - low_) / static_cast<double>(most);
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  double step = power * 10;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= wanted) {
      step = power * factor;
      break;
    }
  }
  for (double at = std::ceil(low_ / step - 1e-9) * step; at <= high_ + step * 1e-9; at += step) {
    out.push_back(at);
  }
  return out;
}

}  // namespace stepscope::viewer
