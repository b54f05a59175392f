#include <wengert/function.hpp>

wengert::Function f() {
  return wengert::record([](wengert::Var x) { return x.value() * x.value(); }, 1.0);
}
