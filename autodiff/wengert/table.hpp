// The old name of <wengert/evaluation_trace.hpp>; it goes with the next release.
#pragma once

#include "wengert/evaluation_trace.hpp"
