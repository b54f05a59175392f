// Boost.Math: densities, distribution functions and quantiles, in the parameters and in the place.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/distributions.hpp>
#include <string>
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

// At whole parameters, where Boost's own functions are finite sums that do without them. (Quantiles are not: docs/algorithms.md.)
TEST(BoostDistributions, OfWholeParametersHaveTheirDerivatives) {
  like_numbers_all<bm::gamma_distribution, 3>("gamma", {{3, 1.3, 1.7}, {1, 0.7, 3}});
  like_numbers_all<bm::chi_squared_distribution, 2>("chi_squared", {{4, 1.3}, {5, 7.7}});
  like_numbers_all<bm::beta_distribution, 3>("beta", {{2, 3, 0.7}, {4, 1, 0.3}});
  like_numbers_all<bm::students_t_distribution, 2>("students_t", {{4, 1.3}, {3, -0.7}});
  // the step of Newton's that quantiles want
  const auto with_step = [](auto a, auto p) {
    const auto x = bm::gamma_p_inv(a, p);
    return x - (bm::gamma_p(a, x) - p) / bm::gamma_p_derivative(a, x);
  };
  like_numbers<2>("gamma_p_inv", with_step, {{3, 0.7}, {2, 0.15}});
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
