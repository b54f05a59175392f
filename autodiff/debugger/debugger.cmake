# What debuggers need beside a target: gdb finds FILE-gdb.py next to FILE (once the folder is on its auto-load safe path, which gdb
# itself explains when it declines), and fmt must not switch optimisation on for its part of a Debug build, for gdb then takes the
# arguments of every function of that file to be in place before they are.
function(wengert_debuggable target)
  get_target_property(type ${target} TYPE)
  if(type MATCHES "EXECUTABLE|SHARED_LIBRARY")
    file(GENERATE OUTPUT $<TARGET_FILE:${target}>-gdb.py
      CONTENT "import sys\nsys.path.insert(0, '${wengert_SOURCE_DIR}/autodiff/debugger')\nimport wengert_gdb\n")
  endif()
  target_compile_options(${target} PRIVATE "$<$<AND:$<CONFIG:Debug>,$<CXX_COMPILER_ID:GNU>>:-DFMT_GCC_PRAGMA(arg)=>")
endfunction()

wengert_debuggable(wengert)
if(MSVC)
  target_sources(wengert INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}/wengert.natvis>)
endif()
if(WENGERT_INSTALL)
  set(scripts ${CMAKE_INSTALL_DATADIR}/wengert/debugger)
  foreach(file wengert_gdb.py wengert_lldb.py wengert_tape.py wengert.natvis)
    install(FILES ${CMAKE_CURRENT_LIST_DIR}/${file} DESTINATION ${scripts} COMPONENT wengert_development)
  endforeach()
  # gdb loads what lies beside a library, once that folder is on its auto-load safe path: so the prefix may be anywhere, and be moved.
  # Under /usr, which Debian's gdb is built for, it looks in a place of its own and trusts what is there; a file beside the library
  # would only hide that. Which prefix it is is known when it is installed (to CPack, /usr is a folder of its own).
  if(BUILD_SHARED_LIBS AND UNIX AND NOT APPLE AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    file(RELATIVE_PATH from_library ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_DATADIR}/wengert/debugger)
    file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/installed-gdb.py
      CONTENT "import os, sys, gdb\nsys.path.insert(0, os.path.join(os.path.dirname(gdb.current_objfile().filename), '${from_library}'))\nimport wengert_gdb\n")
    install(CODE "
      set(wengert_gdb_place ${CMAKE_INSTALL_LIBDIR})
      if(CMAKE_INSTALL_PREFIX MATCHES \"^(.*/_CPack_Packages/.*)?/usr/?$\")
        set(wengert_gdb_place ${CMAKE_INSTALL_DATADIR}/gdb/auto-load/usr/${CMAKE_INSTALL_LIBDIR})
      endif()" COMPONENT wengert_development)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/installed-gdb.py DESTINATION "\${wengert_gdb_place}"
      RENAME $<TARGET_FILE_NAME:wengert>-gdb.py COMPONENT wengert_development)
  endif()
endif()
