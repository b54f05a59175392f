// The program wengert_gradbench: a tool for GradBench that answers an eval's messages on stdin; or the table of ratios.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "gradbench/protocol.hpp"
#include "gradbench/ratios.hpp"

int main(int argc, char** argv) {
  try {
    CLI::App program("Answers the messages of a GradBench eval, line by line on stdin and stdout, with gradients by wengert");
    bool ratios = false;
    std::vector<std::string> only;
    program.add_flag("--ratios", ratios,
                     "print the time of each gradient as a ratio to the time of its primal in double, and end");
    program.add_option("--only", only, "of these modules alone")->needs("--ratios");
    CLI11_PARSE(program, argc, argv);
    if (ratios)
      gradbench::print_ratios(only);
    else
      gradbench::serve(std::cin, std::cout);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "wengert_gradbench: {}\n", error.what());
    return 2;
  }
}
