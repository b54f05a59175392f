#include "wengert/function.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "wengert/bounded.hpp"
#include "wengert/dual.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/transform/derivative.hpp"
#include "wengert/transform/function_state.hpp"
#include "wengert/transform/groups.hpp"

namespace wengert {
namespace {

using detail::throw_direction, detail::throw_independents, detail::throw_unless_one_output;

/// A forward sweep whose complaint about a branch tells the input.
template <class T>
void replay(const Function& f, std::span<const T> x, Values<T>& values) {
  try {
    if constexpr (std::is_same_v<T, double>) {
      if (auto group = f.groups().begin(); !f.groups().empty())
        return detail::sweep_forward(f.tape(), x, values, [&](double* value, NodeId, NodeId end) {
          for (; group != f.groups().end() && group->first < end; ++group) detail::evaluate_group(f.tape(), value, *group);
        });
    }
    forward_sweep(f.tape(), x, values);
  } catch (const BranchChanged& error) {
    if (std::string_view(error.what()).find("; the input is (") != std::string_view::npos) throw;  // a piece within told its own
    std::vector<double> input;
    for (std::size_t k = 0; k < x.size() && k < 8; ++k) input.push_back(detail::value_of(x[k]));
    throw BranchChanged(fmt::format("{}; the input is ({}{})", error.what(), fmt::join(input, ", "), x.size() > 8 ? ", …" : ""));
  }
}

template <class T>
std::vector<T> outputs_of(const Function& f, const Values<T>& values) {
  std::vector<T> result;
  for (const NodeId dependent : f.dependents()) result.push_back(values[dependent]);
  return result;
}

/// Shows what a replay on Vars recorded: each node of the tape with the Var that it became.
template <class Visit>
void each_recorded(const Tape& tape, const Values<Var>& values, Visit visit) {
  for (NodeId i = 0; i < tape.size(); ++i)
    if (tape[i].op != Op::Independent && !values[i].is_constant()) visit(i, values[i]);
}

/// The reverse sweep over the nodes before `end`.
template <class T>
void pull_back_all(const Function& f, const Values<T>& values, Values<T>& adjoints, NodeId end) {
  if constexpr (std::is_same_v<T, double>) {
    if (const auto groups = f.groups(); !groups.empty()) {
      for (std::size_t k = groups.size(); k-- > 0;)
        if (groups[k].first < end) detail::pull_back_group(f.tape(), values.base(), adjoints.base(), groups[k]);
      return;
    }
  }
  detail::pull_back_all(f.tape(), values.base(), adjoints.base(), end);
}

/// Adjoints of all nodes for one output.
template <class T>
void sweep_back(const Function& f, const Values<T>& values, NodeId dependent, Values<T>& adjoints) {
  adjoints.reset(f.tape().constants(), f.tape().size());
  adjoints[dependent] = T(1);
  pull_back_all(f, values, adjoints, dependent + 1);
}

}  // namespace

const Function::State& Function::state() const {
  if (state_ == nullptr) throw NotRecorded("Function: it is empty; assign what record(…) returns before asking it anything");
  return *state_;
}
const Tape& Function::tape() const { return state().tape; }
std::span<const NodeId> Function::dependents() const { return state().dependents; }
const OptimiseReport& Function::report() const { return state().report; }
std::span<const NodeGroup> Function::groups() const { return state().groups; }

double Function::operator()(std::span<const double> x) const {
  throw_unless_one_output("Function::operator()", "values", outputs());
  return values(x)[0];
}

std::vector<double> Function::values(std::span<const double> x) const {
  Values<double> values;
  replay(*this, x, values);
  return outputs_of(*this, values);
}

std::vector<Var> Function::values(std::span<const Var> x) const {
  Values<Var> values;
  replay(*this, x, values);
  each_recorded(tape(), values, [&](NodeId i, const Var& var) { var.tape()->relocate(var.index(), tape().location(i)); });
  return outputs_of(*this, values);
}

std::vector<Dual<double>> Function::values(std::span<const Dual<double>> x) const {
  Values<Dual<double>> values;
  replay(*this, x, values);
  return outputs_of(*this, values);
}

Dual<double> Function::operator()(std::span<const Dual<double>> x) const {
  throw_unless_one_output("Function::operator()", "values", outputs());
  return values(x)[0];
}

std::vector<Var> Function::on(Tape& to, std::span<const double> x) const {
  if (x.size() != inputs()) throw_independents("Function::on", static_cast<NodeId>(inputs()), x.size());
  std::vector<Var> point;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const NodeId independent = tape().independents()[k];
    point.push_back(to.variable(x[k], tape().name(independent), tape().location(independent)));
  }
  Values<Var> values;
  replay(*this, std::span<const Var>(point), values);
  each_recorded(tape(), values, [&](NodeId i, const Var& var) {
    to.relocate(var.index(), tape().location(i));
    if (!tape().name(i).empty()) to.set_name(var.index(), tape().name(i));
  });
  return outputs_of(*this, values);
}

Var Function::operator()(std::span<const Var> x) const {
  throw_unless_one_output("Function::operator()", "values", outputs());
  return values(x)[0];
}

std::span<const double> Function::gradient(std::span<const double> x, Workspace& workspace) const {
  throw_unless_one_output("Function::gradient", "jacobian", outputs());
  replay(*this, x, workspace.values);
  sweep_back(*this, workspace.values, dependents()[0], workspace.adjoints);
  workspace.gradient.clear();
  for (const NodeId independent : tape().independents()) workspace.gradient.push_back(workspace.adjoints[independent]);
  return workspace.gradient;
}

std::vector<double> Function::gradient(std::span<const double> x) const {
  Workspace workspace;
  gradient(x, workspace);
  return std::move(workspace.gradient);
}

Function::ValueAndGradient Function::value_and_gradient(std::span<const double> x) const {
  Workspace workspace;
  gradient(x, workspace);
  return {workspace.values[dependents()[0]], std::move(workspace.gradient)};
}

std::vector<Bounded> Function::gradient_with_bounds(std::span<const double> x) const {
  throw_unless_one_output("Function::gradient_with_bounds", "those of f.output(k)", outputs());
  std::vector<Bounded> point, result;
  point.reserve(x.size());
  for (const double number : x) point.emplace_back(number, 0.0);
  Values<Bounded> values, adjoints;
  replay(*this, std::span<const Bounded>(point), values);
  sweep_back(*this, values, dependents()[0], adjoints);
  result.reserve(inputs());
  for (const NodeId independent : tape().independents()) result.push_back(adjoints[independent]);
  return result;
}

std::vector<double> Function::pull_back(std::span<const double> w, std::span<const double> x) const {
  if (w.size() != outputs())
    throw ShapeMismatch(fmt::format("Function::pull_back: {} outputs, but {} weights; give one for each", outputs(), w.size()));
  Values<double> values, adjoints(tape().constants(), tape().size());
  replay(*this, x, values);
  for (std::size_t k = 0; k < w.size(); ++k) adjoints[dependents()[k]] += w[k];
  pull_back_all(*this, values, adjoints, tape().size());
  std::vector<double> result;
  for (const NodeId independent : tape().independents()) result.push_back(adjoints[independent]);
  return result;
}

std::vector<double> Function::push_forward(std::span<const double> v, std::span<const double> x) const {
  if (v.size() != inputs()) throw_direction("Function::push_forward", inputs(), v.size());
  if (x.size() != inputs()) throw_independents("Function::push_forward", static_cast<NodeId>(inputs()), x.size());
  std::vector<Dual<double>> point(inputs());
  for (std::size_t k = 0; k < inputs(); ++k) point[k] = {x[k], v[k]};
  std::vector<double> result;
  for (const Dual<double>& output : values(std::span<const Dual<double>>(point))) result.push_back(output.tangent);
  return result;
}

bool Function::same_as(const Function& other, std::span<const double> x) const {
  if (inputs() != other.inputs() || outputs() != other.outputs()) return false;
  const auto equal = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), [](double p, double q) {
      return std::bit_cast<std::uint64_t>(p) == std::bit_cast<std::uint64_t>(q) || (p != p && q != q);
    });
  };
  try {
    return equal(values(x), other.values(x)) && equal(jacobian(x).data, other.jacobian(x).data);
  } catch (const BranchChanged&) {
    return false;
  }
}

namespace {

/// The workspace's memory for directions, made when first asked for.
detail::Directions& directions_of(Workspace& workspace) {
  if (!workspace.directions.memory) workspace.directions.memory = std::make_shared<detail::Directions>();
  return *workspace.directions.memory;
}

}  // namespace

const DenseMatrix& Function::jacobian(std::span<const double> x, Workspace& workspace) const {
  replay(*this, x, workspace.values);
  DenseMatrix& result = workspace.matrix;
  if (outputs() > detail::few_directions) {
    detail::jacobian_at(tape(), workspace.values.base(), dependents(), tape().independents(), directions_of(workspace), result);
    return result;
  }
  result.rows = outputs();
  result.columns = inputs();
  result.data.resize(outputs() * inputs());
  for (std::size_t row = 0; row < outputs(); ++row) {
    sweep_back(*this, workspace.values, dependents()[row], workspace.adjoints);
    for (std::size_t column = 0; column < inputs(); ++column)
      result(row, column) = workspace.adjoints[tape().independents()[column]];
  }
  return result;
}

const CompressedRows& Function::sparse_jacobian(std::span<const double> x, Workspace& workspace) const {
  replay(*this, x, workspace.values);
  std::call_once(state_->jacobian_asked, [&] { state_->jacobian_plan = detail::plan_jacobian(tape(), dependents()); });
  detail::sparse_jacobian_at(state_->jacobian_plan, tape(), workspace.values.base(), dependents(), directions_of(workspace),
                             workspace.sparse);
  return workspace.sparse;
}

std::vector<double> Function::hessian_vector(std::span<const double> x, std::span<const double> v) const {
  throw_unless_one_output("Function::hessian_vector", "that of f.output(k)", outputs());
  if (v.size() != inputs()) throw_direction("Function::hessian_vector", inputs(), v.size());
  if (x.size() != inputs()) throw_independents("Function::hessian_vector", static_cast<NodeId>(inputs()), x.size());
  std::vector<Dual<double>> point(inputs());
  for (std::size_t k = 0; k < inputs(); ++k) point[k] = {x[k], v[k]};
  Values<Dual<double>> values, adjoints;
  replay(*this, std::span<const Dual<double>>(point), values);
  sweep_back(*this, values, dependents()[0], adjoints);
  std::vector<double> result;
  for (const NodeId independent : tape().independents()) result.push_back(adjoints[independent].tangent);
  return result;
}

const DenseMatrix& Function::hessian(std::span<const double> x, Workspace& workspace) const {
  throw_unless_one_output("Function::hessian", "that of f.output(k)", outputs());
  replay(*this, x, workspace.values);
  sweep_back(*this, workspace.values, dependents()[0], workspace.adjoints);
  detail::hessian_at(tape(), workspace.values.base(), workspace.adjoints, tape().independents(), directions_of(workspace),
                     workspace.matrix);
  return workspace.matrix;
}

const CompressedRows& Function::sparse_hessian(std::span<const double> x, Workspace& workspace) const {
  throw_unless_one_output("Function::sparse_hessian", "that of f.output(k)", outputs());
  std::call_once(state_->hessian_asked, [&] { state_->hessian_plan = detail::plan_hessian(tape(), dependents()[0]); });
  replay(*this, x, workspace.values);
  sweep_back(*this, workspace.values, dependents()[0], workspace.adjoints);
  detail::sparse_hessian_at(state_->hessian_plan, tape(), workspace.values.base(), workspace.adjoints, directions_of(workspace),
                            workspace.sparse);
  return workspace.sparse;
}

// in memory of their own, which is the result's then
DenseMatrix Function::jacobian(std::span<const double> x) const {
  Workspace workspace;
  jacobian(x, workspace);
  return std::move(workspace.matrix);
}
CompressedRows Function::sparse_jacobian(std::span<const double> x) const {
  Workspace workspace;
  sparse_jacobian(x, workspace);
  return std::move(workspace.sparse);
}
DenseMatrix Function::hessian(std::span<const double> x) const {
  Workspace workspace;
  hessian(x, workspace);
  return std::move(workspace.matrix);
}
CompressedRows Function::sparse_hessian(std::span<const double> x) const {
  Workspace workspace;
  sparse_hessian(x, workspace);
  return std::move(workspace.sparse);
}

Function Function::derivative() const {
  Recorder recorder(tape().keeps_locations());
  Tape raw(tape().keeps_locations());
  std::vector<NodeId> results = detail::record_derivative(tape(), dependents(), raw);
  const OptimiseReport report = detail::optimise(raw, results, recorder.tape());
  return recorder.finish(std::move(results), report);
}

Function Function::output(std::size_t which) const {
  if (which >= outputs())
    throw ShapeMismatch(fmt::format("Function::output: the function has {} outputs, there is no number {}", outputs(), which));
  Recorder recorder(tape().keeps_locations());
  std::vector<NodeId> result{dependents()[which]};
  const OptimiseReport report = detail::optimise(tape(), result, recorder.tape());
  return recorder.finish(std::move(result), report);
}

Function Function::optimised() const {
  Recorder recorder(tape().keeps_locations());
  std::vector<NodeId> results(dependents().begin(), dependents().end());
  const OptimiseReport report = detail::optimise(tape(), results, recorder.tape());
  return recorder.finish(std::move(results), report);
}

Function Function::grouped() const {
  Recorder recorder(tape().keeps_locations());
  std::vector<NodeId> results(dependents().begin(), dependents().end());
  std::vector<NodeGroup> groups = detail::group(tape(), results, recorder.tape());
  Function result = recorder.finish(std::move(results));
  result.state_->groups = std::move(groups);
  return result;
}

Recorder::Recorder(bool keep_locations) : state_(std::make_shared<Function::State>(keep_locations)) {}
Tape& Recorder::tape() { return state_->tape; }

Function Recorder::finish(std::span<const Var> dependents) {
  std::vector<NodeId> indices;
  for (const Var& dependent : dependents) indices.push_back(detail::index_on(tape(), dependent, "record", {}));
  return finish(std::move(indices));
}

Function Recorder::finish(std::vector<NodeId> dependents, const OptimiseReport& report) {
  state_->dependents = std::move(dependents);
  state_->report = report;
  return Function(std::move(state_));
}

}  // namespace wengert
