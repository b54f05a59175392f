#include <functional>
#include <wengert/wengert.hpp>

int main() { std::hash<wengert::Var> hash; }
