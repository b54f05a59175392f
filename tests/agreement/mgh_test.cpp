// The test functions of Moré, Garbow and Hillstrom (Testing unconstrained optimization software, ACM TOMS 7, 1981), from the
// published definitions: sums of squares with starting points, and the minima that are published with them.
//
// Gradients are held against complex steps, which need no difference, Hessians against differences of those; and the methods of
// Levenberg and Marquardt and of Newton, driven by our Jacobians and Hessians, must arrive at the published minima, to the digits
// printed.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using Complex = std::complex<double>;

constexpr double pi = std::numbers::pi;

/// A problem: residuals on any number type, a starting point, and the minimum that is published, or below 0 where none is asked
/// for.
template <class Residuals>
void expect_problem(const char* name, const std::vector<double>& start, double minimum, Residuals residuals) {
  SCOPED_TRACE(name);
  const auto objective = [&](const auto& x) {
    auto sum = x[0] * 0.0;
    for (const auto& r : residuals(x)) sum = sum + r * r;
    return sum;
  };
  const std::size_t n = start.size();
  const auto complex_gradient = [&](const std::vector<double>& at) {
    std::vector<double> gradient(n);
    for (std::size_t k = 0; k < n; ++k) {
      std::vector<Complex> z(at.begin(), at.end());
      z[k] += Complex(0, 1e-100);
      gradient[k] = objective(z).imag() / 1e-100;
    }
    return gradient;
  };

  const Function f = record([&](const std::vector<Var>& x) { return objective(x); }, start);
  const std::vector<double> gradient = f.gradient(start), expected = complex_gradient(start);
  double largest = 0;
  for (const double g : expected) largest = std::max(largest, std::abs(g));
  // up to some thousand roundings of terms that are no larger than the largest entry's
  for (std::size_t k = 0; k < n; ++k) EXPECT_NEAR(gradient[k], expected[k], 1e-12 * largest) << "x" << k;

  const DenseMatrix hessian = f.hessian(start);
  double curvature = 0;
  for (const double h : hessian.data) curvature = std::max(curvature, std::abs(h));
  for (std::size_t j = 0; j < n; ++j) {
    const double step = 1e-5 * std::max(std::abs(start[j]), 1e-2);
    std::vector<double> above = start, below = start;
    above[j] += step, below[j] -= step;
    const std::vector<double> up = complex_gradient(above), down = complex_gradient(below);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(hessian(i, j), hessian(j, i), 1e-13 * curvature);
      // of central differences: the step squared times fourth derivatives, and rounding over the step
      EXPECT_NEAR(hessian(i, j), (up[i] - down[i]) / (above[j] - below[j]), 1e-6 * curvature + 4e-16 * largest / step)
          << i << ' ' << j;
    }
  }
  if (minimum < 0) return;

  const Function r = record([&](const std::vector<Var>& x) { return residuals(x); }, start);
  std::vector<double> x = start;
  double damping = 1e-2, value = f(x);
  for (int iteration = 0; iteration < 2000 && damping < 1e30; ++iteration) {
    const DenseMatrix j = r.jacobian(x);
    const std::vector<double> values = r.values(x);
    const auto m = static_cast<Eigen::Index>(j.rows), columns = static_cast<Eigen::Index>(n);
    const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> J(j.data.data(), m, columns);
    const Eigen::Map<const Eigen::VectorXd> R(values.data(), m);
    Eigen::MatrixXd normal = J.transpose() * J;
    if (iteration % 2 == 1) {  // and Newton's every other time: along a curved valley the former creeps
      const DenseMatrix h = f.hessian(x);
      for (Eigen::Index k = 0; k < columns; ++k)
        for (Eigen::Index l = 0; l < columns; ++l) normal(k, l) = h(static_cast<std::size_t>(k), static_cast<std::size_t>(l)) / 2;
    }
    for (Eigen::Index k = 0; k < columns; ++k) normal(k, k) += damping * std::max(std::abs(normal(k, k)), 1e-12);
    const Eigen::VectorXd step = normal.ldlt().solve(-J.transpose() * R);
    std::vector<double> next = x;
    for (std::size_t k = 0; k < n; ++k) next[k] += step[static_cast<Eigen::Index>(k)];
    const double there = f(next);
    if (there < value) {
      x = next;
      value = there;
      damping = std::max(damping / 3, 1e-15);
    } else {
      damping *= 4;
    }
  }
  EXPECT_NEAR(value, minimum, 6e-6 * minimum + 1e-13);  // six digits are printed
}

template <class T>
using Numbers = std::vector<T>;

TEST(MoreGarbowHillstrom, InTwoVariables) {
  expect_problem("Rosenbrock", {-1.2, 1}, 0,
                 []<class T>(const Numbers<T>& x) { return Numbers<T>{10. * (x[1] - x[0] * x[0]), 1. - x[0]}; });
  expect_problem("Freudenstein and Roth", {0.5, -2}, 48.9843, []<class T>(const Numbers<T>& x) {
    return Numbers<T>{-13. + x[0] + ((5. - x[1]) * x[1] - 2.) * x[1], -29. + x[0] + ((x[1] + 1.) * x[1] - 14.) * x[1]};
  });
  expect_problem("Powell badly scaled", {0, 1}, 0, []<class T>(const Numbers<T>& x) {
    using std::exp;
    return Numbers<T>{1e4 * x[0] * x[1] - 1., exp(-x[0]) + exp(-x[1]) - 1.0001};
  });
  expect_problem("Brown badly scaled", {1, 1}, 0,
                 []<class T>(const Numbers<T>& x) { return Numbers<T>{x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.}; });
  expect_problem("Beale", {1, 1}, 0, []<class T>(const Numbers<T>& x) {
    return Numbers<T>{1.5 - x[0] * (1. - x[1]), 2.25 - x[0] * (1. - x[1] * x[1]), 2.625 - x[0] * (1. - x[1] * x[1] * x[1])};
  });
  expect_problem("Jennrich and Sampson", {0.3, 0.4}, 124.362, []<class T>(const Numbers<T>& x) {
    using std::exp;
    Numbers<T> r;
    for (int i = 1; i <= 10; ++i) r.push_back(2. + 2. * i - (exp(double(i) * x[0]) + exp(double(i) * x[1])));
    return r;
  });
}

TEST(MoreGarbowHillstrom, InThreeVariables) {
  // the branch is that of the starting point, from which the minimum is not reached
  expect_problem("Helical valley", {-1, 0, 0}, -1, []<class T>(const Numbers<T>& x) {
    using std::atan, std::sqrt;
    const double turn = detail::value_of(x[0]) < 0 ? 0.5 : 0;
    const T theta = atan(x[1] / x[0]) / (2. * pi) + turn;
    return Numbers<T>{10. * (x[2] - 10. * theta), 10. * (sqrt(x[0] * x[0] + x[1] * x[1]) - 1.), x[2]};
  });
  expect_problem("Bard", {1, 1, 1}, 8.21487e-3, []<class T>(const Numbers<T>& x) {
    const double y[] = {0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39};
    Numbers<T> r;
    for (int i = 1; i <= 15; ++i) {
      const double u = i, v = 16 - i, w = std::min(u, v);
      r.push_back(y[i - 1] - (x[0] + u / (v * x[1] + w * x[2])));
    }
    return r;
  });
  expect_problem("Gaussian", {0.4, 1, 0}, 1.12793e-8, []<class T>(const Numbers<T>& x) {
    using std::exp;
    const double y[] = {0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989};
    Numbers<T> r;
    for (int i = 1; i <= 15; ++i) {
      const T from = (8 - i) / 2. - x[2];
      r.push_back(x[0] * exp(-0.5 * x[1] * from * from) - y[(i <= 8 ? i : 16 - i) - 1]);
    }
    return r;
  });
  expect_problem("Meyer", {0.02, 4000, 250}, -1, []<class T>(const Numbers<T>& x) {
    using std::exp;
    const double y[] = {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872};
    Numbers<T> r;
    for (int i = 1; i <= 16; ++i) r.push_back(x[0] * exp(x[1] / (45. + 5. * i + x[2])) - y[i - 1]);
    return r;
  });
  // as Helical valley
  expect_problem("Gulf", {5, 2.5, 0.15}, -1, []<class T>(const Numbers<T>& x) {
    using std::exp, std::log;
    Numbers<T> r;
    for (int i = 1; i <= 99; ++i) {
      const double t = i / 100., y = 25 + std::pow(-50 * std::log(t), 2. / 3);
      const bool below = y < detail::value_of(x[1]);
      const T distance = below ? x[1] - y : y - x[1];
      r.push_back(exp(-exp(x[2] * log(distance)) / x[0]) - t);
    }
    return r;
  });
  expect_problem("Box", {0, 10, 20}, 0, []<class T>(const Numbers<T>& x) {
    using std::exp;
    Numbers<T> r;
    for (int i = 1; i <= 10; ++i) {
      const double t = 0.1 * i;
      r.push_back(exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (std::exp(-t) - std::exp(-10 * t)));
    }
    return r;
  });
}

TEST(MoreGarbowHillstrom, InFourToElevenVariables) {
  expect_problem("Powell singular", {3, -1, 0, 1}, 0, []<class T>(const Numbers<T>& x) {
    const T u = x[1] - 2. * x[2], v = x[0] - x[3];
    return Numbers<T>{x[0] + 10. * x[1], std::sqrt(5.) * (x[2] - x[3]), u * u, std::sqrt(10.) * v * v};
  });
  expect_problem("Wood", {-3, -1, -3, -1}, 0, []<class T>(const Numbers<T>& x) {
    return Numbers<T>{10. * (x[1] - x[0] * x[0]),
                      1. - x[0],
                      std::sqrt(90.) * (x[3] - x[2] * x[2]),
                      1. - x[2],
                      std::sqrt(10.) * (x[1] + x[3] - 2.),
                      (x[1] - x[3]) / std::sqrt(10.)};
  });
  expect_problem("Kowalik and Osborne", {0.25, 0.39, 0.415, 0.39}, 3.07505e-4, []<class T>(const Numbers<T>& x) {
    const double y[] = {0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246};
    const double u[] = {4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625};
    Numbers<T> r;
    for (int i = 0; i < 11; ++i) r.push_back(y[i] - x[0] * (u[i] * u[i] + u[i] * x[1]) / (u[i] * u[i] + u[i] * x[2] + x[3]));
    return r;
  });
  expect_problem("Brown and Dennis", {25, 5, -5, -1}, 85822.2, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    for (int i = 1; i <= 20; ++i) {
      const double t = i / 5.;
      const T a = x[0] + t * x[1] - std::exp(t), b = x[2] + x[3] * std::sin(t) - std::cos(t);
      r.push_back(a * a + b * b);
    }
    return r;
  });
  expect_problem("Osborne 1", {0.5, 1.5, -1, 0.01, 0.02}, 5.46489e-5, []<class T>(const Numbers<T>& x) {
    using std::exp;
    const double y[] = {0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
                        0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
                        0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406};
    Numbers<T> r;
    for (int i = 0; i < 33; ++i) r.push_back(y[i] - (x[0] + x[1] * exp(-10. * i * x[3]) + x[2] * exp(-10. * i * x[4])));
    return r;
  });
  expect_problem("Biggs EXP6", {1, 2, 1, 1, 1, 1}, -1, []<class T>(const Numbers<T>& x) {
    using std::exp;
    Numbers<T> r;
    for (int i = 1; i <= 13; ++i) {
      const double t = 0.1 * i, y = std::exp(-t) - 5 * std::exp(-10 * t) + 3 * std::exp(-4 * t);
      r.push_back(x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y);
    }
    return r;
  });
}

TEST(MoreGarbowHillstrom, InAnyNumberOfVariables) {
  expect_problem("Watson, n = 6", {0, 0, 0, 0, 0, 0}, 2.28767e-3, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    for (int i = 1; i <= 29; ++i) {
      const double t = i / 29.;
      T slope = x[0] * 0., sum = x[0];
      for (std::size_t j = 1; j < x.size(); ++j) {
        slope = slope + double(j) * std::pow(t, double(j) - 1) * x[j];
        sum = sum + std::pow(t, double(j)) * x[j];
      }
      r.push_back(slope - sum * sum - 1.);
    }
    r.push_back(x[0]);
    r.push_back(x[1] - x[0] * x[0] - 1.);
    return r;
  });
  std::vector<double> rosenbrock, powell;
  for (int k = 0; k < 10; ++k) rosenbrock.push_back(k % 2 == 0 ? -1.2 : 1);
  for (int k = 0; k < 3; ++k) powell.insert(powell.end(), {3, -1, 0, 1});
  expect_problem("Extended Rosenbrock, n = 10", rosenbrock, 0, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    for (std::size_t k = 0; k < x.size(); k += 2) r.push_back(10. * (x[k + 1] - x[k] * x[k])), r.push_back(1. - x[k]);
    return r;
  });
  expect_problem("Extended Powell singular, n = 12", powell, 0, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    for (std::size_t k = 0; k < x.size(); k += 4) {
      const T u = x[k + 1] - 2. * x[k + 2], v = x[k] - x[k + 3];
      r.insert(r.end(), {x[k] + 10. * x[k + 1], std::sqrt(5.) * (x[k + 2] - x[k + 3]), u * u, std::sqrt(10.) * v * v});
    }
    return r;
  });
  expect_problem("Penalty I, n = 4", {1, 2, 3, 4}, 2.24997e-5, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    T sum = x[0] * 0.;
    for (const T& each : x) {
      r.push_back(std::sqrt(1e-5) * (each - 1.));
      sum = sum + each * each;
    }
    r.push_back(sum - 0.25);
    return r;
  });
  expect_problem("Penalty II, n = 4", {0.5, 0.5, 0.5, 0.5}, 9.37629e-6, []<class T>(const Numbers<T>& x) {
    using std::exp;
    const double a = std::sqrt(1e-5);
    const std::size_t n = x.size();
    Numbers<T> r{x[0] - 0.2};
    for (std::size_t i = 1; i < n; ++i) {
      const double y = std::exp((double(i) + 1) / 10) + std::exp(double(i) / 10);
      r.push_back(a * (exp(x[i] / 10.) + exp(x[i - 1] / 10.) - y));
    }
    for (std::size_t i = 1; i < n; ++i) r.push_back(a * (exp(x[i] / 10.) - std::exp(-0.1)));
    T sum = -1. + x[0] * 0.;
    for (std::size_t j = 0; j < n; ++j) sum = sum + double(n - j) * x[j] * x[j];
    r.push_back(sum);
    return r;
  });
  std::vector<double> dimensioned, trigonometric(8, 1 / 8.), linear(10, 0.5), boundary;
  for (int j = 1; j <= 8; ++j) dimensioned.push_back(1 - j / 8.);
  for (int j = 1; j <= 10; ++j) boundary.push_back(j / 11. * (j / 11. - 1));
  expect_problem("Variably dimensioned, n = 8", dimensioned, 0, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    T sum = x[0] * 0.;
    for (std::size_t j = 0; j < x.size(); ++j) {
      r.push_back(x[j] - 1.);
      sum = sum + double(j + 1) * (x[j] - 1.);
    }
    r.push_back(sum);
    r.push_back(sum * sum);
    return r;
  });
  expect_problem("Trigonometric, n = 8", trigonometric, -1, []<class T>(const Numbers<T>& x) {
    using std::cos, std::sin;
    Numbers<T> r;
    T sum = x[0] * 0.;
    for (const T& each : x) sum = sum + cos(each);
    for (std::size_t i = 0; i < x.size(); ++i) r.push_back(double(x.size()) - sum + double(i + 1) * (1. - cos(x[i])) - sin(x[i]));
    return r;
  });
  expect_problem("Brown almost linear, n = 10", linear, 0, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    T sum = x[0] * 0., product = x[0];
    for (const T& each : x) sum = sum + each;
    for (std::size_t j = 1; j < x.size(); ++j) product = product * x[j];
    for (std::size_t i = 0; i + 1 < x.size(); ++i) r.push_back(x[i] + sum - double(x.size() + 1));
    r.push_back(product - 1.);
    return r;
  });
  expect_problem("Discrete boundary value, n = 10", boundary, 0, []<class T>(const Numbers<T>& x) {
    const std::size_t n = x.size();
    const double h = 1 / (double(n) + 1);
    Numbers<T> r;
    for (std::size_t i = 0; i < n; ++i) {
      const T cube = x[i] + double(i + 1) * h + 1.;
      T value = 2. * x[i] + h * h * cube * cube * cube / 2.;
      if (i > 0) value = value - x[i - 1];
      if (i + 1 < n) value = value - x[i + 1];
      r.push_back(value);
    }
    return r;
  });
  expect_problem("Broyden tridiagonal, n = 10", std::vector<double>(10, -1), 0, []<class T>(const Numbers<T>& x) {
    const std::size_t n = x.size();
    Numbers<T> r;
    for (std::size_t i = 0; i < n; ++i) {
      T value = (3. - 2. * x[i]) * x[i] + 1.;
      if (i > 0) value = value - x[i - 1];
      if (i + 1 < n) value = value - 2. * x[i + 1];
      r.push_back(value);
    }
    return r;
  });
  // m = 20, n = 5: f = m - n at the minimum
  expect_problem("Linear of full rank", std::vector<double>(5, 1), 15, []<class T>(const Numbers<T>& x) {
    Numbers<T> r;
    T sum = x[0] * 0.;
    for (const T& each : x) sum = sum + each;
    for (std::size_t i = 0; i < 20; ++i) r.push_back((i < x.size() ? x[i] : x[0] * 0.) - 0.1 * sum - 1.);
    return r;
  });
}

}  // namespace
