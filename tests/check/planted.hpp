// What the tests of check_gradient share: operations with a fault planted in them, and what a report should say.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "wengert/check_gradient.hpp"
#include "wengert/custom.hpp"
#include "wengert/wengert.hpp"

using namespace wengert;
using testing::HasSubstr;
using testing::IsEmpty;
using Outcome = CheckReport::Outcome;

/// An operation with whatever rules a test plants in it.
inline CustomOperation planted(int arity, CustomOperation::Value value, CustomOperation::PartialsOf partials,
                               std::vector<CustomOperation> second = {}) {
  return CustomOperation("planted", arity, std::move(value), std::move(partials), std::move(second));
}

/// sin, with its partial as given.
inline CustomOperation sine(std::function<double(double)> partial) {
  return planted(1, [](auto x) { return std::sin(x[0]); }, [partial](auto x, double, auto p) { p[0] = partial(x[0]); });
}

inline std::vector<Oracle> oracles(const CheckReport& report) {
  std::vector<Oracle> result;
  for (const CheckLine& line : report.lines)
    if (result.empty() || std::find(result.begin(), result.end(), line.oracle) == result.end()) result.push_back(line.oracle);
  return result;
}

template <class F>
void expect_agrees(const char* what, F f, const std::vector<double>& x, CheckOptions options = {}) {
  const CheckReport report = check_gradient(f, x, options);
  EXPECT_TRUE(report) << what << '\n' << report;
}
