#include "unit-inl.hpp"

#if !WENGERT_CALLS
#error "this file is to be compiled with optimisation and WENGERT_SMALL_CODE"
#endif
Unit small_unit() { return unit(); }
