// ADOL-C as a peer: recording and sweeping its tape for each gradient, as its documentation does it.
#pragma once

#include <adolc/adolc.h>

#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace ways {

/// `inner` as in OnTape; generic lambdas whose `auto` would be ADOL-C's type of intermediates need one written for adouble.
template <class Kernel, class... Inner>
class Adolc {
 public:
  explicit Adolc(const Kernel& kernel, Inner... inner) : kernel_(kernel), inner_(std::move(inner)...) {}

  double operator()(std::span<const double> x, std::span<double> gradient) {
    constexpr short tag = 1;
    double value = 0;
    trace_on(tag, 1);  // keep the values for the reverse sweep
    {
      std::vector<adouble> xs(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) xs[i] <<= x[i];
      const std::span<const adouble> independents = xs;
      adouble t =
          std::apply([&](const Inner&... inner) { return kernel_.template value<adouble>(independents, inner...); }, inner_);
      t >>= value;
    }
    trace_off();
    double seed = 1;
    ::reverse(tag, 1, static_cast<int>(x.size()), 0, &seed, gradient.data());
    return value;
  }

 private:
  const Kernel& kernel_;
  std::tuple<Inner...> inner_;
};

}  // namespace ways
