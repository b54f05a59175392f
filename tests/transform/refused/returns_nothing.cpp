#include <wengert/function.hpp>

wengert::Function f() {
  return wengert::record([](wengert::Var x) { static_cast<void>(x * x); }, 1.0);
}
