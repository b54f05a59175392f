#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else  // Catch2 2
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
#include "report.hpp"
