// A stranger's file that uses the library in its main ways, with every public header and every warning: .ci/compilers compiles it
// with the library's folder not a system one. (every_public_header.hpp is written there.)
#include <array>
#include <cmath>
#include <sstream>
#include <vector>

#include "every_public_header.hpp"

#ifdef WENGERT_CAN_FUSE
#include <wengert/fused_batch.hpp>
#include <wengert/fused_elements.hpp>
#endif

namespace {

constexpr auto f = [](auto x, auto y) {
  const auto z = max(x, y) * exp(-x * x) + select(x < y, log(x * x + 1), pow(abs(y) + 1, x));
  return z / (1 + erf(y));
};
constexpr auto two = [](auto x, auto y) { return std::array{x * y, sin(x) + y}; };

/// How much rounding in the inputs can move a result.
struct Sensitivity : wengert::NumberType<Sensitivity> {
  double value = 0, spread = 0;
  constexpr Sensitivity(double v = 0, double s = 0) : value(v), spread(s) {}
  template <class Rule, class... Terms>
  static Sensitivity lift(double result, const Terms&... term) {
    return {result, (... + std::abs(term.partial * term.argument.spread))};
  }
};

}  // namespace

int main() {
  using namespace wengert;
  Tape tape;
  std::array x = {tape.variable(0.5, "x"), tape.variable(0.8, "y")};
  Var t = f(x[0], x[1]) + sum(x) * dot(x, x) + log_sum_exp(x);
  t += local(f, x[0], x[1]);
  ++t;
  if (t > 0 && isfinite(t)) t = fmod(t, 3.0);
  const Gradient g = gradient(t);
  const DenseMatrix h = hessian(t, x);
  std::ostringstream out;
  out << t << g << h << evaluation_trace(tape, g) << gradient_with_bounds(t).wrt(x[0]).digits() << explain_nonfinite(t).message;
  Cursor cursor = Cursor::reverse(t);
  while (cursor.step()) out << cursor.node();

  const std::vector<double> samples(100, 0.25), long_vector(3, 0.5);
  const std::vector<float> narrow(100, 0.25f);
  const Elements elements = Elements::rows(std::vector<NodeId>{0, 1, 1, 2}, 2);
  out << f(Sensitivity(0.5, 1e-16), Sensitivity(0.8)).spread;
  const Function recorded = record(f, 0.5, 0.8);
  out << recorded.gradient(0.5, 0.8)[0] << mean_gradient(recorded, std::array{0.5}, samples).value
      << mean_gradient(recorded, std::array{0.5}, FloatSamples(narrow)).value
      << sum_gradient(recorded, long_vector, elements).value;
#ifdef WENGERT_CAN_FUSE
  out << fuse(f).hessian(0.5, 0.8)[0][1] << fuse(two).jacobian(0.5, 0.8)[1][0] << fuse(f)(x[0], 0.8)
      << mean_gradient(fuse(f), std::array{0.5}, samples).value
      << mean_gradient(fuse(f), std::array{0.5}, FloatSamples(narrow)).value << sum_gradient(fuse(f), long_vector, elements).value
      << fuse(f).program();
#endif
  return out.str().empty() ? 1 : 0;
}
