#include <wengert/function.hpp>

struct Pair {
  wengert::Var first, second;
};

wengert::Function f() {
  return wengert::record([](wengert::Var x) { return Pair{x, x * x}; }, 1.0);
}
