#include "wengert/sweep/nary_sweep.hpp"

#include <memory>
#include <string>

#include "wengert/bounded.hpp"

namespace wengert {

Bounded NaryOperation::bounded(std::span<const Bounded>, std::span<Bounded>) const { detail::throw_no_bounds(name()); }

}  // namespace wengert

namespace wengert::detail {
namespace {

/// One partial of an operation that gives no operation for it: value only.
class PartialOf final : public NaryOperation {
 public:
  PartialOf(const NaryOperation& operation, int k)
      : operation_(operation.clone()), k_(k), name_(std::string(operation.name()) + "'" + std::to_string(k)) {}
  PartialOf(const PartialOf& other) : PartialOf(*other.operation_, other.k_) {}

  const char* name() const override { return name_.c_str(); }
  int arity() const override { return operation_->arity(); }
  double value(std::span<const double> x) const override {
    Scratch<double> all(arity());
    operation_->partials(x, operation_->value(x), all.span());
    return all.span()[static_cast<std::size_t>(k_)];
  }
  void partials(std::span<const double>, double, std::span<double>) const override { throw_no_second_order(*operation_, k_); }
  const NaryOperation* partial(int) const override { return nullptr; }
  Identity identity() const override {
    const Identity whole = operation_->identity();
    return {whole.of, (whole.part << 32) + 1 + static_cast<std::uint64_t>(k_)};
  }
  const NaryOperation* clone() const override { return new PartialOf(*this); }

 private:
  std::unique_ptr<const NaryOperation> operation_;
  int k_;
  std::string name_;
};

}  // namespace

void add_multiple(double* __restrict adjoints, const NodeId* __restrict partials, NodeId count, double adjoint) {
  for (NodeId k = 0; k < count; ++k) adjoints[k] += adjoint * partial_at(partials + places_of_partial * k);
}

Var record_partial(const NaryOperation& operation, int k, std::span<const Var> x) {
  const NaryOperation* partial = operation.partial(k);
  return partial != nullptr ? record_nary(*partial, x) : record_nary(PartialOf(operation, k), x);
}

Var record_nary(const NaryOperation& operation, std::span<const Var> x, Location at) {
  const auto count = static_cast<NodeId>(x.size());
  Scratch<double> values(count);
  Tape* tape = nullptr;
  for (std::size_t k = 0; k < x.size(); ++k) {
    values.span()[k] = x[k].value();
    if (tape == nullptr && !x[k].is_constant()) tape = x[k].tape();
  }
  const double value = operation.value(values.span());
  if (tape == nullptr) return value;
  Scratch<NodeId> entries(count + 1);
  entries.span()[0] = count;
  for (std::size_t k = 0; k < x.size(); ++k) entries.span()[k + 1] = index_on(*tape, x[k], operation.name(), at);
  const NodeId which = tape->adopt(operation);
  return Var(*tape, tape->push(Op::Custom, tape->push_extra(entries.span()), which, 0u, value, at), value);
}

}  // namespace wengert::detail
