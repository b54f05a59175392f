#include "unit-inl.hpp"

#ifndef NDEBUG
#error "this file is to be compiled with NDEBUG"
#endif
Unit release_unit() { return unit(); }
