# One case of tests/package/CMakeLists.txt. A step that fails ends the script, and with it the test.
cmake_minimum_required(VERSION 3.23)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Configures and builds the project in `from`, and runs its program.
function(build_and_run from)
  set(to ${work}/${case})
  file(REMOVE_RECURSE ${to})
  run(${CMAKE_COMMAND} -S ${from} -B ${to} -G ${generator} -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_CXX_FLAGS=${flags}
      -D CMAKE_BUILD_TYPE=${build_type} -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher} ${ARGN})
  run(${CMAKE_COMMAND} --build ${to})
  run(${to}/consumer)
endfunction()

# Compiles and links with what pkg-config says, and runs the program.
function(build_with_pkg_config prefix)
  file(GLOB_RECURSE pc ${prefix}/*/wengert.pc)
  cmake_path(GET pc PARENT_PATH directory)
  set(ENV{PKG_CONFIG_PATH} ${directory})
  execute_process(COMMAND ${pkg_config} --cflags --libs wengert
    OUTPUT_VARIABLE options OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(options UNIX_COMMAND "${options}")
  separate_arguments(extra UNIX_COMMAND "${flags}")
  cmake_path(GET directory PARENT_PATH libraries)
  run(${compiler} -std=c++20 ${extra} ${source}/tests/package/consumer/main.cpp ${options} -o ${work}/${case}_consumer)
  set(ENV{LD_LIBRARY_PATH} ${libraries})
  run(${work}/${case}_consumer)
endfunction()

set(consumer ${source}/tests/package/consumer)

if(case STREQUAL "install")
  file(REMOVE_RECURSE ${work}/prefix ${work}/moved)
  run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix --config ${build_type})
elseif(case STREQUAL "find_package")
  build_and_run(${consumer} -D CMAKE_PREFIX_PATH=${work}/prefix)
elseif(case STREQUAL "moved_prefix")
  file(REMOVE_RECURSE ${work}/moved)
  file(RENAME ${work}/prefix ${work}/moved)
  build_and_run(${consumer} -D CMAKE_PREFIX_PATH=${work}/moved)
elseif(case STREQUAL "pkg_config")
  build_with_pkg_config(${work}/moved)
elseif(case STREQUAL "install_shared")
  file(REMOVE_RECURSE ${work}/prefix_shared)
  run(${CMAKE_COMMAND} -S ${source} -B ${work}/shared -G ${generator} -D CMAKE_CXX_COMPILER=${compiler}
      -D CMAKE_CXX_FLAGS=${flags} -D CMAKE_BUILD_TYPE=${build_type} -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher}
      -D BUILD_SHARED_LIBS=ON -D WENGERT_BUILD_TESTS=OFF -D WENGERT_BUILD_DEMO=OFF)
  run(${CMAKE_COMMAND} --build ${work}/shared)
  run(${CMAKE_COMMAND} --install ${work}/shared --prefix ${work}/prefix_shared)
elseif(case STREQUAL "find_package_shared")
  # hidden symbols of its own must not keep the program from catching the library's errors
  build_and_run(${consumer} -D CMAKE_PREFIX_PATH=${work}/prefix_shared -D CMAKE_CXX_VISIBILITY_PRESET=hidden)
elseif(case STREQUAL "pkg_config_shared")
  build_with_pkg_config(${work}/prefix_shared)
elseif(case STREQUAL "add_subdirectory")
  build_and_run(${consumer} -D WENGERT_SOURCE_DIR=${source})
elseif(case STREQUAL "beside_a_library_called_autodiff")
  build_and_run(${source}/tests/package/foreign -D WENGERT_SOURCE_DIR=${source})
elseif(case MATCHES "^headers_")
  include(${CMAKE_CURRENT_LIST_DIR}/headers.cmake)
else()
  message(FATAL_ERROR "no such case: ${case}")
endif()
