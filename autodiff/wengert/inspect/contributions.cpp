#include "wengert/inspect/contributions.hpp"

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"

namespace wengert::detail {

namespace {

struct Contribute {
  const Tape& tape;
  const double* values;
  NodeId i;
  double adjoint;
  std::vector<Contribution>& list;

  template <class Rule>
  void operator()() const {
    const Arguments x = tape.arguments(i);
    const double result = values[i];
    if constexpr (Rule::arity == 1) {
      add<Rule>(x, 0, Rule::template partials<double>(values[x[0]], result).x);
    } else if constexpr (Rule::arity == 2) {
      const auto partial = Rule::template partials<double>(values[x[0]], values[x[1]], result);
      add<Rule>(x, 0, partial.x);
      add<Rule>(x, 1, partial.y);
    } else {
      const auto partial = Rule::template partials<double>(values[x[0]], values[x[1]], values[x[2]], result);
      add<Rule>(x, 0, partial.x);
      add<Rule>(x, 1, partial.y);
      add<Rule>(x, 2, partial.z);
    }
  }
  template <class Rule>
  void add(const Arguments& x, NodeId k, double partial) const {
    list.push_back({i, k, x[k], partial, detail::carry<Rule>(adjoint, partial)});
  }
};

}  // namespace

std::vector<Contribution> contributions(const Tape& tape, ValuesView<double> values, NodeId i, double adjoint) {
  std::vector<Contribution> list;
  const Op op = tape[i].op;
  if (op == Op::Custom) {
    const Arguments arguments = tape.arguments(i);
    detail::Scratch<double> x(arguments.size()), partials(arguments.size());
    for (NodeId k = 0; k < arguments.size(); ++k) x.span()[static_cast<std::size_t>(k)] = values[arguments[k]];
    tape.nary(tape[i].y).partials(x.span(), values[i], partials.span());
    for (NodeId k = 0; k < arguments.size(); ++k) {
      const double partial = partials.span()[static_cast<std::size_t>(k)];
      list.push_back({i, k, arguments[k], partial, absorbing_product(adjoint, partial)});
    }
  } else if (op != Op::Independent) {
    dispatch(op, Contribute{tape, values.base, i, adjoint, list});
  }
  return list;
}

std::vector<Contribution> contributions_to(const Tape& tape, ValuesView<double> values, ValuesView<double> adjoints, NodeId i,
                                           NodeId first) {
  std::vector<Contribution> list;
  for (NodeId user = adjoints.nodes; user-- > first && user > i;) {
    const Arguments arguments = tape.arguments(user);
    bool uses = false;
    for (NodeId k = 0; k < arguments.size(); ++k) uses = uses || arguments[k] == i;
    if (!uses) continue;
    for (const Contribution& c : contributions(tape, values, user, adjoints[user]))
      if (c.to == i) list.push_back(c);
  }
  return list;
}

}  // namespace wengert::detail
