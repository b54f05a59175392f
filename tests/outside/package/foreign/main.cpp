#include <autodiff/reverse/var.hpp>
#include <wengert/wengert.hpp>

using namespace autodiff;
using namespace wengert;

int main() {
  const var theirs{2};
  Tape tape;
  const Var ours = tape.variable(0, "x");
  const bool right = gradient(exp(theirs), theirs) == 1 && gradient(exp(ours)).wrt(ours) == 1;
  return right ? 0 : 1;
}
