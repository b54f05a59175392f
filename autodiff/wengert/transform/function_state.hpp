// What a Function holds. Inside the library only; not installed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "wengert/function.hpp"
#include "wengert/transform/directions.hpp"

namespace wengert {

namespace detail {
class BatchPlan;
}

struct Function::State {
  explicit State(bool keep_locations) : tape(keep_locations) {}

  Tape tape;
  std::vector<NodeId> dependents;
  OptimiseReport report;

  // Plans for batches, made when first asked for: by number of shared inputs and what is wanted.
  std::mutex plans_lock;
  std::map<std::pair<std::size_t, unsigned>, std::shared_ptr<const detail::BatchPlan>> plans;
  // Those for sparse matrices.
  std::once_flag jacobian_asked, hessian_asked;
  detail::JacobianPlan jacobian_plan;
  detail::SparsePlan hessian_plan;
};

}  // namespace wengert
