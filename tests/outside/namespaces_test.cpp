// Programs that open another library's namespace beside ours, as many do: what both have is a function, so that arguments decide,
// and never a class of theirs.
#include <gmock/gmock.h>

#include <fmt/format.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <list>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

#include "every_public_header.hpp"

namespace with_std {
using namespace std;
using namespace wengert;

TEST(Namespaces, ClassesOfStdAreReachedByTheirShortNames) {
  vector<int> numbers = {3, 1, 2};
  sort(numbers.begin(), numbers.end(), less<int>());
  EXPECT_TRUE(is_sorted(numbers.begin(), numbers.end(), less_equal<>()));
  sort(numbers.begin(), numbers.end(), greater<>());
  EXPECT_TRUE(equal(numbers.begin(), numbers.end(), vector{3, 2, 1}.begin(), equal_to<int>()));
  const set<string, less<>> names = {"b", "a"};
  const map<string, function<double(double)>> functions = {{"twice", [](double x) { return 2 * x; }}};
  EXPECT_EQ(functions.at("twice")(accumulate(numbers.begin(), numbers.end(), 0.0)), 12);
  const optional<tuple<int, string>> both = tuple(1, *names.begin());
  const variant<int, string> either = get<1>(both.value());
  EXPECT_EQ(get<string>(either), "a");
  EXPECT_EQ(plus<>()(minus<int>()(3, 1), multiplies<>()(2, 2)), 6);
  EXPECT_EQ(max(1, 2) + min(3.0, 4.0) + max({1, 5}) + clamp(7, 0, 1), 11);
}

// Numbers get the functions of the C library, variables ours.
TEST(Namespaces, FunctionsOfBothGoByTheirArguments) {
  EXPECT_EQ(sqrt(4.0) + pow(2.0, 3) + hypot(3.0, 4.0) + abs(-1) + fma(1.0, 2.0, 3.0) + round(0.5) + exp2(1.0), 24);
  EXPECT_DOUBLE_EQ(beta(2.0, 3.0), 1 / 12.0);
  EXPECT_DOUBLE_EQ(lerp(1.0, 3.0, 0.5) + midpoint(1.0, 3.0) + remainder(5.0, 3.0) + lgamma(1.0), 3);
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3);
  const Var z = max(x, y) * min(x, y) + sqrt(x) * pow(x, 2) + abs(y) + hypot(x, y) + beta(x, y) + fma(x, y, 1.0) + clamp(x, 0, 1);
  EXPECT_DOUBLE_EQ(gradient(max(x, y) * min(x, y)).wrt(x), 3);
  EXPECT_DOUBLE_EQ(z.value(), 6 + 4 * sqrt(2.0) + 3 + sqrt(13.0) + 1 / 12.0 + 7 + 1);
  EXPECT_TRUE(x < y && isfinite(z) && !isnan(z));
  const complex<Var> c(x, y);
  EXPECT_DOUBLE_EQ(abs(c).value(), sqrt(13.0));
  vector<Var> all = {y, x};
  sort(all.begin(), all.end(), less<Var>());
  EXPECT_EQ(all[0].value(), 2);
}

}  // namespace with_std

namespace with_eigen {
using namespace Eigen;
using namespace wengert;

TEST(Namespaces, ClassesOfEigenAreReachedByTheirShortNames) {
  Tape tape;
  Matrix<Var, Dynamic, 1> x(3);
  for (Index i = 0; i < x.size(); ++i) x(i) = tape.variable(static_cast<double>(i + 1));
  const Matrix<double, 3, 3> numbers = Matrix3d::Identity() * 2;
  const Var y = x.dot(numbers * x) + exp(x.array()).sum() * 0 + abs(x(0)) + pow(x(1), 2);
  const VectorXd g = gradient(y).wrt(x);
  EXPECT_EQ(g, (Vector3d(4 + 1, 8 + 4, 12)));
  SparseMatrix<Var> a(2, 2);
  a.insert(0, 0) = x(0);
  a.makeCompressed();
  EXPECT_EQ(a.nonZeros(), 1);
}

// And ours beside them.
TEST(Namespaces, OurMatricesHaveNamesOfTheirOwn) {
  const Function f = record([](const std::vector<Var>& x) { return x[0] * x[0] * x[1]; }, std::vector{2.0, 3.0});
  const DenseMatrix h = f.hessian(Vector2d(2, 3));
  EXPECT_EQ(h(0, 0), 6);
  const CompressedRows s = f.sparse_hessian(Vector2d(2, 3));
  EXPECT_EQ(SparseMatrix<double>(as_eigen(s)).coeff(0, 1), 4);
  const NodeId last = f.tape().size() - 1;
  EXPECT_EQ(f.tape()[last].op, Op::Mul);
}

}  // namespace with_eigen
