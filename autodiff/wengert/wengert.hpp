// Record with Var on a Tape, then gradient(t).wrt(x). This file brings what an ordinary program needs; the rest has a header of
// its own: function.hpp (record once, run many), batch.hpp (many samples), ranks.hpp and mpi.hpp (on many machines),
// elements.hpp (many elements), fuse.hpp, fused_batch.hpp and fused_elements.hpp (the same during compilation), local.hpp and
// reductions.hpp (many operations as one node), cmath.hpp, special.hpp, std.hpp and complex.hpp (the rest of <cmath>, gamma and
// its kin, <complex>), custom.hpp (operations of your own), number_type.hpp (numbers of your own), gradient_with_bounds.hpp (how
// far off?), cursor.hpp, evaluation_trace.hpp and explain_nonfinite.hpp (looking inside), check_gradient.hpp (tests of your
// gradients), export.hpp (pictures), format.hpp (fmt), eigen.hpp, ceres.hpp and boost.hpp (in other libraries).
//
// Headers in this folder are the API. The folders are the house behind it, lower floors first:
//   ops.hpp the rules < record/ Var to tape < sweep/ tape to values and adjoints < kernels/ on vector registers < transform/ tape
//   to tape < batch/ many samples < fused/ the same during compilation. inspect/, check/, export/ only look.
// To read the engine: ops.hpp (one rule), var.hpp, tape.hpp, reverse_sweep.hpp, sweep/chain_rule.hpp: under 600 lines.
#pragma once

#include "wengert/dual.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/gradient.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/location.hpp"
#include "wengert/operations.hpp"
#include "wengert/ops.hpp"
#include "wengert/ostream.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"
