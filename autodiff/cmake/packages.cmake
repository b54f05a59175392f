# Packages by CPack: `cpack -G TGZ` in the build folder, whatever it holds in one archive; `cpack -G DEB`, for Debian and Ubuntu, from
# the preset `package`: libwengert0.1 (what programs run with), libwengert-mpi0.1 (its component mpi, where MPI was found), wengert-dev
# (what builds them) and wengert-demo. .ci/packages makes them, asks lintian, and installs them.
set(CPACK_PACKAGE_NAME wengert)
set(CPACK_PACKAGE_VENDOR "the wengert authors")
set(CPACK_PACKAGE_CONTACT "the wengert authors <authors@wengert.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_RESOURCE_FILE_LICENSE ${wengert_SOURCE_DIR}/LICENSE)
set(CPACK_RESOURCE_FILE_README ${wengert_SOURCE_DIR}/README.md)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR TGZ)
set(CPACK_THREADS 0)

# What is there to pack: no part of a static library is needed to run a program.
set(CPACK_COMPONENTS_ALL wengert_development)
if(BUILD_SHARED_LIBS)
  list(APPEND CPACK_COMPONENTS_ALL wengert_runtime)
  if(TARGET wengert_mpi)
    list(APPEND CPACK_COMPONENTS_ALL wengert_mpi)
  endif()
endif()
if(WENGERT_BUILD_DEMO)
  list(APPEND CPACK_COMPONENTS_ALL wengert_demo)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${wengert_BINARY_DIR}/autodiff)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(soname_version ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(runtime_package "")
if(BUILD_SHARED_LIBS)
  set(runtime_package "libwengert${soname_version} (= ${PROJECT_VERSION})")
endif()
file(CONFIGURE OUTPUT triggers CONTENT "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_WENGERT_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/triggers)
set(CPACK_DEBIAN_WENGERT_RUNTIME_PACKAGE_NAME libwengert${soname_version})
set(CPACK_DEBIAN_WENGERT_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_WENGERT_RUNTIME_DESCRIPTION
"reverse-mode automatic differentiation (shared library)
wengert records a computation on a tape and runs that one tape stepped in a
debugger, replayed over batches, or expanded at compile time.

This package has the shared libraries, the components export and check among
them.")

set(CPACK_DEBIAN_WENGERT_MPI_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/triggers)
set(CPACK_DEBIAN_WENGERT_MPI_PACKAGE_NAME libwengert-mpi${soname_version})
set(CPACK_DEBIAN_WENGERT_MPI_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_WENGERT_MPI_PACKAGE_DEPENDS "${runtime_package}")
set(CPACK_COMPONENT_WENGERT_MPI_DESCRIPTION
"reverse-mode automatic differentiation over MPI (shared library)
wengert records a computation on a tape and runs that one tape stepped in a
debugger, replayed over batches, or expanded at compile time.

This package has the component that shares batches out to the ranks of an MPI
communicator.")

set(CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_NAME wengert-dev)
set(CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_DEPENDS "libfmt-dev")
set(CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_SUGGESTS "gdb, libeigen3-dev, graphviz")
if(TARGET wengert_mpi)
  string(APPEND CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_SUGGESTS ", libwengert-mpi${soname_version}, libopenmpi-dev")
endif()
if(BUILD_SHARED_LIBS)
  string(PREPEND CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_DEPENDS "${runtime_package}, ")
else()  # a static library's own libraries are linked by its users
  foreach(pair SLEEF:libsleef-dev TBB:libtbb-dev)
    string(REGEX MATCH "^([A-Z]+):(.+)$" pair ${pair})
    get_property(has TARGET wengert PROPERTY COMPILE_DEFINITIONS)
    if(has MATCHES "WENGERT_HAS_${CMAKE_MATCH_1}=1")
      string(APPEND CPACK_DEBIAN_WENGERT_DEVELOPMENT_PACKAGE_DEPENDS ", ${CMAKE_MATCH_2}")
    endif()
  endforeach()
endif()
set(CPACK_COMPONENT_WENGERT_DEVELOPMENT_DESCRIPTION
"reverse-mode automatic differentiation (development files)
wengert records a computation on a tape and runs that one tape stepped in a
debugger, replayed over batches, or expanded at compile time.

This package has the C++20 headers, the CMake package and the pkg-config files,
the commands for gdb and lldb, and the documentation.")

set(CPACK_DEBIAN_WENGERT_DEMO_PACKAGE_NAME wengert-demo)
set(CPACK_DEBIAN_WENGERT_DEMO_PACKAGE_SECTION math)
set(CPACK_DEBIAN_WENGERT_DEMO_PACKAGE_DEPENDS "${runtime_package}")
if(BUILD_SHARED_LIBS AND TARGET wengert_mpi)
  string(APPEND CPACK_DEBIAN_WENGERT_DEMO_PACKAGE_DEPENDS ", libwengert-mpi${soname_version} (= ${PROJECT_VERSION})")
endif()
set(CPACK_DEBIAN_WENGERT_DEMO_PACKAGE_SUGGESTS "graphviz, gnuplot-nox, gdb")
set(CPACK_COMPONENT_WENGERT_DEMO_DESCRIPTION
"gradient of a KL divergence by backpropagation, against its closed form
vae_kl differentiates the Kullback-Leibler term of a variational autoencoder
by reverse mode on the wengert library's tape, over many samples, and says how
many standard errors the result is from the closed form. It also shows one
backward pass step by step, and compares gradient estimators.")

# What lintian wants beside the files: copyright, changelog, compressed manual pages.
find_program(WENGERT_GZIP gzip)
mark_as_advanced(WENGERT_GZIP)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake.in ${wengert_BINARY_DIR}/debian_files.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${wengert_BINARY_DIR}/debian_files.cmake)

include(CPack)
