// SPDX-License-Identifier: Apache-2.0
//
// Axis: where a value stands between the ends of a plot, linear or logarithmic, and round values to write along it. Pure.
#pragma once

#include <string>
#include <vector>

namespace stepscope::viewer {

class Axis {
 public:
  // high > low; a logarithmic axis takes what is below 0.5 for 0.5.
  Axis(double low, double high, bool logarithmic);
  // 0 at low, 1 at high; beyond them outside of that.
  [[nodiscard]] double share(double value) const;
  [[nodiscard]] double value(double share) const;
  // 1, 2 or 5 times a power of ten (a logarithmic axis over more than a factor of 20: powers of ten), at most `most` of them.
  [[nodiscard]] std::vector<double> ticks(size_t most) const;

 private:
  [[nodiscard]] double scaled(double value) const;
  double low_;
  double high_;
  bool logarithmic_;
};

}  // namespace stepscope::viewer
