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

// Where there are no threads (WebAssembly), standard libraries have no mutex.
#ifdef __STDCPP_THREADS__
using PlansMutex = std::mutex;
using PlansLock = std::lock_guard<std::mutex>;
#else
struct PlansMutex {};
struct PlansLock {
  explicit PlansLock(PlansMutex&) {}
};
#endif
}  // namespace detail

struct Function::State {
  explicit State(bool keep_locations) : tape(keep_locations) {}

  Tape tape;
  std::vector<NodeId> dependents;
  OptimiseReport report;
  std::vector<NodeGroup> groups;  // all nodes but the leading independents, in the order of the tape; or none

  // Plans for batches, made when first asked for: by number of shared inputs and what is wanted.
  detail::PlansMutex plans_mutex;
  std::map<std::pair<std::size_t, unsigned>, std::shared_ptr<const detail::BatchPlan>> plans;
  // Those for sparse matrices.
  std::once_flag jacobian_asked, hessian_asked;
  detail::JacobianPlan jacobian_plan;
  detail::SparsePlan hessian_plan;
};

}  // namespace wengert
