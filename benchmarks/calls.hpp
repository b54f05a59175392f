// Recording and sweeping with operators in line and as calls (WENGERT_SMALL_CODE): one text, compiled both ways by
// calls_kernels.cpp.
#pragma once

/// What is timed: a derivative by x, in which all of it counts.
using CallsKernel = double (*)(double x);
struct CallsKernels {
  CallsKernel product;      ///< 4000 factors, each a variable: one chain
  CallsKernel log_density;  ///< 4000 terms of -u^2 / 2 - log sigma + z^2 / 2
  CallsKernel special;      ///< four of Boost.Math's functions; nullptr without Boost
};
CallsKernels kernels_in_line();
CallsKernels kernels_as_calls();
