// A door for the tests: what a node carries to each argument, told apart. Not installed.
#pragma once

#include "wengert/inspect/contributions.hpp"
#include "wengert/sweep/nary_sweep.hpp"
