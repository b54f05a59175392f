// Rows of measurements from a CSV file.
#pragma once

#include <string>

#include "proof/linear_gaussian.hpp"

namespace vae_kl {

/// A file of rows of numbers between commas, all rows of the same length; the first line may be a header, which holds no number.
/// Throws InputError, which names line and column.
Matrix read_data(const std::string& path);

}  // namespace vae_kl
