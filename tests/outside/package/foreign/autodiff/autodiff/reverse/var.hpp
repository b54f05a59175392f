#pragma once

namespace autodiff {

struct var {
  double value;
};
inline double gradient(const var& y, const var& x) { return y.value / x.value; }
inline var exp(const var& x) { return x; }

}  // namespace autodiff
