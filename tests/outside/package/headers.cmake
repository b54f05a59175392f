# Each public header by itself: it compiles without another include before it, twice over, and what it reaches is the standard library
# and itself. Included by run.cmake.
list(FILTER headers INCLUDE REGEX "/wengert/[^/]+$")  # those of the rooms are parts of the house
set(alone ${work}/${case}.cpp)
separate_arguments(extra UNIX_COMMAND "${flags}")
set(compile ${compiler} -std=c++20 -I${source}/autodiff)
if(eigen)
  list(APPEND compile -isystem ${eigen})
else()
  list(FILTER headers EXCLUDE REGEX "/eigen.hpp$")
endif()
if(NOT ceres)
  list(FILTER headers EXCLUDE REGEX "/ceres.hpp$")
endif()

# Every file that the standard library's headers may open is reached from here.
function(files_included_by text result)
  file(WRITE ${alone} "${text}")
  execute_process(COMMAND ${compile} -M ${alone} OUTPUT_VARIABLE rule COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "\\\\\n" " " rule "${rule}")
  separate_arguments(files UNIX_COMMAND "${rule}")
  list(POP_FRONT files)   # the target
  list(POP_FRONT files)   # the file itself
  list(TRANSFORM files REPLACE "/[^/]+/\\.\\./" "/")
  set(${result} ${files} PARENT_SCOPE)
endfunction()

if(case MATCHES "standard_library_only")
  files_included_by("#include <bits/stdc++.h>\n" standard)
  list(LENGTH standard count)
  if(count LESS 200)
    message(FATAL_ERROR "the list of standard headers has ${count} entries only")
  endif()
endif()

foreach(header ${headers})
  cmake_path(GET header FILENAME name)
  message(STATUS ${name})
  if(case MATCHES "compile_alone")
    file(WRITE ${alone} "#include <wengert/${name}>\n#include <wengert/${name}>\n")
    execute_process(COMMAND ${compile} -Wall -Wextra -Werror -fsyntax-only ${alone} COMMAND_ERROR_IS_FATAL ANY)
  else()
    if(name MATCHES "^(format|eigen|ceres).hpp$")  # whose purpose is to meet another library
      continue()
    endif()
    files_included_by("#include <wengert/${name}>\n" files)
    foreach(file ${files})
      if(NOT file IN_LIST standard AND NOT file MATCHES "/autodiff/wengert/")
        message(FATAL_ERROR "<wengert/${name}> includes ${file}, which is not of the standard library")
      endif()
    endforeach()
  endif()
endforeach()
