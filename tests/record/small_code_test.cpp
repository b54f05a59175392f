// Where WENGERT_SMALL_CODE is set, operators are calls: what they record is what the others record, to the node.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <type_traits>

#include "wengert/fuse.hpp"
#include "wengert/wengert.hpp"

#if !WENGERT_CALLS
#error "this file is to be compiled with optimisation and WENGERT_SMALL_CODE"
#endif

namespace {

using wengert::Operand;
using wengert::Tape;
using wengert::Var;

struct Derived : Var {
  using Var::Var;
  Derived(const Var& x) : Var(x) {}
};
struct HoldsOne {
  Var x;
  operator Var() const { return x; }
};
enum Unscoped { three = 3 };

/// Nodes, values, constants and guards of a tape, as text.
std::string recorded(const Tape& tape) {
  std::string all;
  for (wengert::NodeId i = -tape.constants(); i < tape.size(); ++i) {
    all += fmt::format("{}: {:a}", i, tape.value(i));
    if (i >= 0) all += fmt::format(" {} {} {} {}", name(tape[i].op), tape[i].x, tape[i].y, tape[i].constants);
    all += '\n';
  }
  for (const auto& guard : tape.guards())
    all += fmt::format("{} {} {} {}\n", name(guard.relation), guard.x, guard.y, guard.outcome);
  return all;
}

/// The same operators on operands as they come, and made Operands first, which the other operators take.
template <class Make>
std::string every_operator(Make make) {
  Tape tape(false);
  Var x = tape.variable(0.75), y = tape.variable(-2.5);
  const auto both = [&](const auto& a, const auto& b) {
    (void)(make(a) + make(b)), (void)(make(a) - make(b)), (void)(make(a) * make(b)), (void)(make(a) / make(b));
    if (make(a) < make(b)) (void)(make(x) * make(1));
    if (make(a) > make(b)) (void)(make(x) * make(2));
    if (make(a) <= make(b)) (void)(make(x) * make(3));
    if (make(a) >= make(b)) (void)(make(x) * make(4));
    if (make(a) == make(b)) (void)(make(x) * make(5));
    if (make(a) != make(b)) (void)(make(x) * make(6));
    (void)select(make(a) < make(b), x, y), (void)select(make(a) >= make(b), x, y), (void)select(make(a) != make(b), x, y);
  };
  both(x, y);
  both(x, x);
  both(Var(0.75), x);  // a constant
  both(x, 0.75), both(0.75, x), both(x, 2), both(2, y), both(y, 1.5f), both(-7L, x), both(x, true), both('a', y), both(x, 0.1L);
  both(x, Derived(y)), both(Derived(x), Derived(y)), both(Derived(x), 2);
  (void)-make(x), (void)-make(Derived(y));
  Var sum = x;
  sum += make(y), sum -= make(3), sum *= make(0.5f), sum /= make(Derived(x)), sum += make(sum);
  return recorded(tape);
}

TEST(SmallCode, RecordsWhatOperandsRecord) {
  const std::string as_they_come = every_operator([](const auto& x) -> const auto& { return x; });
  const std::string operands = every_operator([](const auto& x) { return Operand(x, wengert::Location{}); });
  EXPECT_EQ(as_they_come, operands);
  EXPECT_GT(std::count(operands.begin(), operands.end(), '\n'), 300);
}

TEST(SmallCode, TakesWhatBecomesAVar) {
  Tape tape(false);
  const Var x = tape.variable(2.0), y = tape.variable(5.0);
  EXPECT_EQ((x * three).value(), 6);
  EXPECT_EQ((HoldsOne{y} - x).value(), 3);
  EXPECT_EQ((x / HoldsOne{y}).value(), 0.4);
  EXPECT_EQ((std::ref(x) + y).value(), 7);
  EXPECT_EQ(((x < y) * x).value(), 2);
  EXPECT_EQ((x - (y < x)).value(), 2);
  EXPECT_EQ((std::integral_constant<int, 4>() * y).value(), 20);
  EXPECT_TRUE(x < three);
  EXPECT_TRUE(HoldsOne{y} > x);
}

TEST(SmallCode, OfABranchTheLineIsKnownOfArithmeticNot) {
  Tape tape(true);
  const Var x = tape.variable(2.0);
  const unsigned line = __LINE__ + 1;
  const bool less = (x < 3), more = (1 > x), equal = (x == x);
  const Var product = x * x;
  EXPECT_TRUE(less && !more && equal);
  ASSERT_EQ(tape.guards().size(), 3u);
  for (const auto& guard : tape.guards()) EXPECT_EQ(guard.location.line, line);
  EXPECT_FALSE(tape.location(product.index()).known());
  EXPECT_TRUE(tape.location(exp(x).index()).known());
}

TEST(SmallCode, LiteralsShareTheirConstant) {
  Tape tape(false);
  Var x = tape.variable(1.0);
  for (int k = 0; k < 100; ++k) x = x * 2.5 - 1;
  EXPECT_EQ(tape.constants(), 2);
}

// d/dx (x^2 y + 3 / x) = 2 x y - 3 / x^2
TEST(SmallCode, IsFusedAllTheSame) {
  constexpr auto f = wengert::fuse([](auto x, auto y) { return x * x * y + 3 / x; });
  EXPECT_EQ(f(2.0, 5.0), 21.5);
  EXPECT_EQ(f.gradient(2.0, 5.0)[0], 19.25);
  Tape tape;
  const Var x = tape.variable(2.0), t = f(x, 5.0);
  EXPECT_EQ(gradient(t).wrt(x), 19.25);
}

TEST(SmallCode, RefusesStrangersAndWhatIsStale) {
  Tape tape, other;
  const Var x = tape.variable(1.0), y = other.variable(2.0);
  EXPECT_THROW((void)(x * y), wengert::ForeignVariable);
  EXPECT_THROW((void)static_cast<bool>(x < y), wengert::ForeignVariable);
  tape.clear();
  EXPECT_THROW((void)(x * 2), wengert::StaleVariable);
}

}  // namespace
