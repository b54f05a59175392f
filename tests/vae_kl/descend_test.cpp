#include <fmt/core.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "estimators/descent.hpp"
#include "question/closed_form.hpp"
#include "question/error.hpp"
#include "support/run_program.hpp"

namespace {

using namespace vae_kl;
using ::testing::AllOf;
using ::testing::HasSubstr;

ProgramRun run_descend(const std::string& arguments) { return run_program(VAE_KL_PROGRAM, "descend " + arguments); }

TEST(Descend, ClosedFormEndsAtTheGoalUnderEveryRule) {
  DescentOptions options;
  options.steps = 2000;
  for (const MuSigma& start : {MuSigma{2, 0.3}, MuSigma{-4, 3}, MuSigma{0, 0.01}, MuSigma{0.5, 1}})
    for (const StepRule rule : {StepRule::constant, StepRule::decay, StepRule::adam}) {
      options.start = start;
      const Descent one = descend(options, Estimator::closed_form, 1, rule);
      EXPECT_FALSE(one.ran_away);
      EXPECT_EQ(one.path.size(), 2001u);
      EXPECT_NEAR(one.path.back().mu, 0, 1e-6) << name(rule) << " from " << start.mu << ", " << start.sigma;
      EXPECT_NEAR(one.path.back().sigma, 1, 1e-6) << name(rule) << " from " << start.mu << ", " << start.sigma;
    }
}

TEST(Descend, ClosedFormWithConstantStepsNeverClimbs) {
  const Descent one = descend({}, Estimator::closed_form, 1, StepRule::constant);
  for (std::size_t k = 1; k < one.path.size(); ++k) {
    const double before = closed_form::kl(one.path[k - 1].mu, one.path[k - 1].sigma);
    EXPECT_LE(closed_form::kl(one.path[k].mu, one.path[k].sigma), before + 1e-15);
  }
  // mu shrinks by 1 - rate in each step: 2 * 0.9^k
  EXPECT_NEAR(one.path[10].mu, 2 * std::pow(0.9, 10), 1e-14);
}

// Steps in mu and log sigma along their slopes, mu and sigma^2 - 1; Adam's as Kingma and Ba (2015) write them.
TEST(Descend, StepsAreThoseOfTheirRules) {
  DescentOptions options;
  options.steps = 6;
  options.rate = 0.07;
  for (const StepRule rule : {StepRule::constant, StepRule::decay, StepRule::adam}) {
    const Descent one = descend(options, Estimator::closed_form, 1, rule);
    ASSERT_EQ(one.path.size(), 7u);
    double x[2] = {options.start.mu, std::log(options.start.sigma)}, m[2] = {}, v[2] = {};
    double beta1_to_t = 1, beta2_to_t = 1;
    for (int step = 0; step < 6; ++step) {
      const double slope[2] = {x[0], std::exp(2 * x[1]) - 1};
      beta1_to_t *= 0.9, beta2_to_t *= 0.999;
      for (int k = 0; k < 2; ++k) {
        m[k] += 0.1 * (slope[k] - m[k]), v[k] += 0.001 * (slope[k] * slope[k] - v[k]);
        x[k] -= rule == StepRule::adam    ? 0.07 * m[k] / (1 - beta1_to_t) / (std::sqrt(v[k] / (1 - beta2_to_t)) + 1e-8)
                : rule == StepRule::decay ? 0.07 / (1 + 10 * step / 6.0) * slope[k]
                                          : 0.07 * slope[k];
      }
      // some ten roundings in each step
      EXPECT_NEAR(one.path[static_cast<std::size_t>(step) + 1].mu, x[0], 1e-13) << name(rule) << ", step " << step;
      EXPECT_NEAR(one.path[static_cast<std::size_t>(step) + 1].sigma, std::exp(x[1]), 1e-13) << name(rule) << ", step " << step;
    }
  }
}

// One step by the closed form, so long that one number leaves the range of double: mu or its square, sigma or its square.
TEST(Descend, RunsAwayWhereSquaresLeaveTheRangeOfDouble) {
  const auto once = [](MuSigma start, double rate) {
    DescentOptions options;
    options.start = start, options.rate = rate, options.steps = 1;
    return descend(options, Estimator::closed_form, 1, StepRule::constant);
  };
  for (const auto& [start, rate] : {std::pair{MuSigma{2, 1}, 1e308},
                                    {MuSigma{2, 1}, 1e160},
                                    {MuSigma{0, 2}, 1e3},
                                    {MuSigma{0, 0.5}, 1e3},
                                    {MuSigma{0, 0.5}, 600}}) {
    const Descent one = once(start, rate);
    EXPECT_TRUE(one.ran_away) << start.mu << ", " << start.sigma << ", " << rate;
    EXPECT_EQ(one.path.size(), 1u);
    EXPECT_EQ(one.kl(), std::numeric_limits<double>::infinity());
  }
  for (const auto& [start, rate] : {std::pair{MuSigma{2, 1}, 1e150}, {MuSigma{0, 2}, 200.0}, {MuSigma{0, 0.5}, 450.0}}) {
    const Descent one = once(start, rate);
    EXPECT_FALSE(one.ran_away) << start.mu << ", " << start.sigma << ", " << rate;
    EXPECT_EQ(one.path.size(), 2u);
  }
}

TEST(Descend, TakesEachEstimatorWithEachBatchAndRuleAndTheClosedFormOnce) {
  DescentOptions options;
  options.steps = 2;
  options.estimators = {Estimator::path, Estimator::closed_form, Estimator::total};
  options.batches = {4, 2};
  options.rules = {StepRule::adam, StepRule::constant};
  std::string all;
  for (const Descent& one : descend(options)) all += fmt::format("{} {} {}, ", name(one.rule), name(one.estimator), one.batch);
  EXPECT_EQ(all,
            "adam path 4, adam path 2, adam closed 1, adam total 4, adam total 2, "
            "constant path 4, constant path 2, constant closed 1, constant total 4, constant total 2, ");
}

TEST(Descend, RulesHaveNames) {
  EXPECT_EQ(name(StepRule::constant), "constant");
  EXPECT_EQ(name(StepRule::decay), "decay");
  EXPECT_EQ(name(StepRule::adam), "adam");
  for (const StepRule rule : {StepRule::constant, StepRule::decay, StepRule::adam})
    EXPECT_EQ(rule_named(name(rule), "--rules"), rule);
  EXPECT_THAT([] { rule_named("newton", "--rules"); },
              testing::ThrowsMessage<InputError>("--rules: `newton` is no step rule; choose from constant, decay, adam"));
}

TEST(Descend, ThePathDerivativeStopsAtTheGoalAndTheTotalOneDoesNot) {
  DescentOptions options;
  options.steps = 2000;
  EXPECT_LT(descend(options, Estimator::path, 1, StepRule::constant).kl(), 1e-12) << "its noise dies out with the distance";
  const double total = descend(options, Estimator::total, 1, StepRule::constant).kl();
  EXPECT_GT(total, 1e-6);
  EXPECT_LT(total, 1);
}

TEST(Descend, DecayingStepsAndLargerBatchesCalmTheTotalDerivative) {
  // KL at the end, averaged over seeds: in the stationary state it is proportional to rate * variance / batch.
  const auto mean_kl = [](std::uint64_t batch, StepRule rule) {
    double sum = 0;
    DescentOptions options;
    for (options.seed = 1; options.seed <= 40; ++options.seed) sum += descend(options, Estimator::total, batch, rule).kl();
    return sum / 40;
  };
  const double constant = mean_kl(1, StepRule::constant), decay = mean_kl(1, StepRule::decay),
               large = mean_kl(16, StepRule::constant);
  EXPECT_LT(decay, constant / 3) << "the rate has fallen to an eleventh";
  EXPECT_LT(large, constant / 5) << "the variance is a sixteenth";
}

TEST(Descend, SigmaStaysAboveZeroWhateverTheNoise) {
  DescentOptions options;
  options.start = {5, 1e-3};
  options.rate = 0.5;
  for (const Estimator estimator : estimators)
    for (const MuSigma& point : descend(options, estimator, 1, StepRule::constant).path) EXPECT_GT(point.sigma, 0);
}

TEST(DescendCommand, TableListsEveryWayDown) {
  const ProgramRun run = run_descend("");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  for (const char* word : {"constant  closed", "decay     total", "adam      path", "score+baseline", "KL at end"})
    EXPECT_THAT(run.out, HasSubstr(word));
}

TEST(DescendCommand, CsvAndJsonHoldEveryStep) {
  const std::string options = "--estimators closed,path,quasi --batch 8 --rules constant --steps 30 --seed 4 ";
  const std::string csv = run_descend(options + "--format csv").out;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 3 * 31);
  const auto json = nlohmann::json::parse(run_descend(options + "--format json").out);
  ASSERT_EQ(json.at("descents").size(), 3u);
  for (const auto& one : json.at("descents")) {
    EXPECT_EQ(one.at("path").size(), 31u);
    EXPECT_EQ(one.at("path").front(), (std::vector<double>{2, 0.3}));
    EXPECT_EQ(one.at("path").back().at(0), one.at("mu"));
    EXPECT_NEAR(one.at("kl"), closed_form::kl(one.at("mu"), one.at("sigma")), 1e-15);
  }
  EXPECT_EQ(run_descend(options + "--format csv").out, csv) << "the same seed, the same paths";
  EXPECT_NE(run_descend(options + "--format csv --seed 5").out, csv);
}

TEST(DescendCommand, ARunawayIsReported) {
  const ProgramRun run = run_descend("--rate 50 --rules constant --estimators total");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, HasSubstr("ran away after"));
  EXPECT_EQ(nlohmann::json::parse(run_descend("--rate 50 --rules constant --estimators total --format json").out)
                .at("descents")[0]
                .at("ran_away"),
            true);
}

// The closed form's mu shrinks by 1 - rate in each step: to nothing at 0.1, and nine times larger at 10.
TEST(DescendCommand, SaysWhatBecameOfItsWaysDown) {
  const std::string near = run_descend("--estimators closed --rules constant --steps 400").out;
  EXPECT_THAT(near, HasSubstr("Of 1 ways down 1 came within 1e-06 of it, 0 did not, and 0 ran away.\n"));
  EXPECT_THAT(run_descend("--estimators closed --rules constant --steps 3").out,
              HasSubstr("Of 1 ways down 0 came within 1e-06 of it, 1 did not, and 0 ran away.\n"));
  const std::string wild = run_descend("--rate 10 --rules constant,decay").out;
  EXPECT_THAT(wild, AllOf(HasSubstr("Of 14 ways down 0 came within 1e-06 of it"), testing::Not(HasSubstr("stop")),
                          testing::Not(HasSubstr("calm"))));
  EXPECT_THAT(run_descend("--rate 10 --rules constant --estimators closed").out,
              AllOf(HasSubstr("a smaller --rate helps"), testing::Not(HasSubstr("--batch"))));
  // At q = p the variance is 1 and 2 by the total derivative, 0 and 2 by pairs, and 0 by path, score and baseline.
  EXPECT_THAT(run_descend("--steps 5 --estimators closed,total,path,score,score+baseline,antithetic,quasi").out,
              AllOf(HasSubstr("or batches to grow: total, antithetic, quasi.\n"),
                    HasSubstr("Without scatter there: closed, path, score, score+baseline.\n")));
}

TEST(DescendCommand, DrawsThePathsOverTheContours) {
  if (std::system("command -v gnuplot >/dev/null") != 0) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  EXPECT_EQ(run_descend("--quiet --plot " + (folder / "paths.svg")).status, 0);
  EXPECT_THAT(file_text(folder / "paths.svg"),
              AllOf(HasSubstr("<svg"), HasSubstr("closed form"), HasSubstr("path, batch 1"), HasSubstr("</svg>")));
  EXPECT_EQ(run_descend("--quiet --plot " + (folder / "paths.png")).status, 0);
  EXPECT_EQ(file_text(folder / "paths.png").substr(1, 3), "PNG");
}

TEST(DescendCommand, DrawsWhereFoldersHaveQuotesAndSpacesInTheirNames) {
  if (std::system("command -v gnuplot >/dev/null") != 0) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  const std::string odd = folder / "it's \"here\"; $HOME `x`";
  std::filesystem::create_directory(odd);
  ::setenv("WENGERT_TEST_FOLDER", odd.c_str(), 1);
  const ProgramRun run = run_program("env", "TMPDIR=\"$WENGERT_TEST_FOLDER\" '" VAE_KL_PROGRAM
                                            "' descend --quiet --plot \"$WENGERT_TEST_FOLDER/paths of mu.svg\"");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(file_text(odd + "/paths of mu.svg"), AllOf(HasSubstr("<svg"), HasSubstr("</svg>")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(odd), std::filesystem::directory_iterator()), 1) << "left over";
}

TEST(DescendCommand, HelpHasAnExample) {
  const ProgramRun run = run_descend("--help");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("Example: vae_kl descend"), HasSubstr("--rules"), HasSubstr("--plot")));
}

TEST(DescendCommand, BadInputIsOneLineAndStatusTwo) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& arguments, const char* says) {
    const ProgramRun run = run_descend(arguments + " --output " + (folder / "report"));
    EXPECT_EQ(run.status, 2) << arguments;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(says)) << arguments;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << arguments;
  };
  refused("--sigma 0", "above 0");
  refused("--sigma -2", "above 0");
  refused("--sigma 1e-9", "between");
  refused("--mu nan", "--mu");
  refused("--mu 1e9", "within 1e6");
  refused("--rate 0", "above 0");
  refused("--steps 0", "--steps");
  refused("--steps 1e9", "1e7");
  refused("--batch 0", "--batch");
  refused("--batch 2000000", "at most 1000000");
  refused("--batch 4,4", "twice");
  refused("--batch 1,", "--batch");
  refused("--estimators path,magic", "`magic` is no estimator");
  refused("--rules newton", "`newton` is no step rule");
  refused("--plot paths.gif", ".svg or .png");
  refused("--plot " + (folder / "no/where.svg"), "cannot be written");
  refused("--whither", "--whither");
}

}  // namespace
