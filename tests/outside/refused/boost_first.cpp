#include <boost/math/special_functions/gamma.hpp>
#include <wengert/boost.hpp>
