# The reference as HTML: cmake --build build --target wengert_docs. The target is there where Doxygen is.
find_package(Doxygen QUIET)
find_program(WENGERT_AWK NAMES mawk gawk awk)
mark_as_advanced(WENGERT_AWK)
if(NOT TARGET Doxygen::doxygen OR NOT WENGERT_AWK)
  message(STATUS "wengert: no Doxygen (Debian: doxygen); no target wengert_docs")
  return()
endif()
set(reference ${CMAKE_CURRENT_LIST_DIR}/../docs/reference)
cmake_path(NORMAL_PATH reference)
set(reference_output ${wengert_BINARY_DIR}/reference)
# Var's functions, operators and nodes stand in rooms, in front of `detail`.
set(reference_headers ${api})
foreach(header condition functions nary_nodes node)
  list(APPEND reference_headers ${CMAKE_CURRENT_LIST_DIR}/../wengert/record/${header}.hpp)
endforeach()
# All pages, so that links between them lead somewhere.
set(tree ${wengert_SOURCE_DIR})
file(GLOB_RECURSE reference_pages CONFIGURE_DEPENDS ${tree}/autodiff/*.md)
file(GLOB more_pages CONFIGURE_DEPENDS ${tree}/vae_kl/*.md ${tree}/benchmarks/*.md ${tree}/tests/*.md)
list(PREPEND reference_pages ${tree}/README.md)
list(APPEND reference_pages ${more_pages} ${tree}/CHANGELOG.md)
set(reference_input ${reference_pages} ${reference}/namespaces.dox ${reference_headers})
list(TRANSFORM reference_input REPLACE ".+" "\"\\0\"")
list(JOIN reference_input " \\\n  " reference_input)
set(awk ${WENGERT_AWK})
# Doxygen learned of dark pages in 1.9.5; before, reference.css has them alone.
set(reference_colours "")
if(DOXYGEN_VERSION VERSION_GREATER_EQUAL 1.9.5)
  set(reference_colours "HTML_COLORSTYLE = AUTO_LIGHT")
endif()
# Formulas are set by MathJax in the reader's browser: from this machine where it is installed, else from where Doxygen has it from.
find_path(WENGERT_MATHJAX MathJax.js PATHS /usr/share/javascript/mathjax)
mark_as_advanced(WENGERT_MATHJAX)
set(reference_mathematics "USE_MATHJAX = YES\nMATHJAX_EXTENSIONS = TeX/AMSmath TeX/AMSsymbols")
if(WENGERT_MATHJAX)
  string(APPEND reference_mathematics "\nMATHJAX_RELPATH = file://${WENGERT_MATHJAX}")
endif()
configure_file(${reference}/Doxyfile.in ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile @ONLY)
file(GLOB reference_sources CONFIGURE_DEPENDS ${reference}/*)
add_custom_command(OUTPUT ${reference_output}/index.html
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${reference_output}
  COMMAND Doxygen::doxygen ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile
  DEPENDS ${reference_headers} ${reference_pages} ${reference_sources} ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile
  COMMENT "The reference: ${reference_output}/index.html" VERBATIM)
add_custom_target(wengert_docs DEPENDS ${reference_output}/index.html)
