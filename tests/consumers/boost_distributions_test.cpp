// Boost.Math: densities, distribution functions and quantiles, in the parameters and in the place.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/distributions.hpp>
#include <string>
#include <wengert/function.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
using consumers::like_numbers;

/// A function of a distribution and a place as one of the parameters and the place.
template <template <class, class> class Distribution, std::size_t N, class F>
auto of_parameters(F f) {
  return [f](auto... x) {
    using T = std::common_type_t<decltype(x)...>;
    const std::array<T, N> all{x...};
    const auto made = [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Distribution<T, bm::policies::policy<>>(all[I]...);
    }(std::make_index_sequence<N - 1>());
    return f(made, all[N - 1]);
  };
}

// At the first points the place is where one measures, at the others it is a probability.
template <template <class, class> class Distribution, std::size_t N>
void like_numbers_all(const std::string& name, const std::vector<std::array<double, N>>& places,
                      const std::vector<std::array<double, N>>& probabilities = {}) {
  const auto density = [](const auto& law, auto x) { return pdf(law, x); };
  const auto below = [](const auto& law, auto x) { return cdf(law, x); };
  const auto above = [](const auto& law, auto x) { return cdf(complement(law, x)); };
  like_numbers<N>((name + ", density").c_str(), of_parameters<Distribution, N>(density), places);
  like_numbers<N>((name + ", below").c_str(), of_parameters<Distribution, N>(below), places);
  like_numbers<N>((name + ", above").c_str(), of_parameters<Distribution, N>(above), places);
  const auto inverse = [](const auto& law, auto p) { return quantile(law, p); };
  if (!probabilities.empty())
    like_numbers<N>((name + ", quantile").c_str(), of_parameters<Distribution, N>(inverse), probabilities);
}

// The third point is the mean, where Boost takes erfc of 0.
TEST(BoostDistributions, Normal) {
  like_numbers_all<bm::normal_distribution, 3>("normal", {{0.5, 1.3, 2.1}, {0.5, 1.3, -0.7}, {0.5, 2, 0.5}},
                                               {{0.5, 1.3, 0.1}, {0.5, 1.3, 0.7}});
}

TEST(BoostDistributions, Lognormal) {
  like_numbers_all<bm::lognormal_distribution, 3>("lognormal", {{0.5, 1.3, 2.1}, {0.5, 1.3, 0.7}},
                                                  {{0.5, 1.3, 0.1}, {0.5, 1.3, 0.7}});
}

TEST(BoostDistributions, StudentsT) {
  like_numbers_all<bm::students_t_distribution, 2>("students_t", {{4.5, 1.3}, {2.3, -0.7}, {30.2, 0.6}},
                                                   {{4.5, 0.3}, {2.3, 0.7}, {30.2, 0.6}});
}

TEST(BoostDistributions, Gamma) {
  like_numbers_all<bm::gamma_distribution, 3>("gamma", {{4.3, 1.3, 1.7}, {2.3, 0.7, 3}}, {{4.3, 1.3, 0.7}, {2.3, 0.7, 0.4}});
}

// At whole parameters, where Boost's own functions are finite sums that do without them, at medians, and in tails.
TEST(BoostDistributions, OfWholeParametersHaveTheirDerivatives) {
  like_numbers_all<bm::gamma_distribution, 3>("gamma", {{3, 1.3, 1.7}, {1, 0.7, 3}},
                                              {{3, 1.3, 0.7}, {1, 0.7, 0.25}, {0.5, 1, 0.5}, {10, 1, 0.96875}});
  like_numbers_all<bm::chi_squared_distribution, 2>("chi_squared", {{4, 1.3}, {5, 7.7}}, {{1, 0.5}, {2, 0.25}, {10, 0.9375}});
  like_numbers_all<bm::beta_distribution, 3>(
      "beta", {{2, 3, 0.7}, {4, 1, 0.3}},
      {{2, 3, 0.7}, {1, 1, 0.5}, {0.5, 0.5, 0.3125}, {2, 2, 0.5}, {3, 1, 0.25}, {1, 3, 0.75}, {2, 5, 0.0625}});
  like_numbers_all<bm::fisher_f_distribution, 3>("fisher_f", {{2, 4, 1}, {1, 1, 1}}, {{2, 4, 0.5}, {4, 4, 0.25}, {5, 7, 0.9375}});
  like_numbers_all<bm::students_t_distribution, 2>("students_t", {{4, 1.3}, {3, -0.7}, {1, 0}, {4.5, 0}, {30, -4}},
                                                   {{4, 0.25}, {1, 0.25}, {2, 0.75}, {6, 0.75}, {30, 0.0625}, {10, 0.96875}});
  // at the median, with something added to measure the rounding of 0 by
  const auto median = [](auto n, auto p) { return n + quantile(bm::students_t_distribution<decltype(n)>(n), p); };
  like_numbers<2>("students_t, median", median, {{4.5, 0.5}, {3, 0.5}});
  like_numbers_all<bm::cauchy_distribution, 3>("cauchy", {{0.25, 1.5, 0.25}, {0, 1, 1}}, {{0.25, 1.5, 0.5}, {0, 1, 0.75}});
  const auto of_complement = [](auto a, auto b, auto q) {
    using T = std::common_type_t<decltype(a), decltype(b), decltype(q)>;
    return quantile(complement(bm::gamma_distribution<T>(a, b), q)) + quantile(complement(bm::beta_distribution<T>(a, b), q)) +
           quantile(complement(bm::cauchy_distribution<T>(a, b), q)) + cdf(complement(bm::cauchy_distribution<T>(a, b), q));
  };
  like_numbers<3>("complements", of_complement, {{3, 2, 0.75}, {1, 1, 0.25}, {0.5, 2, 0.5}});
  like_numbers_all<bm::non_central_beta_distribution, 4>("non_central_beta", {{2, 3, 1, 0.5}, {2.5, 3, 1.5, 0.375}});
}

// Second derivatives too, and wherever a recording is replayed: beyond the median, on the other side of a half.
TEST(BoostDistributions, QuantilesReplayAndHaveHessians) {
  const auto sum = [](wengert::Var a, wengert::Var b, wengert::Var p) {
    return quantile(bm::gamma_distribution<wengert::Var>(a, b), p) + quantile(bm::beta_distribution<wengert::Var>(a, b), p) +
           quantile(bm::students_t_distribution<wengert::Var>(a), p);
  };
  const std::array<double, 3> here = {2, 5, 0.25}, there = {6, 2, 0.875};
  const auto recorded = wengert::record(sum, here[0], here[1], here[2]);
  const auto replayed = recorded.gradient(there[0], there[1], there[2]);
  wengert::Tape tape;
  std::array<wengert::Var, 3> x;
  for (std::size_t i = 0; i < 3; ++i) x[i] = tape.variable(there[i]);
  const wengert::Var y = sum(x[0], x[1], x[2]);
  EXPECT_EQ(recorded(there[0], there[1], there[2]), y.value());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(replayed[i], gradient(y).wrt(x[i])) << i;
  const auto second = wengert::hessian(y, x);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      const auto slope = consumers::differences<3>(
          [&](auto... at) {
            const std::array<double, 3> point{static_cast<double>(at)...};
            return static_cast<long double>(recorded.gradient(point[0], point[1], point[2])[i]);
          },
          there, k, 1.0 / 256);
      EXPECT_NEAR(second(i, k), slope.value, 1e-8 * (1 + std::abs(slope.value))) << i << k;
    }
}

TEST(BoostDistributions, InverseGamma) {
  like_numbers_all<bm::inverse_gamma_distribution, 3>("inverse_gamma", {{4.3, 5.3, 0.9}, {2.3, 6.7, 3.4}});
}

TEST(BoostDistributions, ChiSquared) {
  like_numbers_all<bm::chi_squared_distribution, 2>("chi_squared", {{4.3, 1.3}, {2.3, 0.7}}, {{4.3, 0.3}, {2.3, 0.7}});
}

TEST(BoostDistributions, InverseChiSquared) {
  like_numbers_all<bm::inverse_chi_squared_distribution, 3>("inverse_chi_squared", {{4.3, 5.3, 0.9}, {2.3, 6.7, 3.4}});
}

TEST(BoostDistributions, Beta) {
  like_numbers_all<bm::beta_distribution, 3>("beta", {{4.3, 1.3, 0.7}, {2.3, 0.7, 0.3}}, {{4.3, 1.3, 0.7}, {2.3, 0.7, 0.3}});
}

TEST(BoostDistributions, FisherF) {
  like_numbers_all<bm::fisher_f_distribution, 3>("fisher_f", {{4.3, 5.3, 0.9}, {2.3, 6.7, 3.4}},
                                                 {{4.3, 5.3, 0.9}, {2.3, 6.7, 0.4}});
}

TEST(BoostDistributions, Exponential) {
  like_numbers_all<bm::exponential_distribution, 2>("exponential", {{4.3, 1.3}, {2.3, 0.7}}, {{4.3, 0.3}, {2.3, 0.7}});
}

TEST(BoostDistributions, Weibull) {
  like_numbers_all<bm::weibull_distribution, 3>("weibull", {{4.3, 1.3, 0.9}, {2.3, 0.7, 0.4}},
                                                {{4.3, 1.3, 0.9}, {2.3, 0.7, 0.4}});
}

TEST(BoostDistributions, Cauchy) {
  like_numbers_all<bm::cauchy_distribution, 3>("cauchy", {{4.3, 1.3, 0.9}, {2.3, 0.7, 3.4}}, {{4.3, 1.3, 0.9}, {2.3, 0.7, 0.4}});
}

TEST(BoostDistributions, Logistic) {
  like_numbers_all<bm::logistic_distribution, 3>("logistic", {{4.3, 1.3, 0.9}, {2.3, 0.7, 3.4}},
                                                 {{4.3, 1.3, 0.9}, {2.3, 0.7, 0.4}});
}

TEST(BoostDistributions, Laplace) {
  like_numbers_all<bm::laplace_distribution, 3>("laplace", {{4.3, 1.3, 0.9}, {2.3, 0.7, 3.4}},
                                                {{4.3, 1.3, 0.9}, {2.3, 0.7, 0.4}});
}

TEST(BoostDistributions, ExtremeValue) {
  like_numbers_all<bm::extreme_value_distribution, 3>("extreme_value", {{4.3, 1.3, 0.9}, {2.3, 0.7, 3.4}});
}

TEST(BoostDistributions, Pareto) {
  like_numbers_all<bm::pareto_distribution, 3>("pareto", {{1.3, 1.3, 1.9}, {2.3, 0.7, 3.4}}, {{1.3, 1.3, 0.9}, {2.3, 0.7, 0.4}});
}

TEST(BoostDistributions, Rayleigh) { like_numbers_all<bm::rayleigh_distribution, 2>("rayleigh", {{1.3, 1.9}, {2.3, 3.4}}); }

TEST(BoostDistributions, InverseGaussian) {
  like_numbers_all<bm::inverse_gaussian_distribution, 3>("inverse_gaussian", {{4.3, 5.3, 0.9}, {2.3, 6.7, 3.4}},
                                                         {{4.3, 5.3, 0.9}, {2.3, 6.7, 0.4}});
}

TEST(BoostDistributions, Uniform) {
  like_numbers_all<bm::uniform_distribution, 3>("uniform", {{0.3, 5.3, 0.9}, {2.3, 6.7, 3.4}});
}

TEST(BoostDistributions, Triangular) {
  like_numbers_all<bm::triangular_distribution, 4>("triangular", {{0.3, 2.5, 5.3, 0.9}, {2.3, 3, 6.7, 3.4}},
                                                   {{0.3, 2.5, 5.3, 0.9}, {2.3, 3, 6.7, 0.4}});
}

TEST(BoostDistributions, SkewNormal) {
  like_numbers_all<bm::skew_normal_distribution, 4>("skew_normal", {{0.3, 2.5, 5.3, 0.9}, {2.3, 3, 1.7, 3.4}},
                                                    {{0.3, 2.5, 5.3, 0.9}, {2.3, 3, 1.7, 0.4}});
}

TEST(BoostDistributions, Arcsine) {
  like_numbers_all<bm::arcsine_distribution, 3>("arcsine", {{0.3, 2.5, 0.9}, {2.3, 3.3, 2.8}});
}

// Of whole numbers: in the parameter.
TEST(BoostDistributions, Discrete) {
  const auto sum = [](const auto& law) { return pdf(law, 3) + cdf(law, 2) * 2; };
  const std::vector<std::array<double, 1>> odds = {{0.3}, {0.71}};
  like_numbers<1>("poisson", [&](auto m) { return sum(bm::poisson_distribution<decltype(m)>(m)); }, {{2.3}, {7.1}});
  like_numbers<1>("binomial", [&](auto p) { return sum(bm::binomial_distribution<decltype(p)>(10, p)); }, odds);
  like_numbers<1>("negative_binomial", [&](auto p) { return sum(bm::negative_binomial_distribution<decltype(p)>(10, p)); }, odds);
  like_numbers<1>("geometric", [&](auto p) { return sum(bm::geometric_distribution<decltype(p)>(p)); }, odds);
  const auto coin = [](auto p) {
    const bm::bernoulli_distribution<decltype(p)> law(p);
    return pdf(law, 1) + cdf(law, 0) * 2;
  };
  like_numbers<1>("bernoulli", coin, odds);
}

}  // namespace
