#include <string>
#include <vector>
#include <wengert/ranks.hpp>

auto f(wengert::Ranks& ranks) {
  return wengert::gather(ranks, "f", [] { return std::vector<std::string>{"a"}; });
}
