// SPDX-License-Identifier: Apache-2.0
//
// Distribution functions that a gate needs and the standard library lacks. Pure functions of doubles; relative error below
// 1e-9 in the ranges used here (checked against tables in the tests). Internal to the library.
#pragma once

namespace stepscope::analysis {

[[nodiscard]] double normal_cdf(double x);
// p in (0, 1); Acklam's rational approximation with one step of Halley's method.
[[nodiscard]] double normal_quantile(double p);

// Degrees of freedom may be fractions (Welch). Regularized incomplete beta function by its continued fraction (Abramowitz
// and Stegun 26.5.8, modified Lentz).
[[nodiscard]] double student_t_cdf(double t, double degrees);
[[nodiscard]] double student_t_quantile(double p, double degrees);

[[nodiscard]] double chi_squared_cdf(double x, double degrees);
[[nodiscard]] double chi_squared_quantile(double p, double degrees);

// P(F <= x) of Fisher's F.
[[nodiscard]] double f_cdf(double x, double numerator_degrees, double denominator_degrees);

}  // namespace stepscope::analysis
