#include "wengert/operations.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include <set>
#include <string>
#include <vector>

namespace {

using namespace wengert;

const std::vector<Op> table = {
#define X(Rule, function) Op::Rule,
    WENGERT_OPERATIONS(X)
#undef X
};

TEST(Op, NamesAreDistinctAndReadable) {
  std::set<std::string> names{name(Op::Independent), name(Op::Custom)};
  for (const Op op : table) {
    EXPECT_TRUE(names.insert(name(op)).second) << name(op);
    EXPECT_THAT(name(op), testing::MatchesRegex("[a-z][a-z0-9_]*"));
  }
  EXPECT_STREQ(name(Op::Mul), "mul");
  EXPECT_STREQ(name(Op::Independent), "independent");
  EXPECT_STREQ(name(Op::Custom), "custom");
}

TEST(Op, FunctionsThatRecordAreCalledAsTheOperation){
#define X(Rule, function) EXPECT_STREQ(name(Op::Rule), #function);
    WENGERT_OPERATIONS(X)
#undef X
}

TEST(Op, ListsMatchTheArityThatRulesState) {
#define X(Rule, function) EXPECT_EQ(arity(Op::Rule), 1) << name(Op::Rule);
  WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) EXPECT_EQ(arity(Op::Rule), 2) << name(Op::Rule);
  WENGERT_BINARY_OPERATIONS(X)
#undef X
#define X(Rule, function) EXPECT_EQ(arity(Op::Rule), 3) << name(Op::Rule);
  WENGERT_TERNARY_OPERATIONS(X)
#undef X
  EXPECT_EQ(arity(Op::Independent), 0);
  EXPECT_EQ(arity(Op::Custom), 0);
}

struct OpOfTheRule {
  template <class Rule>
  constexpr Op operator()() const {
    return op_of<Rule>;
  }
};

TEST(Op, DispatchFindsTheRuleOfEveryOperation) {
  for (const Op op : table) EXPECT_EQ(dispatch(op, OpOfTheRule{}), op) << name(op);
}

TEST(Op, IsUsableInConstantEvaluation) {
  static_assert(arity(Op::Fma) == 3 && op_of<ops::Mul> == Op::Mul && name(Op::Exp)[0] == 'e');
  static_assert(dispatch(Op::Tanh, OpOfTheRule{}) == Op::Tanh);
}

struct Describe {
  Op op;

  template <class Rule>
  void operator()() const {
    EXPECT_EQ(std::size(Rule::domain), Rule::arity) << name(op);
    for (const Domain& domain : Rule::domain) EXPECT_LT(domain.low, domain.high) << name(op);
    const char* const formulas[] = {Rule::formula.value, Rule::formula.partial_x, Rule::formula.partial_y,
                                    Rule::formula.partial_z};
    for (int k = 0; k <= 3; ++k) EXPECT_EQ(formulas[k] != nullptr, k <= Rule::arity) << name(op);
    EXPECT_GE(Rule::value_ulps, 0.5) << name(op) << " is as if correctly rounded or worse";
  }
};

TEST(Op, EveryRuleDescribesEachOfItsArguments) {
  for (const Op op : table) dispatch(op, Describe{op});
}

struct SaysThatItCommutes {
  template <class Rule>
  bool operator()() const {
    if constexpr (Rule::arity != 2) {
      return !Rule::commutative;
    } else {
      if (!Rule::commutative) return true;
      for (const double x : {-2.5, 0.0, 0.5, 3.0})
        for (const double y : {-2.5, 0.0, 0.5, 3.0}) {
          const double one = Rule::template value<double>(x, y), other = Rule::template value<double>(y, x);
          if (one != other && !(std::isnan(one) && std::isnan(other))) return false;
        }
      return true;
    }
  }
};

TEST(Op, CommutativeOperationsAreBinaryAndCommute) {
  for (const Op op : table) EXPECT_TRUE(dispatch(op, SaysThatItCommutes{})) << name(op);
}

}  // namespace
