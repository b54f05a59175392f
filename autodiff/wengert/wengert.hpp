// Everything an ordinary program needs: record with Var on a Tape, then gradient(t).wrt(x).
#pragma once

#include "wengert/dual.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/gradient.hpp"
#include "wengert/ostream.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/location.hpp"
#include "wengert/operations.hpp"
#include "wengert/ops.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"
