// The old name of <wengert/operations.hpp>; it goes with the next release.
#pragma once

#include "wengert/operations.hpp"
