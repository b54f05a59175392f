// kissfft: Fourier transforms of variables, of lengths with butterflies of every kind.
#include <wengert/std.hpp>
// before theirs, which say std::sqrt
#include <gmock/gmock.h>

#include <complex>
#include <kissfft/kissfft.hh>
#include <vector>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;

const std::vector<std::array<double, 3>> points = {{0.71, 0.33, 3.2}, {0.21, 0.53, 1.2}};

/// A sum over the spectrum with weights of its own for each entry, not linear in the imaginary parts.
template <class T>
T weighed(const std::vector<std::complex<T>>& spectrum) {
  T sum = 0;
  for (std::size_t i = 0; i < spectrum.size(); ++i)
    sum += spectrum[i].real() * T(i + 1) + spectrum[i].imag() * spectrum[i].imag();
  return sum;
}

TEST(Kissfft, TransformsOfComplexData) {
  for (const int n : {2, 3, 4, 5, 7, 12, 30})
    for (const bool inverse : {false, true}) {
      const auto f = [&]<class T>(T a, T b, T c) {
        const kissfft<T> transform(n, inverse);
        std::vector<std::complex<T>> x(n), y(n);
        for (int i = 0; i < n; ++i) x[i] = std::complex<T>(a * T(i) + b, c * T(i * i) - a * b);
        transform.transform(x.data(), y.data());
        return weighed(y);
      };
      like_numbers<3>(inverse ? "inverse" : "forward", f, points);
    }
}

TEST(Kissfft, TransformsOfRealData) {
  const auto f = []<class T>(T a, T b, T c) {
    const int n = 8;
    const kissfft<T> transform(n, false);
    std::vector<std::complex<T>> y(n);
    std::vector<T> x(2 * n);
    for (int i = 0; i < 2 * n; ++i) x[i] = a * T(i) + b * sin(c * T(i));
    transform.transform_real(x.data(), y.data());
    return weighed(y);
  };
  like_numbers<3>("transform_real", f, points, {.reach = 1.0 / 2048});  // sin(16 c) turns fast
}

// Parseval: the sum of squares of the spectrum is n times that of the data, and so are its derivatives, 2 n x.
TEST(Kissfft, KeepsTheSumOfSquaresAndItsGradient) {
  wengert::Tape tape;
  const int n = 12;
  std::vector<std::complex<wengert::Var>> x, y(n);
  for (int i = 0; i < n; ++i) x.emplace_back(tape.variable(i - 3.5), tape.variable(0.25 * i));
  kissfft<wengert::Var>(n, false).transform(x.data(), y.data());
  wengert::Var squares = 0;
  for (const auto& z : y) squares += std::norm(z);
  const wengert::Gradient gradient = wengert::gradient(squares);
  for (int i = 0; i < n; ++i) {  // sums of 12 terms up to a thousand
    EXPECT_NEAR(gradient.wrt(x[i].real()), 2 * n * (i - 3.5), 1e-11);
    EXPECT_NEAR(gradient.wrt(x[i].imag()), 2 * n * 0.25 * i, 1e-11);
  }
}

}  // namespace
