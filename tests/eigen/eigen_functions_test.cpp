// Eigen's functions of coefficients, what it asks of a scalar, and its vectors where numbers are wanted.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <cmath>
#include <unsupported/Eigen/SpecialFunctions>

#include "wengert/eigen.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using Eigen::VectorXd, Eigen::MatrixXd;
using Array = Eigen::Array<Var, 1, 1>;

struct Known {
  const char* name;
  Var (*by_eigen)(const Array&);
  double (*value)(double);
  double (*derivative)(double);
  std::vector<double> points;
};

// Derivatives as the tables of functions have them.
const Known functions[] = {
    {"erf",
     [](const Array& x) { return Var(x.erf()(0)); },
     [](double x) { return std::erf(x); },
     [](double x) { return 2 / std::sqrt(M_PI) * std::exp(-x * x); },
     {-3, -0.1, 0, 1e-12, 0.5, 4}},
    {"erfc",
     [](const Array& x) { return Var(x.erfc()(0)); },
     [](double x) { return std::erfc(x); },
     [](double x) { return -2 / std::sqrt(M_PI) * std::exp(-x * x); },
     {-3, 0, 0.5, 4, 20}},
    {"log1p",
     [](const Array& x) { return Var(x.log1p()(0)); },
     [](double x) { return std::log1p(x); },
     [](double x) { return 1 / (1 + x); },
     {-0.5, 0, 1e-12, 1e-8, 0.5, 1e9}},
    {"expm1",
     [](const Array& x) { return Var(x.expm1()(0)); },
     [](double x) { return std::expm1(x); },
     [](double x) { return std::exp(x); },
     {-40, -0.5, 0, 1e-12, 1e-8, 3}},
    {"log2",
     [](const Array& x) { return Var(x.log2()(0)); },
     [](double x) { return std::log2(x); },
     [](double x) { return 1 / (x * std::log(2.0)); },
     {0.3, 8, 1e9}},
    {"log10",
     [](const Array& x) { return Var(x.log10()(0)); },
     [](double x) { return std::log10(x); },
     [](double x) { return 1 / (x * std::log(10.0)); },
     {0.3, 1000, 1e9}},
    {"tanh",
     [](const Array& x) { return Var(x.tanh()(0)); },
     [](double x) { return std::tanh(x); },
     [](double x) { return 1 / std::cosh(x) / std::cosh(x); },
     {-20, 0, 1e-12, 0.5, 20}},
    {"asinh",
     [](const Array& x) { return Var(x.asinh()(0)); },
     [](double x) { return std::asinh(x); },
     [](double x) { return 1 / std::hypot(1, x); },
     {-3, 0, 1e-12, 1e9}},
    {"acosh",
     [](const Array& x) { return Var(x.acosh()(0)); },
     [](double x) { return std::acosh(x); },
     [](double x) { return 1 / std::sqrt((x - 1) * (x + 1)); },
     {1.5, 1e9}},
    {"atanh",
     [](const Array& x) { return Var(x.atanh()(0)); },
     [](double x) { return std::atanh(x); },
     [](double x) { return 1 / ((1 - x) * (1 + x)); },
     {-0.9, 0, 1e-12, 0.5}},
    {"logistic",
     [](const Array& x) { return Var(x.logistic()(0)); },
     [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); },
     [](double x) { return std::exp(-std::abs(x)) / std::pow(1 + std::exp(-std::abs(x)), 2); },
     {-400, -40, -1, 0, 1e-9, 3, 40, 400}},
    {"rsqrt",
     [](const Array& x) { return Var(x.rsqrt()(0)); },
     [](double x) { return 1 / std::sqrt(x); },
     [](double x) { return -0.5 / (x * std::sqrt(x)); },
     {0.25, 3}},
    {"cube",
     [](const Array& x) { return Var(x.cube()(0)); },
     [](double x) { return x * x * x; },
     [](double x) { return 3 * x * x; },
     {-2, 0, 3}},
    {"pow",
     [](const Array& x) { return Var(x.pow(3)(0)); },
     [](double x) { return x * x * x; },
     [](double x) { return 3 * x * x; },
     {-2, 0, 3}},
    {"inverse",
     [](const Array& x) { return Var(x.inverse()(0)); },
     [](double x) { return 1 / x; },
     [](double x) { return -1 / (x * x); },
     {-2, 3}},
    {"sign",
     [](const Array& x) { return Var(x.sign()(0)); },
     [](double x) { return double(x > 0) - double(x < 0); },
     [](double) { return 0.0; },
     {-2, 0, 3}},
    {"round",
     [](const Array& x) { return Var(x.round()(0)); },
     [](double x) { return std::round(x); },
     [](double) { return 0.0; },
     {-2.5, 0.25}},
    {"min",
     [](const Array& x) { return Var((x.min)(2.0)(0)); },
     [](double x) { return std::fmin(x, 2); },
     [](double x) { return x < 2 ? 1.0 : 0.0; },
     {-2, 3}},
    {"max",
     [](const Array& x) { return Var((x.max)(Array(2.0))(0)); },
     [](double x) { return std::fmax(x, 2); },
     [](double x) { return x > 2 ? 1.0 : 0.0; },
     {-2, 3}},
    {"numext::hypot",
     [](const Array& x) { return Eigen::numext::hypot(x(0), Var(4)); },
     [](double x) { return std::hypot(x, 4); },
     [](double x) { return x / std::hypot(x, 4); },
     {-3, 0, 4, 1e9}},
};

// Within 4 ulps of what the C library has, at each point, and as many after a replay there from another point: nothing branches.
TEST(EigenFunctions, AreTheLibrarysOwnInValueAndDerivative) {
  for (const Known& f : functions) {
    const auto call = [&](Var x) {
      Array array;
      array(0) = x;
      return f.by_eigen(array);
    };
    const Function replayed = record(call, f.points.back());
    for (const double x : f.points) {
      SCOPED_TRACE(::testing::Message() << f.name << "(" << x << ")");
      const double value = f.value(x), derivative = f.derivative(x);
      Tape tape;
      const Var at = tape.variable(x), y = call(at);
      EXPECT_NEAR(y.value(), value, 1e-15 * std::abs(value));
      EXPECT_NEAR(gradient(y).wrt(at), derivative, 1e-14 * std::abs(derivative));
      EXPECT_NEAR(replayed(x), value, 1e-15 * std::abs(value));
      EXPECT_NEAR(replayed.gradient(x)[0], derivative, 1e-14 * std::abs(derivative));
    }
  }
}

// At whole numbers, where Eigen's own fractions end before the parameter's derivative is right. P(2, x) is 1 - (1 + x) e^-x,
// I_x(2, 1) is x^2 and I_x(1, 3) is 1 - (1 - x)^3; P's derivative in a at (2, 1) is by mpmath, in 50 digits.
TEST(EigenFunctions, IncompleteGammaAndBetaAreTheLibrarysOwn) {
  Tape tape;
  Array a, b, x;
  a(0) = tape.variable(2), b(0) = tape.variable(1), x(0) = tape.variable(1);
  const double in_a = -0.276196045702834797, density = std::exp(-1);
  const Var p = Array(igamma(a, x))(0), q = Array(igammac(a, x))(0);
  EXPECT_DOUBLE_EQ(p.value(), 1 - 2 * std::exp(-1));
  EXPECT_DOUBLE_EQ(q.value(), 2 * std::exp(-1));
  EXPECT_DOUBLE_EQ(gradient(p).wrt(a(0)), in_a);
  EXPECT_DOUBLE_EQ(gradient(q).wrt(a(0)), -in_a);
  EXPECT_DOUBLE_EQ(gradient(p).wrt(x(0)), density);
  EXPECT_DOUBLE_EQ(Array(igamma_der_a(a, x))(0).value(), in_a);
  EXPECT_DOUBLE_EQ(Array(gamma_sample_der_alpha(a, x))(0).value(), -in_a / density);
  Array half;
  half(0) = tape.variable(0.5);
  const Var i = Array(betainc(a, b, half))(0);
  EXPECT_DOUBLE_EQ(i.value(), 0.25);
  EXPECT_DOUBLE_EQ(gradient(i).wrt(a(0)), 0.25 * std::log(0.5));  // of x^a
  EXPECT_DOUBLE_EQ(gradient(i).wrt(half(0)), 1);
}

TEST(EigenFunctions, TheScalarsTraitsAreThoseOfDouble) {
  using Traits = Eigen::NumTraits<Var>;
  using Double = std::numeric_limits<double>;
  EXPECT_EQ(Traits::epsilon().value(), Double::epsilon());
  EXPECT_EQ(Traits::dummy_precision().value(), Eigen::NumTraits<double>::dummy_precision());
  EXPECT_EQ(Traits::highest().value(), Double::max());
  EXPECT_EQ(Traits::lowest().value(), -Double::max());
  EXPECT_EQ(Traits::infinity().value(), HUGE_VAL);
  EXPECT_TRUE(std::isnan(Traits::quiet_NaN().value()));
  EXPECT_EQ(Traits::digits10(), Double::digits10);
  EXPECT_EQ(Traits::max_digits10(), Double::max_digits10);
}

TEST(EigenFunctions, LargestAndSmallestCarryTheirDerivative) {
  Tape tape;
  VectorXv x(3);
  x << tape.variable(2), tape.variable(7), tape.variable(-1);
  EXPECT_EQ(gradient(x.maxCoeff()).wrt(x(1)), 1);
  EXPECT_EQ(gradient(x.minCoeff()).wrt(x(2)), 1);
  Eigen::Index where;
  EXPECT_EQ(gradient(x.maxCoeff(&where)).wrt(x(1)), 1);
  EXPECT_EQ(where, 1);
  EXPECT_TRUE(x.allFinite());
  EXPECT_FALSE(x.hasNaN());
}

// f = x0^2 x1 + x2: gradient (2 x0 x1, x0^2, 1).
TEST(EigenVectors, StandWhereNumbersAndVariablesAreWanted) {
  const auto f = [](const auto& x) { return x[0] * x[0] * x[1] + x[2]; };
  const VectorXd at{{3, 2, 5}};
  Tape tape;
  const VectorXv x = at.unaryExpr([&](double v) { return tape.variable(v); });
  const Var y = f(x);
  const VectorXd g = gradient(y).wrt(x);
  EXPECT_EQ(g, (VectorXd{{12, 9, 1}}));
  const MatrixXd by_entry = gradient(y + 3 * x(2)).wrt(MatrixXv(x.replicate(1, 2)));
  EXPECT_EQ(by_entry, (MatrixXd{{12, 12}, {9, 9}, {4, 4}}));
  EXPECT_EQ(gradient(y).wrt(x.tail(2)), (VectorXd{{9, 1}}));

  const wengert::DenseMatrix h = hessian(y, x);
  EXPECT_EQ(h.data, (std::vector<double>{4, 6, 0, 6, 0, 0, 0, 0, 0}));
  EXPECT_EQ(hessian_vector_product(y, x, VectorXd{{1, 0, 0}}), (std::vector<double>{4, 6, 0}));
  VectorXv both(2);
  both << y, x(0);
  EXPECT_EQ(jacobian(both, x).data, (std::vector<double>{12, 9, 1, 1, 0, 0}));
  // not where they begin in memory, but one after the other
  MatrixXv rows(2, 3);
  rows.row(0) = x.transpose();
  rows.row(1).setConstant(7);
  EXPECT_EQ(jacobian(both, rows.row(0)).data, (std::vector<double>{12, 9, 1, 1, 0, 0}));

  const Function recorded = record(f, at);
  const VectorXd there{{1, 4, 0}};
  EXPECT_EQ(recorded(there), 4);
  EXPECT_EQ(recorded(2 * there), 32);  // an expression
  EXPECT_EQ(recorded.values(there), (std::vector<double>{4}));
  EXPECT_EQ(recorded.gradient(there), (std::vector<double>{8, 1, 1}));
  EXPECT_EQ(recorded.jacobian(there).data, (std::vector<double>{8, 1, 1}));
  EXPECT_EQ(recorded.hessian(there).data, (std::vector<double>{8, 2, 0, 2, 0, 0, 0, 0, 0}));
  EXPECT_EQ(recorded.hessian_vector(there, VectorXd{{0, 1, 0}}), (std::vector<double>{2, 0, 0}));
  EXPECT_EQ(recorded(MatrixXd{{1, 4, 0}, {9, 9, 9}}.row(0)), 4);
  EXPECT_EQ(recorded(std::vector<int>{1, 4, 0}), 4);
  EXPECT_EQ(recorded.value_and_gradient(there).gradient, (std::vector<double>{8, 1, 1}));
  EXPECT_EQ(recorded.pull_back(VectorXd{{2}}, there), (std::vector<double>{16, 2, 2}));
  EXPECT_EQ(recorded.push_forward(VectorXd{{0, 1, 1}}, there), (std::vector<double>{2}));
  EXPECT_EQ(recorded.sparse_jacobian(there).value, (std::vector<double>{8, 1, 1}));
  EXPECT_EQ(recorded.sparse_hessian(there).value, (std::vector<double>{8, 2, 2}));
  Workspace workspace;
  EXPECT_EQ(recorded.gradient(there, workspace)[0], 8);
  EXPECT_EQ(VectorXd(gradient(recorded(x)).wrt(x)), (VectorXd{{12, 9, 1}}));
  EXPECT_EQ(recorded.values(x).size(), 1);
}

}  // namespace
