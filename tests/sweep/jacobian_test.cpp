#include "wengert/jacobian.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

TEST(DenseMatrix, IsStoredByRows) {
  DenseMatrix m(2, 3);
  m(0, 2) = 5;
  m(1, 0) = 7;
  EXPECT_THAT(m.data, ElementsAre(0, 0, 5, 7, 0, 0));
  EXPECT_EQ(m.rows, 2u);
  EXPECT_EQ(m.columns, 3u);
}

// Spherical coordinates: the Jacobian is known, and its determinant is rho^2 sin(theta).
TEST(Jacobian, OfSphericalCoordinatesIsTheClosedForm) {
  const double rho = 2, theta = 0.7, phi = 1.1;
  Tape tape;
  const Var a = tape.variable(rho), b = tape.variable(theta), c = tape.variable(phi);
  const std::vector<Var> xyz{a * sin(b) * cos(c), a * sin(b) * sin(c), a * cos(b)}, variables{a, b, c};
  const DenseMatrix j = jacobian(xyz, variables);
  const double st = std::sin(theta), ct = std::cos(theta), sp = std::sin(phi), cp = std::cos(phi);
  const double expected[3][3] = {
      {st * cp, rho * ct * cp, -rho * st * sp}, {st * sp, rho * ct * sp, rho * st * cp}, {ct, -rho * st, 0}};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(j(i, k), expected[i][k], 4 * epsilon) << i << ", " << k;
}

TEST(Jacobian, OfALinearMapIsItsMatrix) {
  Tape tape;
  const Var x = tape.variable(0.3), y = tape.variable(0.7), unused = tape.variable(1);
  const std::vector<Var> rows{2 * x - 3 * y, y * 4, Var(5), x}, columns{x, y, unused};
  const DenseMatrix j = jacobian(rows, columns);
  EXPECT_EQ(j.rows, 4u);
  EXPECT_THAT(j.data, ElementsAre(2, -3, 0, 0, 4, 0, 0, 0, 0, 1, 0, 0));
}

TEST(Jacobian, OfNothingIsEmpty) {
  EXPECT_EQ(jacobian({}, {}), DenseMatrix());
  Tape tape;
  const std::vector<Var> x{tape.variable(1)};
  EXPECT_EQ(jacobian(x, {}).rows, 1u);
  EXPECT_EQ(jacobian({}, x).columns, 1u);
}

TEST(Jacobian, RefusesConstantsAndForeignVariables) {
  Tape tape, other;
  const std::vector<Var> t{tape.variable(1) * 2}, constant{Var(1)}, foreign{other.variable(1)};
  EXPECT_THROW(jacobian(t, constant), NotRecorded);
  EXPECT_THROW(jacobian(t, foreign), ForeignVariable);
}

// Of r_i = exp(x_i - x_{i-1}) / (i + 1), in circles: two entries in each row. On both sides of eight, where one sweep ends.
TEST(Jacobian, OfAnyNumberOfOutputsIsTheClosedForm) {
  for (const std::size_t m : {1, 4, 5, 7, 8, 9, 16, 17, 1000}) {
    SCOPED_TRACE(testing::Message() << m << " outputs");
    Tape tape;
    std::vector<Var> x, r;
    for (std::size_t i = 0; i < m; ++i) x.push_back(tape.variable(std::cos(static_cast<double>(i))));
    const auto before = [m](std::size_t i) { return (i + m - 1) % m; };
    for (std::size_t i = 0; i < m; ++i) r.push_back(exp(x[i] - x[before(i)]) / static_cast<double>(i + 1));
    const DenseMatrix j = jacobian(r, x);
    ASSERT_EQ(j.data.size(), m * m);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t k = 0; k < m; ++k) {
        const double entry = std::exp(x[i].value() - x[before(i)].value()) / static_cast<double>(i + 1);
        const double expected = (k == i ? entry : 0) - (k == before(i) ? entry : 0);
        // exp and the division once, the product with the partial of the difference
        ASSERT_NEAR(j(i, k), expected, 4 * epsilon * entry) << i << ", " << k;
      }
  }
}

// Nine outputs of one variable go forwards, from a node in the middle as well; what lies before it has no part.
TEST(Jacobian, IsInAnyNodesWhicheverWayItGoes) {
  Tape tape;
  const Var x = tape.variable(0.75), y = x * x, after = tape.variable(2);
  std::vector<Var> powers{y};
  while (powers.size() < 9) powers.push_back(powers.back() * y);
  const DenseMatrix one = jacobian(powers, std::vector<Var>{y});
  std::vector<Var> nine(9, after);
  nine[0] = x;
  nine[1] = y;
  const DenseMatrix some = jacobian(powers, nine);
  double power = 1;  // of y, whose powers are short binary fractions up to the sixth
  for (std::size_t k = 0; k < 9; ++k, power *= y.value()) {
    const double expected = static_cast<double>(k + 1) * power;  // k products and sums, each rounded
    EXPECT_NEAR(one(k, 0), expected, 9 * epsilon * expected) << k;
    EXPECT_NEAR(some(k, 0), expected * 2 * x.value(), 9 * epsilon * expected * 2 * x.value()) << k;
    EXPECT_NEAR(some(k, 1), expected, 9 * epsilon * expected) << k;
    EXPECT_EQ(some(k, 2), 0) << k;
  }
}

// A zero adjoint carries nothing back, so a branch that is not taken has no say, however steep: in eight rows as in one.
TEST(Jacobian, OfManyOutputsKeepsTheRuleOfTheZeroAdjoint) {
  Tape tape;
  const Var x = tape.variable(0);
  std::vector<Var> r;
  for (int k = 0; k < 9; ++k) r.push_back(select(x < k, k * x, sqrt(x)));
  const DenseMatrix j = jacobian(r, std::vector<Var>{x});
  EXPECT_EQ(j(0, 0), std::numeric_limits<double>::infinity());
  for (std::size_t k = 1; k < 9; ++k) EXPECT_EQ(j(k, 0), static_cast<double>(k));
}

TEST(Jacobian, OfManyOutputsMayEndInAConstantAndNotOnAnotherTape) {
  Tape tape, other;
  const Var x = tape.variable(3);
  const std::vector<Var> outputs{x, 2 * x, 3 * x, 4 * x, x * x, Var(7)};
  EXPECT_EQ(jacobian(outputs, std::vector{x}).data, (std::vector<double>{1, 2, 3, 4, 6, 0}));
  const std::vector<Var> foreign{x, 2 * x, 3 * x, 4 * x, x * x, other.variable(1)};
  EXPECT_THROW(jacobian(foreign, std::vector{x}), ForeignVariable);
}

TEST(HessianVectorProduct, RefusesANodeBetweenIndependents) {
  Tape tape;
  const Var x = tape.variable(3), z = x * x, y = tape.variable(2);
  EXPECT_THROW(hessian_vector_product(z * y, std::vector{z}, std::vector{1.0}), NotRecorded);
}

TEST(Jacobian, OfManyOutputsTakesConstantsAndRefusesStrangers) {
  Tape tape, other;
  const Var x = tape.variable(2), foreign = other.variable(1);
  std::vector<Var> r(9, Var(5));
  const std::vector<Var> wrt{x}, constant{Var(1)}, strangers{x, foreign};
  EXPECT_EQ(jacobian(r, wrt), DenseMatrix(9, 1));
  EXPECT_THROW(jacobian(r, constant), NotRecorded);
  r[8] = 3 * x;
  EXPECT_EQ(jacobian(r, wrt)(8, 0), 3);
  EXPECT_THROW(jacobian(r, constant), NotRecorded);
  EXPECT_THROW(jacobian(r, strangers), ForeignVariable);
  r[7] = 2 * foreign;
  EXPECT_THROW(jacobian(r, wrt), ForeignVariable);
  EXPECT_EQ(jacobian(r, {}).rows, 9u);
  r[7] = 5;
  tape.clear();
  EXPECT_THROW(jacobian(r, std::vector<Var>{tape.variable(1)}), StaleVariable);
}

// Rosenbrock: f = (1 - x)^2 + 100 (y - x^2)^2.
Var rosenbrock(const Var& x, const Var& y) { return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x); }

TEST(Hessian, OfRosenbrockIsTheClosedForm) {
  const double x = -1.25, y = 1.5;
  Tape tape;
  const std::vector<Var> variables{tape.variable(x), tape.variable(y)};
  const DenseMatrix h = hessian(rosenbrock(variables[0], variables[1]), variables);
  // products and sums of short binary fractions: exact
  EXPECT_EQ(h(0, 0), 2 - 400 * (y - x * x) + 800 * x * x);
  EXPECT_EQ(h(0, 1), -400 * x);
  EXPECT_EQ(h(1, 0), -400 * x);
  EXPECT_EQ(h(1, 1), 200);
}

TEST(Hessian, OfAQuadraticFormIsItsSymmetricPart) {
  constexpr std::size_t n = 6;
  Tape tape;
  std::vector<Var> x;
  for (std::size_t i = 0; i < n; ++i) x.push_back(tape.variable(0.1 * static_cast<double>(i)));
  const auto a = [](std::size_t i, std::size_t j) { return static_cast<double>(i * i) - 3.0 * static_cast<double>(j); };
  Var form = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) form += a(i, j) * x[i] * x[j];
  const DenseMatrix h = hessian(form, x);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) EXPECT_EQ(h(i, j), a(i, j) + a(j, i));
}

TEST(HessianVectorProduct, OfRosenbrockIsTheClosedForm) {
  const double x = -1.25, y = 1.5;
  Tape tape;
  const std::vector<Var> variables{tape.variable(x), tape.variable(y)};
  const Var f = rosenbrock(variables[0], variables[1]);
  const std::vector<double> direction{3, -2};
  const double h00 = 2 - 400 * (y - x * x) + 800 * x * x, h01 = -400 * x;
  EXPECT_THAT(hessian_vector_product(f, variables, direction), ElementsAre(h00 * 3 - h01 * 2, h01 * 3 - 200 * 2));
}

TEST(HessianVectorProduct, PicksTheVariablesItIsGivenInTheirOrder) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3), z = tape.variable(5);
  const Var f = x * y * y * z;
  const std::vector<Var> some{z, x};
  const std::vector<double> direction{1, 10};
  // d2f/dzdz = 0, d2f/dzdx = y^2, d2f/dxdx = 0
  EXPECT_THAT(hessian_vector_product(f, some, direction), ElementsAre(90, 9));
}

// The second derivative of exp(sin(x)) is exp(sin x)(cos^2 x - sin x).
TEST(HessianVectorProduct, GoesThroughTranscendentalFunctions) {
  Tape tape;
  const std::vector<Var> x{tape.variable(0.7)};
  const std::vector<double> one{1};
  const double s = std::sin(0.7), c = std::cos(0.7);
  EXPECT_NEAR(hessian_vector_product(exp(sin(x[0])), x, one)[0], std::exp(s) * (c * c - s), 4 * epsilon);
}

TEST(HessianVectorProduct, OfAConstantOrALinearFunctionIsZero) {
  Tape tape;
  const std::vector<Var> x{tape.variable(0.7)};
  const std::vector<double> one{1};
  EXPECT_THAT(hessian_vector_product(Var(3), x, one), ElementsAre(0));
  EXPECT_THAT(hessian_vector_product(3 * x[0], x, one), ElementsAre(0));
}

TEST(HessianVectorProduct, RefusesWhatIsNoIndependent) {
  Tape tape(true), other;
  const Var x = tape.variable(2, "x");
  const Var square = named("square", x * x);
  const std::vector<double> one{1}, two{1, 2};
  EXPECT_THAT([&] { hessian_vector_product(square, std::vector<Var>{square}, one); },
              ThrowsMessage<NotRecorded>(AllOf(HasSubstr("`square`"), HasSubstr("no independent"), HasSubstr("tape.variable("))));
  EXPECT_THROW(hessian_vector_product(square, std::vector<Var>{Var(2)}, one), NotRecorded);
  EXPECT_THROW(hessian_vector_product(square, std::vector<Var>{other.variable(1)}, one), ForeignVariable);
  EXPECT_THAT([&] { hessian_vector_product(square, std::vector<Var>{x}, two); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("1 variables"), HasSubstr("2 numbers"))));
}

TEST(HessianVectorProduct, RefusesATapeThatWasCleared) {
  Tape tape;
  const std::vector<Var> x{tape.variable(2)};
  const Var square = x[0] * x[0];
  tape.clear();
  const std::vector<double> one{1};
  EXPECT_THROW(hessian_vector_product(square, x, one), StaleVariable);
  const std::vector<Var> again{tape.variable(3)};
  EXPECT_THROW(hessian_vector_product(square, again, one), StaleVariable);
  EXPECT_THROW(hessian(square, again), StaleVariable);
}

TEST(HessianVectorProduct, GoesThroughBranchesAsTheyWereRecorded) {
  Tape tape;
  const std::vector<Var> x{tape.variable(2)};
  const std::vector<double> one{1};
  const Var y = x[0] > 1 ? x[0] * x[0] : x[0];
  EXPECT_THAT(hessian_vector_product(y, x, one), ElementsAre(2));
}

}  // namespace
