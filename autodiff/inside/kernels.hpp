// A door for the tests and for the price list of kernels: operations over a block of samples. Not installed.
#pragma once

#include "wengert/kernels/block_kernels.hpp"
#include "wengert/kernels/row_products.hpp"
#include "wengert/sweep/chain_rule.hpp"
