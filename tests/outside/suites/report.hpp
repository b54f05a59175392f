// check_gradient in a suite of another framework: CHECK is that framework's.
#include <cmath>

#include "wengert/check_gradient.hpp"
#include "wengert/custom.hpp"
#include "wengert/var.hpp"

/// sin, with a derivative that is `slip` times the right one.
inline wengert::CustomOperation sine(double slip) {
  return {"sine", 1, [](auto x) { return std::sin(x[0]); },
          [slip](auto x, double, auto partials) { partials[0] = slip * std::cos(x[0]); }};
}
inline wengert::CheckReport checked(double slip) {
  return wengert::check_gradient([slip](wengert::Var x) { return sine(slip)(x); }, {0.8});
}

TEST_CASE("a gradient that is right passes") { CHECK(checked(1)); }
TEST_CASE("a gradient that is wrong fails, and the whole report is shown") {
  const wengert::CheckReport report = checked(1.001);
  CHECK(report);
}
