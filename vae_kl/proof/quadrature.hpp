// Numerical integration: Gauss-Hermite nodes for expectations of polynomials, tanh-sinh for everything else.
#pragma once

#include <vector>

namespace vae_kl {

/// Nodes and weights with sum(weights[i] * f(nodes[i])) = E[f(eps)], eps ~ N(0, 1), for every polynomial f of degree below
/// 2 * nodes.size(). Nodes ascend and are symmetric about 0; the weights add up to 1.
struct GaussHermite {
  std::vector<double> nodes, weights;
};

/// The rule with `count` nodes, 1 to 200, to the last bit or two: roots of the Hermite polynomial by Newton's method in long
/// double, weights by Christoffel's formula 1 / sum of h_k(x)^2 over the orthonormal polynomials h_0 .. h_{count-1}, which has no
/// cancellation. Throws std::invalid_argument for another count.
GaussHermite gauss_hermite(int count);

/// An integral, how far its last two refinements were apart, and the integral of |f|, to which its rounding is relative.
struct Integral {
  long double value = 0, change = 0, size = 0;
};

/// Integral of f over [from, to] by the tanh-sinh rule (Takahasi and Mori 1974), whose nodes crowd towards the ends doubly
/// exponentially. The step is halved until that changes nothing beyond `tolerance` times the integral of |f|, at most 12 times.
template <class Function>
Integral integrate(Function f, long double from, long double to, long double tolerance = 1e-18L);

}  // namespace vae_kl

#include <cmath>
#include <numbers>

namespace vae_kl {

template <class Function>
Integral integrate(Function f, long double from, long double to, long double tolerance) {
  // x(u) = middle + half * tanh(pi/2 sinh u); beyond |u| = 4.5 its derivative is below 1e-60 of that at 0.
  constexpr long double last = 4.5L, quarter_turn = std::numbers::pi_v<long double> / 2;
  const long double middle = from + (to - from) / 2, half = (to - from) / 2;
  long double sum = 0, sum_of_sizes = 0;
  const auto add = [&](long double u) {
    const long double inner = quarter_turn * std::sinh(u), cosh_inner = std::cosh(inner);
    const long double weight = quarter_turn * std::cosh(u) / (cosh_inner * cosh_inner);
    const long double term = weight * f(middle + half * std::tanh(inner));
    sum += term;
    sum_of_sizes += std::fabs(term);
  };

  long double step = 0.5L;
  add(0);
  for (long double u = step; u <= last; u += step) add(u), add(-u);
  Integral result{half * step * sum, 0, half * step * sum_of_sizes};
  for (int halvings = 0; halvings < 12; ++halvings) {
    for (long double u = step / 2; u <= last; u += step) add(u), add(-u);  // the nodes between those there are
    step /= 2;
    const long double value = half * step * sum;
    result = {value, std::fabs(value - result.value), half * step * sum_of_sizes};
    if (result.change <= tolerance * result.size) break;
  }
  return result;
}

}  // namespace vae_kl
