#if __has_include(<boost/math/special_functions.hpp>)
#include "wengert/boost.hpp"

#include <boost/math/special_functions.hpp>
#endif

#include "calls.hpp"
#include "wengert/gradient.hpp"

#if WENGERT_SMALL_CODE != WENGERT_CALLS
#error "to be compiled with optimisation"
#endif

namespace {

using wengert::Tape;
using wengert::Var;

// kept between calls, as a program would
Tape tape;
wengert::Gradient result;

double product(double at) {
  tape.clear();
  const Var x = tape.variable(at);
  Var p = x;
  for (int i = 1; i < 4000; ++i) p = p * tape.variable(1 + 1e-5 * i);
  gradient(p, result);
  return result.wrt(x);
}

double log_density(double at) {
  tape.clear();
  const Var mu = tape.variable(at), sigma = tape.variable(0.8);
  Var t = 0;
  for (int i = 0; i < 4000; ++i) {
    const Var z = mu + sigma * (0.0005 * i - 1), u = (z - mu) / sigma;
    t += -0.5 * u * u - log(sigma) + 0.5 * z * z;
  }
  gradient(t, result);
  return result.wrt(mu);
}

#ifdef BOOST_VERSION
double special(double at) {
  tape.clear();
  const Var x = tape.variable(at);
  gradient(boost::math::airy_ai(x) + boost::math::cyl_bessel_k(x, x) + boost::math::zeta(x + 2) + boost::math::expint(x), result);
  return result.wrt(x);
}
#else
constexpr CallsKernel special = nullptr;
#endif

}  // namespace

#if WENGERT_CALLS
CallsKernels kernels_as_calls() { return {product, log_density, special}; }
#else
CallsKernels kernels_in_line() { return {product, log_density, special}; }
#endif
