// The processes that mpirun, or another launcher, has started this program as. Only launch.cpp knows MPI.
#pragma once

#include <memory>

#include "wengert/ranks.hpp"

namespace vae_kl {

/// MPI runs while this lives, if a launcher has started the program: without one nothing is done, and it is as fast as ever.
class Launch {
 public:
  Launch(int& argc, char**& argv);
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;
  ~Launch();

  /// All that were started; null where there is this one alone.
  wengert::Ranks* ranks() const { return ranks_.get(); }
  /// Ends all of them, whatever they wait for.
  [[noreturn]] void end_all(int status) const;

 private:
  bool running_ = false;
  std::unique_ptr<wengert::Ranks> ranks_;
};

}  // namespace vae_kl
