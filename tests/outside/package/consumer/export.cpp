// Somebody's picture of a graph: component export.
#include <cstdio>
#include <wengert/export.hpp>
#include <wengert/wengert.hpp>

int main() {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(3, "x");
  const std::string json = wengert::to_json(named("y", x * x));
  std::printf("%s\n", json.c_str());
  return json.find("\"y\"") != std::string::npos ? 0 : 1;
}
