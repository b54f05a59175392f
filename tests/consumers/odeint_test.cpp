// Boost.Odeint: steppers that integrate a state of variables, with parameters that are variables.
#include <gmock/gmock.h>

#include <array>
#include <boost/numeric/odeint.hpp>
#include <utility>
#include <vector>
#include <wengert/std.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace odeint = boost::numeric::odeint;
using consumers::like_numbers;

template <class T>
using State = std::array<T, 2>;

/// A damped oscillator: x' = v, v' = -k x - c v.
template <class T>
struct Oscillator {
  T k, c;
  template <class Time>
  void operator()(const State<T>& s, State<T>& change, const Time&) const {
    change[0] = s[1];
    change[1] = -k * s[0] - c * s[1];
  }
};

/// A function of k, c and the first position: where a run has taken the state.
template <class Run>
auto after(Run run) {
  return [run](auto k, auto c, auto x) {
    using T = decltype(k);
    State<T> s{x, T(0.5)};
    run(Oscillator<T>{k, c}, s);
    return s[0] + 2 * s[1];
  };
}
const std::vector<std::array<double, 3>> points = {{2.3, 0.4, 1.2}, {1.1, 0.1, -0.7}};

template <template <class, class, class, class> class Stepper>
void like_numbers_by(const char* name) {
  const auto run = []<class T>(const Oscillator<T>& system, State<T>& s) {
    odeint::integrate_const(Stepper<State<T>, T, State<T>, T>(), system, s, T(0), T(1), T(0.125));
  };
  like_numbers<3>(name, after(run), points);
}
// The templates of odeint have further parameters.
template <class S, class V, class D, class T>
using Euler = odeint::euler<S, V, D, T>;
template <class S, class V, class D, class T>
using RungeKutta4 = odeint::runge_kutta4<S, V, D, T>;
template <class S, class V, class D, class T>
using Classic = odeint::runge_kutta4_classic<S, V, D, T>;
template <class S, class V, class D, class T>
using Midpoint = odeint::modified_midpoint<S, V, D, T>;
template <class S, class V, class D, class T>
using CashKarp = odeint::runge_kutta_cash_karp54<S, V, D, T>;
template <class S, class V, class D, class T>
using DormandPrince = odeint::runge_kutta_dopri5<S, V, D, T>;
template <class S, class V, class D, class T>
using Fehlberg = odeint::runge_kutta_fehlberg78<S, V, D, T>;
template <class S, class V, class D, class T>
using AdamsBashforth = odeint::adams_bashforth<4, S, V, D, T>;
template <class S, class V, class D, class T>
using AdamsBashforthMoulton = odeint::adams_bashforth_moulton<4, S, V, D, T>;

TEST(Odeint, StepsOfOneSize) {
  like_numbers_by<Euler>("euler");
  like_numbers_by<Midpoint>("modified_midpoint");
  like_numbers_by<RungeKutta4>("runge_kutta4");
  like_numbers_by<Classic>("runge_kutta4_classic");
  like_numbers_by<CashKarp>("runge_kutta_cash_karp54");
  like_numbers_by<DormandPrince>("runge_kutta_dopri5");
  like_numbers_by<Fehlberg>("runge_kutta_fehlberg78");
  like_numbers_by<AdamsBashforth>("adams_bashforth");
  like_numbers_by<AdamsBashforthMoulton>("adams_bashforth_moulton");
}

// Coefficients and times that are numbers: odeint then wants the type of its coefficients to be double too.
TEST(Odeint, TimesThatAreNumbers) {
  const auto run = []<class T>(const Oscillator<T>& system, State<T>& s) {
    odeint::integrate_const(odeint::runge_kutta4<State<T>, double, State<T>, double>(), system, s, 0.0, 1.0, 0.125);
  };
  like_numbers<3>("runge_kutta4", after(run), points);
}

// Steps that adapt: each depends on the errors before, so on the variables too, and is differentiated with them. Held against the
// exact solution: the numerical one is within the tolerance of it, and its derivative about as near. 1e-6 is a tolerance for each
// of some ten steps, and derivatives in k and c grow by the time, 1.
TEST(Odeint, StepsThatAdaptHaveTheDerivativeOfTheSolution) {
  // underdamped: x(t) = exp(-c t / 2) (x0 cos(w t) + (v0 + c x0 / 2) / w sin(w t)), w^2 = k - c^2 / 4
  const auto exact = [](auto k, auto c, auto x) {
    const auto w = sqrt(k - c * c / 4), b = (0.5 + c * x / 2) / w, decay = exp(-c / 2);
    const auto position = decay * (x * cos(w) + b * sin(w));
    return position + 2 * (decay * w * (b * cos(w) - x * sin(w)) - c / 2 * position);
  };
  const auto compare = [&](const char* name, auto run) {
    SCOPED_TRACE(name);
    for (const auto& at : points) {
      wengert::Tape tape;
      const std::array x{tape.variable(at[0]), tape.variable(at[1]), tape.variable(at[2])};
      const wengert::Var y = std::apply(after(run), x), expected = std::apply(exact, x);
      EXPECT_NEAR(y.value(), expected.value(), 1e-5);
      const wengert::Gradient gradient = wengert::gradient(y), of_expected = wengert::gradient(expected);
      for (const wengert::Var& v : x) EXPECT_NEAR(gradient.wrt(v), of_expected.wrt(v), 1e-5);
    }
  };
  compare("runge_kutta_dopri5", []<class T>(const Oscillator<T>& system, State<T>& s) {
    using Stepper = odeint::runge_kutta_dopri5<State<T>, T, State<T>, T>;
    odeint::integrate_adaptive(odeint::make_controlled(T(1e-6), T(1e-6), Stepper()), system, s, T(0), T(1), T(0.1));
  });
  compare("runge_kutta_cash_karp54", []<class T>(const Oscillator<T>& system, State<T>& s) {
    using Stepper = odeint::runge_kutta_cash_karp54<State<T>, T, State<T>, T>;
    odeint::integrate_adaptive(odeint::make_controlled(T(1e-6), T(1e-6), Stepper()), system, s, T(0), T(1), T(0.1));
  });
  compare("runge_kutta_fehlberg78", []<class T>(const Oscillator<T>& system, State<T>& s) {
    using Stepper = odeint::runge_kutta_fehlberg78<State<T>, T, State<T>, T>;
    odeint::integrate_adaptive(odeint::make_controlled(T(1e-6), T(1e-6), Stepper()), system, s, T(0), T(1), T(0.1));
  });
  compare("dense output", []<class T>(const Oscillator<T>& system, State<T>& s) {
    using Stepper = odeint::runge_kutta_dopri5<State<T>, T, State<T>, T>;
    odeint::integrate_const(odeint::make_dense_output(T(1e-6), T(1e-6), Stepper()), system, s, T(0), T(1), T(0.125));
  });
  compare("bulirsch_stoer", []<class T>(const Oscillator<T>& system, State<T>& s) {
    using Stepper = odeint::bulirsch_stoer<State<T>, T, State<T>, T>;
    odeint::integrate_adaptive(Stepper(1e-6, 1e-6, 0.0, 0.0), system, s, T(0), T(1), T(0.1));
  });
  compare("integrate",
          []<class T>(const Oscillator<T>& system, State<T>& s) { odeint::integrate(system, s, T(0), T(1), T(0.1)); });
}

// A pendulum: q'' = -k sin q.
TEST(Odeint, SymplecticSteps) {
  const auto mclachlan = [](auto k, auto p, auto q) {
    using Vector = std::vector<decltype(k)>;
    using T = decltype(k);
    std::pair<Vector, Vector> s{{q}, {p}};
    odeint::symplectic_rkn_sb3a_mclachlan<Vector, Vector, T, Vector, Vector, T> stepper;
    const auto of_q = [](const Vector& momentum, Vector& change) { change[0] = momentum[0]; };
    const auto of_p = [k](const Vector& place, Vector& change) { change[0] = -k * sin(place[0]); };
    for (int i = 0; i < 10; ++i) stepper.do_step(std::make_pair(of_q, of_p), s, T(i) / 10, T(1) / 8);
    return s.first[0] + s.second[0];
  };
  like_numbers<3>("symplectic_rkn_sb3a_mclachlan", mclachlan, points);
  const auto verlet = [](auto k, auto p, auto q) {
    using Vector = std::vector<decltype(k)>;
    using T = decltype(k);
    std::pair<Vector, Vector> s{{q}, {p}};
    const auto force = [k](const Vector& place, const Vector&, Vector& change, T) { change[0] = -k * sin(place[0]); };
    odeint::velocity_verlet<Vector, Vector, T, Vector, T, T> stepper;
    odeint::integrate_const(stepper, force, s, T(0), T(1), T(0.125));
    return s.first[0] + s.second[0];
  };
  like_numbers<3>("velocity_verlet", verlet, points);
}

}  // namespace
