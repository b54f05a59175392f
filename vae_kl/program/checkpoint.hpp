// The state of a training as text, exact to the bit, with what identifies the run.
#pragma once

#include <string>

#include "train/training.hpp"

namespace vae_kl {

std::string checkpoint(const Training& training, const TrainingState& state);

/// And back. Throws InputError, naming `path`, if the text is no checkpoint or belongs to a run with other options or data.
TrainingState restored(const Training& training, const std::string& text, const std::string& path);

}  // namespace vae_kl
