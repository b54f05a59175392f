// A door for the tests: tape to tape. Not installed.
#pragma once

#include "wengert/transform/derivative.hpp"
#include "wengert/transform/emitted.hpp"
#include "wengert/transform/optimise.hpp"
