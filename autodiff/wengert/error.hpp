// Everything the library throws. Messages name the function, the numbers and the cure.
#pragma once

#include <stdexcept>

#include "wengert/location.hpp"

namespace wengert {

/// Base of all errors of this library.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Variables of two tapes met, or a variable was asked of a tape that it is not on.
class ForeignVariable : public Error {
  using Error::Error;
};
/// A variable from before Tape::clear(), or from a tape that is gone, was used again.
class StaleVariable : public Error {
  using Error::Error;
};
/// The tape holds as many nodes as its indices, or its owner, allow.
class TapeFull : public Error {
  using Error::Error;
};
/// A constant, or a variable that is no independent, was used where an independent or a recorded variable is needed.
class NotRecorded : public Error {
  using Error::Error;
};
/// Sizes that do not fit each other.
class ShapeMismatch : public Error {
  using Error::Error;
};
/// A replay would take another branch than the recording did.
class BranchChanged : public Error {
  using Error::Error;
};
/// The rules of a custom operation recorded on the very tape that a sweep was running over.
class RecordedMeanwhile : public Error {
  using Error::Error;
};
/// A NaN or an infinity appeared on a tape that checks for them.
class NonFinite : public Error {
  using Error::Error;
};
/// An operation stands exactly on its kink or jump, or a branch on equality, on a tape that checks for them.
class AtKink : public Error {
  using Error::Error;
};
/// A second derivative was asked of a custom operation that has none.
class NoSecondOrder : public Error {
  using Error::Error;
};
/// Another process that shares a batch out failed, by an error that is not this library's; or it could not be reached.
class RankFailed : public Error {
  using Error::Error;
};
/// An instruction set that has no such name, or that this processor or build cannot run.
class UnsupportedInstructionSet : public Error {
  using Error::Error;
};

}  // namespace wengert
