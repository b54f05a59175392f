// A stranger's program: short macros from before our headers, and function templates of common names that are called with Vars.
// The macros are still there afterwards, and each call reaches the stranger's function, not one of ours.
#include <gmock/gmock.h>

#include <fmt/format.h>
#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <complex>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#define A 1
#define B 2
#define C 3
#define D 4
#define E 5
#define F 6
#define G 7
#define H 8
#define I 9
#define J 10
#define K 11
#define L 12
#define M 13
#define N 14
#define O 15
#define P 16
#define Q 17
#define R 18
#define S 19
#define U 21
#define V 22
#define W 23
#define X 24
#define Y 25
#define Z 26
#define ONE 27
#define TWO 28
#define INSTANTIATE 29
#define RULE 30
#define OP 31
#define PI 32
#define MAX_SIZE 33
#define DEBUG 34
#define CHECK 35
#define ERROR 36
#define SWAP 37
#define INLINE 38
#define NODES 39
#define LOOP 40

#include "every_public_header.hpp"

#if A + B + C + D + E + F + G + H + I + J + K + L + M + N + O + P + Q + R + S + U + V + W + X + Y + Z != 331
#error "a header changed a macro of ours"
#endif
#if ONE + TWO + INSTANTIATE + RULE + OP + PI + MAX_SIZE + DEBUG + CHECK + ERROR + SWAP + INLINE + NODES + LOOP != 469
#error "a header changed a macro of ours"
#endif

namespace stranger {

struct Mine {};

// As somebody writes them who knows nothing of us: no constraint, any number of arguments.
#define STRANGER(name)                        \
  template <class T>                          \
  Mine name(const T&) {                       \
    return {};                                \
  }                                           \
  template <class T, class U1>                \
  Mine name(const T&, const U1&) {            \
    return {};                                \
  }                                           \
  template <class T, class U1, class U2>      \
  Mine name(const T&, const U1&, const U2&) { \
    return {};                                \
  }
// clang-format off
#define NAMES(DO)                                                                                                                     \
  DO(accumulate) DO(add) DO(adopt) DO(advance_all) DO(allows) DO(apply) DO(argument) DO(arity_of) DO(assemble) DO(block) DO(called)   \
  DO(carry) DO(carries_nothing) DO(check) DO(check_batch) DO(choose) DO(chunk) DO(clear) DO(collect) DO(common_tape) DO(compare)      \
  DO(compute) DO(constant) DO(contributions) DO(copy) DO(copy_node) DO(dispatch) DO(draft)         \
  DO(either) DO(emit) DO(evaluate) DO(evaluate_custom) DO(evaluate_nary) DO(evaluate_node) DO(evaluate_nodes) DO(extrapolate)         \
  DO(first_of) DO(fits) DO(freeze) DO(frozen) DO(go_on) DO(grow) DO(index) DO(index_beside) DO(index_of) DO(index_on) DO(inside)      \
  DO(instance) DO(label_of) DO(live_nodes) DO(lower) DO(make) DO(make_independents) DO(mix) DO(move_to) DO(name) DO(node) DO(operand) \
  DO(optimise) DO(optimise_once) DO(outputs) DO(partial) DO(partials) DO(partials_nary) DO(place) DO(print_fused) DO(pull_back)       \
  DO(pull_back_all) DO(push) DO(read) DO(record_at) DO(record_derivative) DO(record_guard) DO(record_nary) DO(record_other)           \
  DO(record_partial) DO(release) DO(replay) DO(reserve) DO(run) DO(run_blocks) DO(run_fused) DO(same_branch) DO(scalars)              \
  DO(seed_adjoints) DO(share) DO(shift) DO(size) DO(slope) DO(split) DO(statement_of) DO(step) DO(steps) DO(sum) DO(sums) DO(sweep)   \
  DO(take) DO(tape_of) DO(term) DO(thaw) DO(total) DO(traits_of) DO(update) DO(value) DO(value_of) DO(values) DO(variable)            \
  DO(varying_nodes) DO(visit_all) DO(write) DO(arity) DO(record) DO(select)
// clang-format on
NAMES(STRANGER)

#define CALL(name)                                              \
  static_assert(std::is_same_v<decltype(name(x)), Mine>);       \
  static_assert(std::is_same_v<decltype(name(x, y)), Mine>);    \
  static_assert(std::is_same_v<decltype(name(x, y, y)), Mine>); \
  ++called_functions;

TEST(Collisions, AStrangersFunctionTemplatesAreCalledWithVars) {
  wengert::Tape tape;
  [[maybe_unused]] const wengert::Var x = tape.variable(1), y = tape.variable(2);
  int called_functions = 0;
  NAMES(CALL)
  EXPECT_GE(called_functions, 100);
}

// The usual generic code: a sum with a name of its own.
template <class Number>
Number accumulate_all(const std::vector<Number>& numbers) {
  Number sum = 0;
  for (const Number& number : numbers) sum = sum + number;
  return sum;
}

TEST(Collisions, AndTheGradientIsRightAllTheSame) {
  wengert::Tape tape;
  const std::vector<wengert::Var> x{tape.variable(1), tape.variable(2)};
  EXPECT_EQ(gradient(accumulate_all(x) * x[1]).wrt(x[1]), 5);  // d (a + b) b / db = a + 2b
}

}  // namespace stranger
