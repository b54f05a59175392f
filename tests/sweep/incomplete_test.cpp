// Incomplete gamma and beta functions: values and derivatives against tables, which mpmath 1.3 made in 100 digits and more
// (series of positive terms, differentiated term by term: DLMF 8.7.1 and 8.17.8; from 10^6 on quadrature), and every way of
// running.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/special.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

constexpr double ulp = 0x1p-52;

/// Recorded elsewhere, so that what is read at the point is a replay's.
const Function recorded_p = record([](Var a, Var x) { return gamma_p(a, x); }, 1.5, 2.0);
const Function recorded_q = record([](Var a, Var x) { return gamma_q(a, x); }, 1.5, 2.0);
const Function recorded_i = record([](Var a, Var b, Var x) { return ibeta(a, b, x); }, 1.5, 2.0, 0.25);
const Function recorded_c = record([](Var a, Var b, Var x) { return ibetac(a, b, x); }, 1.5, 2.0, 0.25);

struct GammaRow {
  double a, x, p, q, in_a, in_aa, density;
};
const GammaRow gamma_table[] = {
    {1e-12, 1.0, 0.999999999999780616, 2.19383934395744744e-13, -0.219383934395969224, -0.448950081554678503,
     3.6787944117165466e-13},
    {1e-12, 1e-300, 0.999999999309801688, 6.90198311995126126e-10, -690.198311756940107, 476372.064946856909,
     9.99999999309801643e+287},
    {0.001, 1e-200, 0.631321129085828755, 0.368678870914171245, -290.370753423179194, 133552.507433331666,
     6.3132112908582878e+196},
    {0.5, 1e-12, 1.12837916709513644e-6, 0.999998871620832905, -0.0000312194431192253534, 0.000862709477393457383,
     564189.583547192103},
    {3.0, 1e-12, 1.66666666666541657e-37, 1.0, -4.81452313072312402e-36, 1.39030494031756121e-34, 4.9999999999949998e-25},
    {0.05, 20.0, 0.999999999994118679, 5.88132139173909552e-12, -1.38442703238492768e-10, -8.97326971902949622e-10,
     6.1484268663033856e-12},
    {1.0, 1.0, 0.632120558828557678, 0.367879441171442322, -0.431729710634898696, 0.0336180352999591971, 0.367879441171442322},
    {2.5, 3.25, 0.739441544089254046, 0.260558455910745954, -0.207679646838323334, -0.0535247434086176822, 0.170895951922578041},
    {2.0, 30.0, 0.999999999997099137, 2.90086312034045413e-12, -8.73656634561654951e-12, -2.44441783008102992e-11,
     2.80728689065205238e-12},
    {5.0, 500.0, 1.0, 1.8702907209159497e-208, -8.81000901504765329e-208, -4.1085638282393254e-207, 1.85535843925554311e-208},
    {100.0, 20.0, 3.48887866968965318e-37, 1.0, -5.6410075197682542e-37, 9.08615730912928282e-37, 1.39983316274954053e-36},
    {100.0, 100.0, 0.513298798279148665, 0.486701201720851335, -0.0399274978577860522, 3.33274971331484147e-7,
     0.0398609968091471352},
    {50.0, 300.0, 1.0, 2.41882858334648579e-72, -4.36781199134116771e-72, -7.83837273138990514e-72, 2.02531249542351695e-72},
    {10000.0, 9500.0, 1.86245465179515509e-7, 0.99999981375453482, -9.89231901221469413e-9, 5.07413867795932384e-10,
     1.01502486558653249e-8},
    {10000.0, 12000.0, 1.0, 3.32720249234516134e-79, -6.08440860033475977e-80, -1.10932808245356033e-80, 5.56188327674846628e-80},
    {1000000.0, 1000000.0, 0.500132980760872591, 0.499867019239127409, -0.000398942313646625205, 3.32451983447422204e-17,
     0.00039894224715624403},
    {1000000.0, 1003000.0, 0.998638259353782409, 0.00136174064621759148, -4.46513075896250625e-6, -1.33753403986860794e-8,
     4.45844901890599826e-6},
    {1000000000000.0, 1000000000000.0, 0.500000132980760134, 0.499999867019239866, -3.98942280401465923e-7,
     3.32451900334610345e-32, 3.98942280401399433e-7},
    {1000000000000.0, 999998000000.0, 0.0227500779571856985, 0.977249922042814301, -5.39908765281523786e-8,
     1.07981861038210788e-13, 5.39909305191098932e-8},
    {1000000000000.0, 1000003000000.0, 0.998650090150083098, 0.0013499098499169015, -4.43188165084467646e-9,
     -1.32956250091075954e-14, 4.43187500303808106e-9},
};

// The stated ulps, and two for the rounding of the table. A second derivative is a sum of terms of both signs, of which the
// smaller tail times trigamma is one.
TEST(IncompleteGamma, HasTheDigitsOfTheTable) {
  for (const GammaRow& row : gamma_table) {
    SCOPED_TRACE(testing::Message() << "a " << row.a << ", x " << row.x);
    EXPECT_NEAR(gamma_p(row.a, row.x), row.p, 8 * ulp * row.p);
    EXPECT_NEAR(gamma_q(row.a, row.x), row.q, 8 * ulp * row.q);
    const auto of_p = recorded_p.gradient(row.a, row.x), of_q = recorded_q.gradient(row.a, row.x);
    EXPECT_NEAR(of_p[0], row.in_a, 32 * ulp * std::abs(row.in_a));
    EXPECT_NEAR(of_q[0], -row.in_a, 32 * ulp * std::abs(row.in_a));
    EXPECT_NEAR(of_p[1], row.density, 8 * ulp * row.density);
    EXPECT_NEAR(of_q[1], -row.density, 8 * ulp * row.density);
    const double scale = std::abs(row.in_aa) + std::abs(row.in_a) + trigamma(std::max(1.0, row.a)) * std::min(row.p, row.q);
    const DenseMatrix bends = recorded_p.hessian(std::vector{row.a, row.x});
    EXPECT_NEAR(bends(0, 0), row.in_aa, 64 * ulp * scale);
    // the derivatives of the density, of terms that cancel near its largest value
    const double slope = std::log(row.x) - digamma(row.a), terms = std::abs(std::log(row.x)) + std::abs(digamma(row.a));
    EXPECT_NEAR(bends(0, 1), row.density * slope, 8 * ulp * row.density * terms);
    if (row.x < 1e-100) continue;  // the next one overflows
    EXPECT_NEAR(bends(1, 1), row.density * ((row.a - 1) - row.x) / row.x, 8 * ulp * row.density * (row.a + 1 + row.x) / row.x);
  }
}

struct BetaRow {
  double a, b, x, value, complement, in_a, in_b, in_aa, in_ab, in_bb, density;
};
const BetaRow beta_table[] = {
    {0.5, 0.5, 0.3, 0.369010119565545375, 0.630989880434454625, -0.642811481157283854, 0.468744583915505447, 1.34519950002628168,
     -0.265729758358444328, -0.614461605784587052, 0.694609118042856613},
    {2.0, 3.0, 0.25, 0.26171875, 0.73828125, -0.228053602324346373, 0.106921530052291388, 0.164480846925021598,
     -0.0446447322638603578, -0.00041793877625979312, 1.6875},
    {1e-12, 1.0, 0.5, 0.999999999999306853, 6.93147180559705069e-13, -0.693147180559464856, 1.06269354038181246e-12,
     0.4804530139178684, 1.06269354038041104, -2.2146077978534423e-12, 1.99999999999861367e-12},
    {1.0, 1e-12, 0.5, 6.93147180559705069e-13, 0.999999999999306853, -1.06269354038181246e-12, 0.693147180559464856,
     2.2146077978534423e-12, -1.06269354038041104, -0.4804530139178684, 1.99999999999861367e-12},
    {1e-12, 1e-12, 0.25, 0.499999999999450694, 0.500000000000549306, -250000000000.274658, 249999999999.725352,
     2.50000000000274663e+23, -274653072166.212257, -2.49999999999725357e+23, 2.66666666666220268e-12},
    {0.5, 3.0, 1e-300, 1.87500000000000002e-150, 1.0, -1.29320411480915071e-147, 3.38198072900205094e-151,
     8.91933204031636821e-145, -2.32638786938016244e-148, -6.00790165119975646e-152, 9.37499999999999988e+149},
    {2.0, 3.0, 1e-12, 5.99999999999199976e-24, 1.0, -1.62286126695356235e-22, 3.49999999999133319e-24, 4.38842281963605766e-21,
     -9.33389695044293582e-23, 9.9999999999399996e-25, 1.19999999999759998e-11},
    {3.0, 0.2, 0.999999999999, 0.994745008598893994, 0.00525499140110600577, -0.000399666038782693761, 0.138433102662755289,
     0.000119963994751810062, 0.00860345347740618305, -3.64203094716179367, 1051021530.62359172},
    {0.006, 85.0, 0.95, 1.0, 1.97748861607854859e-115, -3.39376995960224942e-113, 5.94713667012150577e-115,
     -3.31050816030453049e-112, 1.02062541103921592e-112, -1.78858030325086317e-114, 3.36377444516535769e-112},
    {85.0, 0.006, 0.05, 1.97748861607840849e-115, 1.0, -5.94713667012108624e-115, 3.39376995960200908e-113,
     1.78858030325073749e-114, -1.02062541103914392e-112, 3.31050816030429607e-112, 3.36377444516512227e-112},
    {10000.0, 2.0, 0.9995, 0.0403771621328762993, 0.959622837867123701, -0.0000168288663836424726, 0.0557915250979215062,
     6.73373501035783125e-9, -0.0000199717173692806074, 0.0521546809095062696, 336.67833791136271},
    {2.0, 10000.0, 0.0003, 0.8009413410101799, 0.1990586589898201, -0.197342449373425153, 0.0000447971577042951809,
     -0.0792951890374637633, 0.0000302796510208265574, -8.96167180201052523e-9, 1493.53729760717523},
    {10000.0, 10000.0, 0.5, 0.5, 0.5, -0.00282100668841266194, 0.00282100668841266194, 1.4105621158057765e-7,
     8.17616323844155699e-127, -1.4105621158057765e-7, 112.836506244408401},
    {100.0, 100.0, 0.45, 0.0783879327122205305, 0.92161206728777947, -0.0109013024141386983, 0.00986225639840654455,
     0.0012037770111583842, -0.0010394862632287729, 0.000890846385565679567, 4.16674054524112426},
    {1000.0, 1000.0, 0.48, 0.0367794832786395694, 0.963220516721360431, -0.00183607905692150426, 0.00176406300489465599,
     0.0000758739528447366943, -0.000072015454711276788, 0.000068308291558757604, 7.20557326754209602},
    {1.0, 100000.0, 1e-05, 0.632122398233427759, 0.367877601766572241, -0.431726809504387725, 3.67879441166843783e-6,
     0.0336177459132151335, 2.12345776242855443e-6, -3.67881280576312387e-11, 36788.1280579378035},
    {30.0, 0.001, 0.3, 9.70734600050278499e-21, 1.0, -1.20064645653747525e-20, 9.74245596761237486e-18, 1.4860624303047743e-20,
     -1.20495651884565847e-17, 7.03313075310210433e-17, 9.83973992300246362e-19},
    {1000000000000.0, 1000000000000.0, 0.5, 0.5, 0.5, -2.82094791773936913e-7, 2.82094791773936913e-7, 1.41047395887027226e-19,
     1.68103005610924757e-59, -1.41047395887027226e-19, 1128379.16709537153},
    {1000000000000.0, 1000000000000.0, 0.5000005, 0.92135039645780863, 0.0786496035421913702, -1.03776822483790567e-7,
     1.03776926260664931e-7, -1.03776718698469638e-13, 1.03776874363703347e-13, -1.03777030029092721e-13, 415107.497489049365},
    {1000000000000.0, 3000000000000.0, 0.2500003, 0.917071642789270936, 0.0829283572107290641, -1.3228724033000471e-7,
     4.40957820532631114e-8, -1.58744560082033455e-13, 5.29149177404455377e-14, -1.7638327373421587e-14, 705531.807320492593},
};

TEST(IncompleteBeta, HasTheDigitsOfTheTable) {
  for (const BetaRow& row : beta_table) {
    SCOPED_TRACE(testing::Message() << "a " << row.a << ", b " << row.b << ", x " << row.x);
    EXPECT_NEAR(ibeta(row.a, row.b, row.x), row.value, 8 * ulp * row.value);
    EXPECT_NEAR(ibetac(row.a, row.b, row.x), row.complement, 8 * ulp * row.complement);
    const auto slopes = recorded_i.gradient(row.a, row.b, row.x), others = recorded_c.gradient(row.a, row.b, row.x);
    const double want[] = {row.in_a, row.in_b, row.density};
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(slopes[k], want[k], 64 * ulp * std::abs(want[k])) << k;
      EXPECT_EQ(others[k], -slopes[k]) << k;
    }
    const DenseMatrix bends = recorded_i.hessian(std::vector{row.a, row.b, row.x});
    const double tail = std::min(row.value, row.complement), first = std::abs(row.in_a) + std::abs(row.in_b);
    const auto expect = [&](double got, double wanted, double least) {
      EXPECT_NEAR(got, wanted, 128 * ulp * (std::abs(wanted) + first + trigamma(least) * tail));
    };
    expect(bends(0, 0), row.in_aa, std::max(1.0, row.a));
    expect(bends(0, 1), row.in_ab, row.a + row.b);
    expect(bends(1, 1), row.in_bb, std::max(1.0, row.b));
    const double y = 1 - row.x, c = row.a + row.b;
    const auto size = [](double u, double v, double w) { return std::abs(u) + std::abs(v) + std::abs(w); };
    const double log_x = std::log(row.x), log_y = std::log1p(-row.x);
    EXPECT_NEAR(bends(0, 2), row.density * (log_x - digamma(row.a) + digamma(c)),
                16 * ulp * row.density * size(log_x, digamma(row.a), digamma(c)));
    EXPECT_NEAR(bends(1, 2), row.density * (log_y - digamma(row.b) + digamma(c)),
                16 * ulp * row.density * size(log_y, digamma(row.b), digamma(c)));
    if (row.x > 1e-200) {  // below, it overflows
      EXPECT_NEAR(bends(2, 2), row.density * ((row.a - 1) / row.x - (row.b - 1) / y),
                  16 * ulp * row.density * size((row.a - 1) / row.x, (row.b - 1) / y, 0));
    }
  }
}

// A beta function's logarithm, and its derivatives: beta(5, 8) = 4! 7! / 12!, and digammas of whole numbers are harmonic sums.
TEST(Beta, IsAQuotientOfFactorials) {
  EXPECT_NEAR(beta(5.0, 8.0), 24.0 * 5040 / 479001600, 4 * ulp * 2.6e-4);
  EXPECT_NEAR(beta(1e-300, 2.0), 1e300, 4 * ulp * 1e300);
  EXPECT_NEAR(beta(1e12, 1.0), 1e-12, 4 * ulp * 1e-12);
  Tape tape;
  const Var a = tape.variable(5.0), b = tape.variable(8.0);
  const Gradient g = gradient(beta(a, b));
  const double value = 24.0 * 5040 / 479001600;
  EXPECT_NEAR(g.wrt(a), -value * (1.0 / 5 + 1.0 / 6 + 1.0 / 7 + 1.0 / 8 + 1.0 / 9 + 1.0 / 10 + 1.0 / 11 + 1.0 / 12), 2e-18);
  EXPECT_NEAR(g.wrt(b), -value * (1.0 / 8 + 1.0 / 9 + 1.0 / 10 + 1.0 / 11 + 1.0 / 12), 2e-18);
}

// P(1, x) = 1 - e^-x, I_x(1, b) = 1 - (1 - x)^b: derivatives in x of third order are there, of parameters none beyond the second.
TEST(Incomplete, HigherDerivativesInXAreThereAndThoseOfParametersThatAreNotAreNaN) {
  const auto third = [](const Function& f, std::initializer_list<double> at, std::size_t of, std::size_t n) {
    // derivative() puts values first: of the last n^2 outputs, the second derivative in argument `of` twice
    const Function twice = f.derivative().derivative();
    const DenseMatrix all = twice.jacobian(std::vector<double>(at));
    return all(twice.outputs() - n * n + of * n + of, of);
  };
  EXPECT_NEAR(third(recorded_p, {1, 0.7}, 1, 2), std::exp(-0.7), 1e-15);
  EXPECT_NEAR(third(recorded_i, {1, 4.5, 0.3}, 2, 3), 4.5 * 3.5 * 2.5 * std::pow(0.7, 1.5), 1e-13);
  // by mpmath in 100 digits, as the table
  EXPECT_NEAR(third(recorded_p, {1, 1}, 0, 2), 0.403565397911661763, 1e-14);
  EXPECT_TRUE(std::isnan(third(recorded_i, {1, 4.5, 0.3}, 0, 3)));
  EXPECT_TRUE(std::isnan(third(recorded_i, {1, 4.5, 0.3}, 1, 3)));
  EXPECT_TRUE(std::isnan(detail::special::incomplete_gamma(1, 1, 16)) &&
              std::isnan(detail::special::incomplete_gamma(1, 1, 16 * 256)));
}

// Failures until x, of rate 1 and shape a, and those that have not failed: every way of running the same function.
constexpr auto log_likelihood = [](auto a, auto b, auto x) {
  return log(gamma_q(a, x)) + log(gamma_p(b, x)) + log(ibeta(a, b, x)) + log(ibetac(b, a, x)) + log(beta(a, b));
};
// d^2/dx^2 P and d^3/dx^3 P, differentiated in a once and twice: derivatives of the density x^(a - 1) e^-x / gamma(a), by mpmath
// in 40 to 60 digits.
TEST(IncompleteGamma, HasItsSecondAndThirdDerivativeInXDifferentiatedInTheParameter) {
  const struct {
    double a, x, once, twice, third_in_x_once, third_in_x_twice;
  } rows[] = {
      {2.5, 1.75, 0.1791344501563210419, -0.029336215832310760646, -0.12783494551693266391, 0.30691351189980427431},
      {0.25, 3.5, -0.020729897585635893271, -0.040537601741779097669, 0.024869156972183426756, 0.037024163124938293639},
      {20, 12.5, -0.0032161411761687979291, 0.00010735575916480462236, 0.00022563797262434722398, -0.00071660791676898716197}};
  for (const auto& [a, x, once, twice, third_in_x_once, third_in_x_twice] : rows) {
    // terms of both signs, up to some hundred times the sum: 1e-13 of it leaves them some ulps each
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 2 + 256), once, 1e-13 * std::abs(once)) << a << ", " << x;
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 2 + 2 * 256), twice, 1e-12 * std::abs(twice)) << a << ", " << x;
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 3 + 256), third_in_x_once, 1e-12 * std::abs(third_in_x_once)) << a;
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 3 + 2 * 256), third_in_x_twice, 1e-12 * std::abs(third_in_x_twice)) << a;
  }
}

// Next to x = a - 1, where the density is largest, its slope is a difference: of exact parts, or 3 digits fewer here.
TEST(IncompleteGamma, KeepsTheDigitsOfItsSecondDerivativeInXWhereThatNearlyVanishes) {
  const double a = 1001, x = 1000.5;
  EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 2) / -6.3033658901532107833e-6, 1, 8 * ulp);  // mpmath, 60 digits
  EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 2 + 256) / 0.000012606732042684177723, 1, 8 * ulp);
}

// At 0 the derivatives of x^(a - 1) e^-x / gamma(a) in x are ruled by the lowest power that is left, and where a is whole, so
// that it is left in the derivatives in a alone, by its slope in a: (a - 1) x^(a - 2) at 1, (a - 1) (a - 2) x^(a - 3) at 1 and
// at 2.
TEST(IncompleteGamma, HasTheLimitsAtZeroOfItsHigherDerivativesInBoth) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto at_0 = [](double a, int in_x, int in_a) { return detail::special::incomplete_gamma(a, 0, in_x + 256 * in_a); };
  EXPECT_EQ(at_0(1, 2, 1), infinity);
  EXPECT_EQ(at_0(1, 3, 1), -infinity);
  EXPECT_EQ(at_0(2, 3, 1), infinity);
  EXPECT_EQ(at_0(1, 4, 1), infinity);  // (-1) (-2) / x^3
  EXPECT_EQ(at_0(0.5, 2, 0), -infinity);
  EXPECT_EQ(at_0(0.5, 2, 1), infinity);  // -log(x) / 2 x^(3/2)
  EXPECT_EQ(at_0(1, 2, 2), -infinity);   // 2 log(x) / x and less
  EXPECT_EQ(at_0(1, 3, 2), infinity);
  EXPECT_EQ(at_0(3, 3, 0), 1);  // x^2 / 2
  EXPECT_EQ(at_0(3, 3, 1), -infinity);
}

// Where x is so small that the range of its logarithm is beyond that of exp: 1 - x^a / gamma(1 + a), which mpmath has in 50
// digits.
TEST(IncompleteGamma, KeepsItsDigitsAtSubnormalNumbers) {
  const double a = 1e-5, x = 0x1p-1070;
  EXPECT_NEAR(recorded_q(a, x) / 0.0073835097285423712554, 1, 16 * ulp);
  EXPECT_NEAR(recorded_q.gradient(a, x)[0] / 735.61843666194030348, 1, 16 * ulp);
}

// The 5th, 10th and 15th derivative in a, and there are no more: by mpmath, Cauchy's integral in 60 digits. Of their integrand,
// which is a power of a logarithm, more lies far out; terms of both signs leave 2 to 5 digits fewer each time.
TEST(IncompleteGamma, HasFifteenDerivativesInTheParameter) {
  const struct {
    double a, x, derivative[3];
  } rows[] = {{1e-6, 1, {-2.2191100994081566, 142.22201451650914, 5295.9439283926436}},
              {0.3, 1.5, {-0.53867728308942547, 23.955211565004759, -1508.592820333178}},
              {2.5, 1.25, {0.24217627478441473, -1.8906861688876775, -152.9537614354624}},
              {20, 30, {0.00012142510911308008, 4.4775350745403458e-6, 4.8117769663504147e-7}}};
  for (const auto& [a, x, derivative] : rows) {
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 5 * 256) / derivative[0], 1, 1e-14) << a;
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 10 * 256) / derivative[1], 1, 1e-12) << a;
    EXPECT_NEAR(detail::special::incomplete_gamma(a, x, 15 * 256) / derivative[2], 1, 1e-8) << a;
    EXPECT_TRUE(std::isnan(detail::special::incomplete_gamma(a, x, 16 * 256)));
  }
}

TEST(IncompleteGamma, IsNaNOutsideOfItsDomainAndOfItsOrders) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double order : {-1.0, 131072.0, nan}) EXPECT_TRUE(std::isnan(detail::special::incomplete_gamma(1.5, 2, order)));
  for (const double a : {0.0, -0.0, -1.0, nan}) EXPECT_TRUE(std::isnan(detail::special::incomplete_gamma(a, 2, 0))) << a;
}

// Far from 1, a y - b x has lost what the products lose in rounding; kept apart, it has the digits of the numbers given (mpmath,
// quadrature of the density in 70 digits; each half of it, which sum to 1 within 1e-39).
TEST(IncompleteBeta, KeepsItsDigitsAtHugeParametersFarFromOneAnother) {
  const struct {
    double a, b, x, below, above, density;
  } rows[] = {
      {1.2345678901234e24, 1.1223332109993421e30, 1.1e-6, 0.69147367891092352686, 0.30852632108907647314, 355616070521123887.28},
      {7.654321e18, 2.3194146693303936e23, 3.3e-5, 0.69146248279634015628, 0.30853751720365984372, 29516836122535.142435}};
  for (const auto& [a, b, x, below, above, density] : rows) {
    EXPECT_NEAR(detail::special::ibeta(a, b, x, 0, 0) / below, 1, 16 * ulp) << a;
    EXPECT_NEAR(detail::special::ibetac(a, b, x) / above, 1, 16 * ulp) << a;
    EXPECT_NEAR(detail::special::ibeta_derivative(a, b, x) / density, 1, 16 * ulp) << a;
  }
}

// x^a / (a B(a, b)) (1 + ...), of which at such x one term is left (DLMF 8.17.7); by mpmath in 40 digits. In the stated ulps.
TEST(IncompleteBeta, KeepsItsDigitsNextToZero) {
  const double a = 1e-5, x = 1e-300;
  EXPECT_NEAR(detail::special::ibeta(a, 2.5, x, 0, 0) / 0.99312876402785165282, 1, 8 * ulp);
  EXPECT_NEAR(detail::special::ibetac(a, 2.5, x) / 0.0068712359721483471817, 1, 8 * ulp);
  EXPECT_NEAR(detail::special::ibeta(a, 2.5, x, 1, 0) / -684.75748314325836954, 1, 64 * ulp);
  EXPECT_NEAR(detail::special::ibeta(a, 2.5, x, 0, 1) / 4.8698721934581380811e-6, 1, 64 * ulp);
  for (const double tiny : {0x1p-1070, 1e-300, 1e-100})
    for (const double power : {1e-2, 1e-3, 1e-5, 1e-8})  // I_x(a, 1) = x^a
      EXPECT_NEAR(detail::special::ibetac(power, 1, tiny) / -std::expm1(power * std::log(tiny)), 1, 8 * ulp)
          << tiny << ' ' << power;
  EXPECT_EQ(detail::special::ibeta(2, std::numeric_limits<double>::infinity(), 0, 0, 0), 0);
}

// I_x(a, 1) = x^a and I_x(1, b) = 1 - (1 - x)^b, and what each leaves to 1: the stated ulps for all of them, whichever is small,
// at parameters and at distances from 0 and 1 of every size. Formulas in long double.
TEST(IncompleteBeta, HasTheDigitsOfBothSidesAtAllSizes) {
  std::mt19937_64 random(1);
  const auto power_of_ten = [&](double least, double most) {
    return std::pow(10, std::uniform_real_distribution<double>(least, most)(random));
  };
  const auto expect = [](double got, long double wanted, double power, double x) {
    if (wanted > 1e-290L) {  // above the subnormal numbers
      EXPECT_NEAR(static_cast<double>(got / wanted), 1, 8 * ulp) << power << ", " << x;
    }
  };
  for (int i = 0; i < 3000; ++i) {
    const double power = power_of_ten(-12, 6), x = i % 2 == 0 ? power_of_ten(-322, 0) : 1 - power_of_ten(-15, 0);
    const long double log_x = std::log(static_cast<long double>(x)), log_y = std::log1p(-static_cast<long double>(x));
    expect(detail::special::ibeta(power, 1, x, 0, 0), std::exp(power * log_x), power, x);
    expect(detail::special::ibetac(power, 1, x), -std::expm1(power * log_x), power, x);
    expect(detail::special::ibeta(1, power, x, 0, 0), -std::expm1(power * log_y), power, x);
    expect(detail::special::ibetac(1, power, x), std::exp(power * log_y), power, x);
  }
}

TEST(Beta, IsNaNOutsideOfItsDomain) {
  for (const double a : {0.0, -0.5, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_TRUE(std::isnan(detail::special::beta(a, 2))) << a;
    EXPECT_TRUE(std::isnan(detail::special::beta(2, a))) << a;
    EXPECT_TRUE(std::isnan(detail::special::beta(a, std::numeric_limits<double>::infinity()))) << a;
  }
}

TEST(Incomplete, RunInEveryWay) {
  const double a = 2.25, b = 0.75, x = 0.4;
  // by the functions of plain numbers, and the closed forms of the density
  const double density_a = std::pow(x, a - 1) * std::exp(-x) / std::tgamma(a),
               density_b = std::pow(x, b - 1) * std::exp(-x) / std::tgamma(b);
  const double to_beta = 1 / beta(a, b);
  const double in_x = -density_a / gamma_q(a, x) + density_b / gamma_p(b, x) +
                      std::pow(x, a - 1) * std::pow(1 - x, b - 1) * to_beta / ibeta(a, b, x) -
                      std::pow(x, b - 1) * std::pow(1 - x, a - 1) * to_beta / ibetac(b, a, x);
  const Function f = record(log_likelihood, 1.0, 0.5, 0.7);
  const auto replayed = f.gradient(a, b, x);
  EXPECT_NEAR(replayed[2], in_x, 1e-14 * (std::abs(in_x) + 10));
  Tape tape;
  const std::array v{tape.variable(a), tape.variable(b), tape.variable(x)};
  const Gradient stepped = gradient(log_likelihood(v[0], v[1], v[2]));
  const auto recorded = f.derivative().values(std::vector{a, b, x});
  constexpr auto fused_f = fuse(log_likelihood);
  const auto fused = fused_f.gradient(a, b, x);
  std::vector<double> places(100, x);
  const auto batch = sum_gradient(f, std::array{a, b}, places), fused_batch = sum_gradient(fused_f, std::array{a, b}, places);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(stepped.wrt(v[k]), replayed[k]) << k;
    EXPECT_NEAR(recorded[k + 1], replayed[k], 8 * ulp * std::abs(replayed[k])) << k;
    EXPECT_NEAR(fused[k], replayed[k], 8 * ulp * std::abs(replayed[k])) << k;
    if (k < 2) {
      EXPECT_NEAR(batch.gradient[k], 100 * replayed[k], 1e-13 * std::abs(100 * replayed[k])) << k;
      EXPECT_NEAR(fused_batch.gradient[k], 100 * replayed[k], 1e-13 * std::abs(100 * replayed[k])) << k;
    }
    std::array<Dual<double>, 3> dual{a, b, x};
    dual[k].tangent = 1;
    EXPECT_NEAR(log_likelihood(dual[0], dual[1], dual[2]).tangent, replayed[k], 8 * ulp * (std::abs(replayed[k]) + 1)) << k;
  }
  // second derivatives: forward over reverse, of the recorded gradient, and fused
  const DenseMatrix bends = f.hessian(std::vector{a, b, x}), again = f.derivative().jacobian(std::vector{a, b, x});
  const auto of_fused = fused_f.hessian(a, b, x);
  for (std::size_t j = 0; j < 3; ++j)
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(again(j + 1, k), bends(j, k), 1e-13 * (std::abs(bends(j, k)) + 1)) << j << k;
      EXPECT_NEAR(of_fused[j][k], bends(j, k), 1e-13 * (std::abs(bends(j, k)) + 1)) << j << k;
    }
  // no branch is recorded: what was below is above at another point
  EXPECT_TRUE(std::isfinite(f(20.0, 30.0, 0.01)) && std::isfinite(f(0.02, 0.03, 0.99)));
}

}  // namespace
