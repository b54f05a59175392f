# Read by ctest: the package tests that others depend on come after whatever was discovered, see the folder above.
get_cmake_property(variables VARIABLES)
list(FILTER variables INCLUDE REGEX "^wengert_.*_test_TESTS$")  # as gtest_discover_tests leaves them
set(discovered)
foreach(variable ${variables})
  list(APPEND discovered ${${variable}})
endforeach()
set_tests_properties(package.install package.install_shared PROPERTIES DEPENDS "${discovered}")
