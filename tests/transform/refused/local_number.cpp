#include <wengert/local.hpp>

wengert::Var f(wengert::Var x) {
  return wengert::local([](wengert::Var y) { return y.value() * y.value(); }, x);
}
