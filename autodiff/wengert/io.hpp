// The old name of <wengert/ostream.hpp>; it goes with the next release.
#pragma once

#include "wengert/ostream.hpp"
