#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "estimators/estimator_comparison.hpp"
#include "question/graph.hpp"
#include "support/run_program.hpp"

namespace {

using namespace vae_kl;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using wengert::Var;

// Few samples for speed; the tests that ask for more say so.
ProgramRun run_estimators(const std::string& arguments) {
  const bool stated = arguments.find("--samples") != arguments.npos;
  return run_program(VAE_KL_PROGRAM, "estimators " + arguments + (stated ? "" : " --samples 10000"));
}

EstimatorLine line_of(const std::vector<EstimatorLine>& lines, Estimator estimator) {
  for (const EstimatorLine& line : lines)
    if (line.estimator == estimator) return line;
  ADD_FAILURE();
  return lines.front();
}

std::vector<EstimatorLine> compare_at(double mu, double sigma, std::uint64_t samples, std::uint64_t seed = 1,
                                      RecordSample program = record_sample) {
  EstimatorOptions options;
  options.mu = mu, options.sigma = sigma, options.samples = samples, options.seed = seed;
  Progress silent(1, false);
  return compare_estimators(options, silent, program);
}

TEST(CompareEstimators, AgreeWithTheirLawsAtManyPointsAndSeeds) {
  for (const MuSigma& p : {MuSigma{0.5, 0.8}, MuSigma{0, 1}, MuSigma{-1.5, 0.3}, MuSigma{3, 2}, MuSigma{0, 0.7071067811865476},
                           MuSigma{1e-3, 1.001}})
    for (const std::uint64_t seed : {1, 2})
      for (const EstimatorLine& line : compare_at(p.mu, p.sigma, 6400, seed))
        EXPECT_TRUE(line.agrees()) << name(line.estimator) << " at " << p.mu << ", " << p.sigma << ", seed " << seed << ": bias "
                                   << line.mu.bias_in_errors << ", " << line.sigma.bias_in_errors << "; variance "
                                   << line.mu.variance_in_errors << ", " << line.sigma.variance_in_errors;
}

// The closed form's gradient is (mu, sigma - 1/sigma). A total sample's is (mu + sigma eps, mu eps + sigma eps^2 - 1/sigma); the
// path's has sigma - 1/sigma where that has sigma, and a pair's is its even part.
TEST(CompareEstimators, LinesHoldTheClosedFormAndTheExactLaws) {
  constexpr double mu = 0.5, sigma = 0.8, b = sigma - 1 / sigma;
  const auto lines = compare_at(mu, sigma, 30'000);
  ASSERT_EQ(lines.size(), 7u);
  double nanoseconds = 0;
  for (const EstimatorLine& line : lines) {
    SCOPED_TRACE(name(line.estimator));
    EXPECT_DOUBLE_EQ(line.mu.exact, mu);
    EXPECT_DOUBLE_EQ(line.sigma.exact, b);
    for (const ParameterLine* p : {&line.mu, &line.sigma}) {
      if (p->exact_variance == 0) {
        EXPECT_EQ(p->bias_in_errors, 0);
        EXPECT_EQ(p->variance_in_errors, 0);
        continue;
      }
      const double mean_error = std::sqrt(p->exact_variance / static_cast<double>(line.draws));
      EXPECT_NEAR(p->bias_in_errors, (p->mean - p->exact) / mean_error, 1e-9);
      EXPECT_NEAR(p->variance_in_errors, (p->variance / p->exact_variance - 1) / p->power.variance_error, 1e-9);
    }
    EXPECT_LT(line.nanoseconds, 1e6);  // an evaluation records some ten nodes
    nanoseconds += line.nanoseconds;
  }
  EXPECT_GT(nanoseconds, 1);  // of all, since a system's clock may tick in hundredths of a second
  const EstimatorLine total = line_of(lines, Estimator::total), path = line_of(lines, Estimator::path),
                      pairs = line_of(lines, Estimator::antithetic), closed = line_of(lines, Estimator::closed_form);
  EXPECT_NEAR(total.mu.exact_variance, sigma * sigma, 1e-14);
  EXPECT_NEAR(total.sigma.exact_variance, mu * mu + 2 * sigma * sigma, 1e-14);
  EXPECT_NEAR(path.mu.exact_variance, b * b, 1e-14);
  EXPECT_NEAR(path.sigma.exact_variance, mu * mu + 2 * b * b, 1e-14);
  EXPECT_NEAR(pairs.mu.exact_variance, 0, 1e-14);
  EXPECT_NEAR(pairs.sigma.exact_variance, 2 * sigma * sigma, 1e-14);
  EXPECT_EQ(closed.mu.exact_variance, 0);
  EXPECT_EQ(closed.sigma.exact_variance, 0);
}

// Half of it is as good as a machine twice as fast: the variance of a draw of both parameters times the seconds that it takes.
TEST(EstimatorLine, VarianceTimesTimeIsThatOfADrawAndBothParametersMustAgree) {
  EstimatorLine line{Estimator::total, 100, 64, {}, {}, 250};
  line.mu.exact_variance = 1.5, line.sigma.exact_variance = 2.5;
  EXPECT_DOUBLE_EQ(line.variance_times_time(), 4 * 64 * 250e-9);
  EXPECT_TRUE(line.agrees());
  line.sigma.agrees = false;
  EXPECT_FALSE(line.agrees());
  line.sigma.agrees = true, line.mu.agrees = false;
  EXPECT_FALSE(line.agrees());
}

TEST(CompareEstimators, AdviceFollowsFromCostsAndVariances) {
  const auto line = [](Estimator estimator, double variance, double nanoseconds) {
    EstimatorLine result{estimator, 100, 1, {}, {}, nanoseconds};
    result.mu.exact_variance = result.sigma.exact_variance = variance;
    return result;
  };
  const auto said = [](double sigma, const std::vector<EstimatorLine>& lines) {
    EstimatorOptions options;
    options.mu = 1.5, options.sigma = sigma;
    return advice(options, lines);
  };
  using enum Estimator;
  // variance times time: 40, 30, 50
  EXPECT_EQ(
      said(0.8, {line(total, 2, 10), line(path, 1, 15), line(closed_form, 0, 12), line(score, 0.5, 50)}),
      "Use the closed form: it has no variance at all, and takes 12 ns.\nWhere there is none (another p or q, a decoder in "
      "between), use path: of those that only need samples it has the least variance times time here.\n"
      "path beats total here, in both parameters, because sigma^2 = 0.64 > 1/2:\npath has (sigma - 1/sigma)^2 = 0.2025 where "
      "total has sigma^2 = 0.64, and the first is the smaller exactly when sigma^2 > 1/2.\n"
      "In sigma both have mu^2 = 2.25 besides.\n");
  EXPECT_THAT(said(0.5, {line(closed_form, 0, 7), line(score, 3, 20), line(total, 2, 10), line(path, 1, 25)}),
              AllOf(HasSubstr("takes 7 ns"), HasSubstr("use total:"),
                    HasSubstr("total beats path here, in both parameters, because sigma^2 = 0.25 < 1/2:"),
                    HasSubstr("(sigma - 1/sigma)^2 = 2.25 where total has sigma^2 = 0.25,")));
  EXPECT_THAT(said(std::sqrt(0.5), {line(closed_form, 0, 7), line(path, 0, 25), line(total, 2, 10)}),
              AllOf(HasSubstr("use path: "), HasSubstr("variance times time here, none.\n"),
                    HasSubstr("path and total are level here, in both parameters, because sigma^2 = 0.5 = 1/2:")));
}

// The value of a sample, which its gradient does not show: log q - log p at z, and the closed form's KL.
TEST(RecordSample, HasTheValueOfItsEstimate) {
  constexpr double mu = 0.5, sigma = 0.8, eps = 0.3;
  constexpr double z = mu + sigma * eps;
  const double t = -std::log(sigma) - eps * eps / 2 + z * z / 2;
  wengert::Tape tape;
  const Var at_mu = tape.variable(mu), at_sigma = tape.variable(sigma), at_eps = tape.variable(eps);
  for (const Estimator estimator : {Estimator::total, Estimator::path, Estimator::quasi})
    EXPECT_NEAR(record_sample(estimator, at_mu, at_sigma, at_eps).value(), t, 1e-15) << name(estimator);
  EXPECT_NEAR(record_sample(Estimator::closed_form, at_mu, at_sigma, at_eps).value(),
              (mu * mu + sigma * sigma - 1) / 2 - std::log(sigma), 1e-15);
}

TEST(CompareEstimators, PowerIsStatedAndUseful) {
  for (const EstimatorLine& line : compare_at(0.5, 0.8, 20'000)) {
    for (const ParameterLine* p : {&line.mu, &line.sigma}) {
      if (p->exact_variance == 0) continue;
      EXPECT_GT(p->power.least_bias, 0);
      EXPECT_LT(p->power.least_bias, 0.2) << name(line.estimator);
      EXPECT_LT(p->power.least_excess, 3) << name(line.estimator) << ": a variance of four times the right one must be seen";
    }
  }
}

// t with a slightly wrong weight on log q: the gradient in sigma is off by 10 percent of 1/sigma.
Var biased(Estimator estimator, const Var& mu, const Var& sigma, const Var& eps) {
  if (estimator != Estimator::total) return record_sample(estimator, mu, sigma, eps);
  const auto nodes = graph(mu, sigma, eps);
  return 1.1 * nodes.r - nodes.s;
}

TEST(CompareEstimators, ABiasLargerThanTheStatedOneIsSeen) {
  const auto lines = compare_at(0.5, 0.8, 20'000, 1, biased);
  const EstimatorLine line = line_of(lines, Estimator::total);
  ASSERT_LT(line.sigma.power.least_bias, 0.1 / 0.8);
  EXPECT_FALSE(line.sigma.agrees);
  EXPECT_TRUE(line_of(lines, Estimator::path).agrees());
}

// Right in the mean, with a variance that is a fifth too large: total plus noise that vanishes in expectation.
Var noisy(Estimator estimator, const Var& mu, const Var& sigma, const Var& eps) {
  const Var t = record_sample(estimator, mu, sigma, eps);
  return estimator == Estimator::total ? Var(t + mu * 0.0955 * sigma.value() * eps) : t;  // 1.0955^2 = 1.2
}

TEST(CompareEstimators, AVarianceLargerThanTheStatedOneIsSeen) {
  const EstimatorLine line = line_of(compare_at(0.5, 0.8, 20'000, 1, noisy), Estimator::total);
  ASSERT_LT(line.mu.power.least_excess, 0.2);
  EXPECT_FALSE(line.mu.agrees);
  EXPECT_LT(std::fabs(line.mu.bias_in_errors), 5) << "and it is no bias";
}

TEST(EstimatorsCommand, PrintsSevenEstimatorsAndWhichToUse) {
  const ProgramRun run = run_estimators("");
  EXPECT_EQ(run.status, 0) << run.out;
  EXPECT_EQ(run.err, "");
  for (const Estimator estimator : estimators) EXPECT_THAT(run.out, HasSubstr("\n" + std::string(name(estimator)) + " "));
  EXPECT_THAT(run.out, AllOf(HasSubstr("Use the closed form"), HasSubstr("path beats total here"),
                             HasSubstr("agree with their exact laws")));
}

TEST(EstimatorsCommand, AdviceTurnsAtSigmaSquaredOneHalf) {
  EXPECT_THAT(run_estimators("--sigma 0.72 --samples 1000").out, HasSubstr("path beats total here"));
  EXPECT_THAT(run_estimators("--sigma 0.70 --samples 1000").out, HasSubstr("total beats path here"));
}

// The variances are sigma^2 and mu^2 + 2 sigma^2 by the total derivative, (sigma - 1/sigma)^2 and mu^2 + 2 (sigma - 1/sigma)^2 by
// the path derivative: away from mu = 0 the latter does not vanish at sigma = 1.
TEST(EstimatorsCommand, SaysNothingThatItsNumbersContradict) {
  const std::string off = run_estimators("--mu 3 --sigma 1").out;
  EXPECT_THAT(off, AllOf(HasSubstr("path beats total here"), HasSubstr("In sigma both have mu^2 = 9 besides."),
                         Not(HasSubstr("q meets p")), Not(HasSubstr("vanishes"))));
  EXPECT_THAT(run_estimators("--mu -2 --sigma 0.25").out,
              AllOf(HasSubstr("total beats path here"), HasSubstr("sigma^2 = 0.0625 < 1/2"), HasSubstr("mu^2 = 4 besides")));
  // as near to the root of 1/2 as a double gets, from either side
  for (const char* sigma : {"0.7071067811865475", "0.7071067811865476"})
    EXPECT_THAT(run_estimators(std::string("--samples 1000 --sigma ") + sigma).out,
                AllOf(HasSubstr("path and total are level here"), HasSubstr("sigma^2 = 0.5 = 1/2")));
}

TEST(EstimatorsCommand, JsonAndCsvHoldTheSameNumbers) {
  const ProgramRun run = run_estimators("--format json --samples 5000 --seed 3 --mu -1.25 --sigma 0.5");
  const auto json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json.at("mu"), -1.25);
  EXPECT_EQ(json.at("estimators").size(), 7u);
  EXPECT_EQ(json.at("agree"), run.status == 0);
  const std::string csv = run_estimators("--format csv --samples 5000 --seed 3 --mu -1.25 --sigma 0.5").out;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 15);
  for (const auto& line : json.at("estimators")) {
    EXPECT_EQ(line.at("mu").at("exact"), -1.25);
    EXPECT_THAT(csv, HasSubstr("\n" + line.at("estimator").get<std::string>() + ",mu,"));
  }
}

TEST(EstimatorsCommand, TheSameSeedGivesTheSameNumbers) {
  const auto numbers = [](const std::string& arguments) {
    auto json = nlohmann::json::parse(run_estimators("--format json --samples 3000 " + arguments).out);
    json.erase("advice");
    for (auto& line : json.at("estimators")) line.erase("nanoseconds_per_evaluation"), line.erase("variance_times_seconds");
    return json;
  };
  EXPECT_EQ(numbers("--seed 5"), numbers("--seed 5"));
  EXPECT_NE(numbers("--seed 5"), numbers("--seed 6"));
}

TEST(EstimatorsCommand, HelpHasAnExample) {
  const ProgramRun run = run_estimators("--help");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("Example: vae_kl estimators"), HasSubstr("--block"), HasSubstr("--samples")));
}

TEST(EstimatorsCommand, BadInputIsOneLineAndStatusTwo) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& arguments, const char* says) {
    const ProgramRun run = run_estimators(arguments + " --output " + (folder / "report"));
    EXPECT_EQ(run.status, 2) << arguments;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(says)) << arguments;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << arguments;
  };
  refused("--sigma 0", "must be above 0");
  refused("--sigma -1", "must be above 0");
  refused("--sigma nan", "nan");
  refused("--sigma 1e9", "out of range");
  refused("--mu inf", "inf");
  refused("--mu 1e7", "out of range");
  refused("--mu 1,2", "1,2");
  refused("--samples 0", "--samples");
  refused("--samples 100 --block 64", "fewer than two draws");
  refused("--samples 1e13", "1e12");
  refused("--block 1", "--block");
  refused("--block 5000", "4096");
  refused("--format yaml", "yaml");
  refused("--what", "--what");
}

}  // namespace
