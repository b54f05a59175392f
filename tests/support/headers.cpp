// Empty: it is compiled for the headers that the tests share, see CMakeLists.txt.
