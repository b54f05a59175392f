// What the user can put right, told apart from a fault of the program.
#pragma once

#include <stdexcept>

namespace vae_kl {

/// A value, an option, a file that cannot be used; the message says which, and what to do. The program ends with status 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace vae_kl
