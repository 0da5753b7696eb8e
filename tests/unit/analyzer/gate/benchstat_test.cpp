// SPDX-License-Identifier: Apache-2.0
//
// What benchstat printed for published measurements (golang.org/x/perf, cmd/benchstat/testdata), computed again: median, the width of
// its 95 % interval, and the p-value of Mann and Whitney's test. The files are not part of this tree; without them there is
// nothing to compare.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

const std::string kBenchstat = STEPSCOPE_SHARED_DATA "/golang_perf/testdata/";

using Series = std::map<std::string, std::vector<double>>;

// "BenchmarkX/size=15-8   3000000   43.6 ns/op ..." -> X/size=15-8: 43.6
Series read_series(const std::string& name) {
  Series series;
  std::ifstream file(kBenchstat + name);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string benchmark, count, unit;
    double value = 0;
    if (words >> benchmark >> count >> value >> unit && benchmark.starts_with("Benchmark") &&
        unit == "ns/op") {
      series[benchmark.substr(9)].push_back(value);
    }
  }
  return series;
}

struct Printed {
  std::string name;
  double base = 0, candidate = 0;                 // ns
  int base_percent = -1, candidate_percent = -1;  // -1: no interval
  double p = -1;
};

double with_prefix(const std::string& word) {
  const double value = std::strtod(word.c_str(), nullptr);
  if (word.ends_with("µ")) {
    return 1000 * value;
  }
  return word.ends_with("m") ? 1e6 * value : value;
}

// Rows of two medians and a p-value: "X-8   46.55n ± 9%   44.40n ± 2%   -4.62% (p=0.008 n=10)"
std::vector<Printed> read_table(const std::string& name) {
  std::vector<Printed> rows;
  std::ifstream file(kBenchstat + name);
  for (std::string line; std::getline(file, line);) {
    const size_t p = line.find("(p=");
    if (line.starts_with("geomean")) {
      break;  // tables of other units follow
    }
    if (p == std::string::npos) {
      continue;
    }
    std::istringstream words(line);
    std::string first, second, plus, a, b, word;
    Printed row;
    words >> row.name >> first >> plus >> a;
    while (words >> word && !word.ends_with("n") && !word.ends_with("µ") && !word.ends_with("m")) {
    }
    second = word;
    words >> plus >> b;
    row.base = with_prefix(first);
    row.candidate = with_prefix(second);
    row.base_percent = a == "∞" ? -1 : std::atoi(a.c_str());
    row.candidate_percent = b == "∞" ? -1 : std::atoi(b.c_str());
    row.p = std::strtod(line.c_str() + p + 3, nullptr);
    rows.push_back(row);
  }
  return rows;
}

void expect_side(const std::vector<double>& values, double printed, int percent, const std::string& name) {
  const double middle = median_of(values);
  EXPECT_NEAR(middle, printed, 0.0006 * printed) << name << ": printed with four digits";
  const MedianInterval interval = median_interval(values, 0.95);
  EXPECT_EQ(interval.known, percent >= 0) << name;
  if (percent >= 0) {
    const double off = std::max(interval.high - middle, middle - interval.low) / middle;
    EXPECT_EQ(std::lround(100 * off), percent) << name;
  }
}

void expect_table(const std::string& table, const std::string& base, const std::string& candidate,
                  size_t expected_rows) {
  if (!std::filesystem::exists(kBenchstat + table)) {
    GTEST_SKIP() << "the published files are not here: " << kBenchstat;
  }
  const Series a = read_series(base);
  const Series b = read_series(candidate);
  const std::vector<Printed> rows = read_table(table);
  EXPECT_EQ(rows.size(), expected_rows) << table;
  for (const Printed& row : rows) {
    const std::string name = row.name;
    ASSERT_TRUE(a.count(name) == 1 && b.count(name) == 1) << name;
    expect_side(a.at(name), row.base, row.base_percent, name + " base");
    expect_side(b.at(name), row.candidate, row.candidate_percent, name + " candidate");
    EXPECT_EQ(fmt::format("{:.3f}", mann_whitney(a.at(name), b.at(name)).p), fmt::format("{:.3f}", row.p))
        << name;
  }
}

TEST(Benchstat, TablesOfTenRunsPerSide) {
  expect_table("crcIgnore.stdout", "crc-old.txt", "crc-new.txt", 36);
}

// Five runs: p is there, an interval of the median at 95 % is not.
TEST(Benchstat, FiveRunsHaveNoInterval) {
  if (!std::filesystem::exists(kBenchstat + "issue19634.txt")) {
    GTEST_SKIP() << "the published files are not here: " << kBenchstat;
  }
  const std::vector<double> all = read_series("issue19634.txt").at("FloatSub/100-4");
  ASSERT_EQ(all.size(), 10U);
  const std::vector<double> before(all.begin(), all.begin() + 5);
  const std::vector<double> after(all.begin() + 5, all.end());
  EXPECT_EQ(median_of(before), 115);
  EXPECT_EQ(median_of(after), 78.8);
  EXPECT_FALSE(median_interval(before, 0.95).known);
  EXPECT_EQ(fmt::format("{:.3f}", mann_whitney(before, after).p), "0.008");
}

// csvOldNew.stdout: 1718 -> 1422.5 ns p=0.000, and 3065.5 -> 3070 ns p=0.446.
TEST(Benchstat, OldAndNew) {
  if (!std::filesystem::exists(kBenchstat + "old.txt")) {
    GTEST_SKIP() << "the published files are not here: " << kBenchstat;
  }
  const Series a = read_series("old.txt");
  const Series b = read_series("new.txt");
  expect_side(a.at("Encode/format=json-48"), 1718, 1, "json old");
  expect_side(b.at("Encode/format=json-48"), 1422.5, 1, "json new");
  expect_side(a.at("Encode/format=gob-48"), 3065.5, 0, "gob old");
  expect_side(b.at("Encode/format=gob-48"), 3070, 2, "gob new");
  EXPECT_EQ(
      fmt::format("{:.3f}", mann_whitney(a.at("Encode/format=json-48"), b.at("Encode/format=json-48")).p),
      "0.000");
  EXPECT_EQ(fmt::format("{:.3f}", mann_whitney(a.at("Encode/format=gob-48"), b.at("Encode/format=gob-48")).p),
            "0.446");
}

}  // namespace
}  // namespace stepscope::analysis
