// The computation graph of the demo: a sample eps of N(0, 1) becomes t, whose expectation is KL(q || p).
//
//      mu, sigma, eps --> z --> r = log q(z) --+
//                         |                    +--> t = r - s
//                         +---> s = log p(z) --+
#pragma once

#include <cmath>

#include "wengert/var.hpp"

namespace vae_kl {

/// What the graph computes on its way, and in the end.
template <class T>
struct Nodes {
  T z, r, s, t;
};

// log(2 pi) / 2, written out so that the graph can be recorded in constant evaluation too.
inline constexpr double half_log_two_pi = 0.91893853320467274178;

/// log of the density of N(mean, deviation^2) at z.
template <class T>
constexpr T log_normal(const T& z, const T& mean, const T& deviation) {
  using std::log;
  const T u = (z - mean) / deviation, log_deviation = log(deviation);  // one by one: compilers order operands differently
  return -0.5 * u * u - log_deviation - half_log_two_pi;
}

/// The graph at one sample. T is a number (the values), a Var (recorded on its tape, at run time or in constant evaluation), a
/// Dual, …
inline constexpr auto graph = []<class T>(const T& mu, const T& sigma, const T& eps) -> Nodes<T> {
  using wengert::named;
  const T z = named("z", mu + sigma * eps);
  const T r = named("r", log_normal(z, mu, sigma));        // log q(z)
  const T s = named("s", -0.5 * z * z - half_log_two_pi);  // log p(z)
  const T t = named("t", r - s);
  return {z, r, s, t};
};

/// t with a planted fault: its value, and its derivatives as if the rule of log were off by the factor 1 + fault.
template <class T>
constexpr T with_fault(const T& t, const T& sigma, const T& fault) {
  using std::log;
  const T log_sigma = log(sigma);  // t holds -log(sigma), and no other logarithm of a variable
  return t - fault * (log_sigma - detach(log_sigma));
}

/// t alone: a sample of KL(q || p). Its gradient in (mu, sigma) is (z, z * eps - 1 / sigma).
inline constexpr auto kl_sample = []<class T>(const T& mu, const T& sigma, const T& eps) -> T { return graph(mu, sigma, eps).t; };

}  // namespace vae_kl
