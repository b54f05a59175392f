// Lanes where the compiler has no vectors of its own (and with WENGERT_NO_VECTORS): an array, and loops over it that an optimiser
// may make instructions of. It can what lanes.hpp asks of a vector, with the same results. Inside the library only.
#pragma once

#include "wengert/record/config.hpp"

#if !WENGERT_VECTORS
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace wengert::detail {

template <class T, std::size_t size>
struct PlainLanes {
  using Truth = PlainLanes<std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>, size>;
  T lane[size];

  T& operator[](std::size_t k) { return lane[k]; }
  T operator[](std::size_t k) const { return lane[k]; }
  /// f(k) in lane k.
  template <class F>
  static PlainLanes each(F f) {
    PlainLanes result;
    for (std::size_t k = 0; k < size; ++k) result.lane[k] = static_cast<T>(f(k));
    return result;
  }
  /// The same bits as numbers of another kind.
  template <class Other>
  explicit operator PlainLanes<Other, size>() const {
    return std::bit_cast<PlainLanes<Other, size>>(*this);
  }

  friend PlainLanes operator+(const PlainLanes& x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x[k] + y[k]; });
  }
  friend PlainLanes operator-(const PlainLanes& x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x[k] - y[k]; });
  }
  friend PlainLanes operator*(const PlainLanes& x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x[k] * y[k]; });
  }
  friend PlainLanes operator/(const PlainLanes& x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x[k] / y[k]; });
  }
  friend PlainLanes operator-(T x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x - y[k]; });
  }
  friend PlainLanes operator-(const PlainLanes& x) {
    return each([&](std::size_t k) { return -x[k]; });
  }
  // all bits set, or none
  friend Truth operator<(const PlainLanes& x, const PlainLanes& y) {
    return Truth::each([&](std::size_t k) { return x[k] < y[k] ? -1 : 0; });
  }
  friend Truth operator>(const PlainLanes& x, const PlainLanes& y) {
    return Truth::each([&](std::size_t k) { return x[k] > y[k] ? -1 : 0; });
  }
  friend Truth operator<=(const PlainLanes& x, const PlainLanes& y) {
    return Truth::each([&](std::size_t k) { return x[k] <= y[k] ? -1 : 0; });
  }
  friend Truth operator>=(const PlainLanes& x, const PlainLanes& y) {
    return Truth::each([&](std::size_t k) { return x[k] >= y[k] ? -1 : 0; });
  }
  friend Truth operator==(const PlainLanes& x, const PlainLanes& y) {
    return Truth::each([&](std::size_t k) { return x[k] == y[k] ? -1 : 0; });
  }
  // on these
  friend PlainLanes operator&(const PlainLanes& x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x[k] & y[k]; });
  }
  friend PlainLanes operator|(const PlainLanes& x, const PlainLanes& y) {
    return each([&](std::size_t k) { return x[k] | y[k]; });
  }
  friend PlainLanes operator~(const PlainLanes& x) {
    return each([&](std::size_t k) { return ~x[k]; });
  }
};

}  // namespace wengert::detail
#endif
