# Runs a page's program: it must print what the page says.
cmake_minimum_required(VERSION 3.23)
execute_process(COMMAND ${program} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
file(READ ${expected} shown)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the program of ${page} ended with ${status}; it printed\n${printed}")
endif()
cmake_path(GET expected PARENT_PATH folder)
string(REPLACE "${folder}/" "" printed "${printed}")  # a page shows file names without the folder where the test compiles
if(NOT printed STREQUAL shown)
  message(FATAL_ERROR "${page} shows\n${shown}but its program prints\n${printed}")
endif()
