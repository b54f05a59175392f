#include <wengert/local.hpp>

wengert::Var f() {
  return wengert::local([] { return wengert::Var(1.0); });
}
