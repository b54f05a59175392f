#include "unit-inl.hpp"

#ifdef NDEBUG
#error "this file is to be compiled without NDEBUG"
#endif
Unit debug_unit() { return unit(); }
