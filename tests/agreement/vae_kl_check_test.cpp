#include "proof/check.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "support/run_program.hpp"

namespace {

using namespace vae_kl;
using ::testing::AllOf;
using ::testing::HasSubstr;

ProgramRun run_check(const std::string& arguments) { return run_program(VAE_KL_PROGRAM, "check " + arguments); }

TEST(Check, AllFourHoldForManySeeds) {
  for (const std::uint64_t seed : {1, 2, 3, 17, 12345}) {
    CheckOptions options;
    options.seed = seed;
    for (const CheckLine& line : check(options))
      EXPECT_TRUE(line.passed()) << line.part << ", " << line.what << ": " << line.in_bounds << " bounds at " << line.where
                                 << ", seed " << seed;
  }
}

TEST(Check, BoundsAreTightEnoughToMeanSomething) {
  // A bound that were a thousand times too wide would let real errors pass. Rounding uses up at least 1 percent of it somewhere.
  for (const CheckLine& line : check({})) {
    EXPECT_GT(line.in_bounds, 0.01) << line.part << ", " << line.what;
    EXPECT_GE(line.cases, 49u);
  }
}

TEST(Check, APlantedFaultFailsItsOwnCheckAndNoOther) {
  for (const char part : {'a', 'b', 'c', 'd'}) {
    CheckOptions options;
    options.fault_in = part;
    options.fault = 1e-11;  // about 1e5 roundings
    for (const CheckLine& line : check(options))
      EXPECT_EQ(line.passed(), line.part != part) << line.part << " with a fault in " << part;
  }
}

// A comparison left out would go unnoticed where another of the same line fails with it.
TEST(Check, MakesEveryComparison) {
  CheckOptions options;
  options.models = 400;
  const auto lines = check(options);
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[0].cases, 400u);
  // two for each latent dimension, 1 to 4 alike: 5 a model, with an error of sqrt(5 / 400) = 0.11
  EXPECT_NEAR(static_cast<double>(lines[1].cases) / 400, 5, 5 * 0.11);
  EXPECT_EQ(lines[2].cases, 400u);
  EXPECT_EQ(lines[3].cases, 400u);
  EXPECT_EQ(lines[4].cases, 8u * 10);          // mu by sigma
  EXPECT_EQ(lines[5].cases, 7u * 7);           // of extremes
  EXPECT_EQ(lines[6].cases, 6u * 7 * 20 * 2);  // mu by sigma by nodes, two derivatives
  EXPECT_EQ(lines[7].cases, 6u * 7 * 2);
}

TEST(Check, ReportsTheWorstCaseAsItIs) {
  for (const char part : {'\0', 'a', 'b', 'c', 'd'}) {
    CheckOptions options;
    options.fault_in = part;
    for (const CheckLine& line : check(options)) {
      SCOPED_TRACE(line.what);
      EXPECT_NEAR(line.in_bounds, line.discrepancy / line.bound, 1e-14 * line.in_bounds);
      EXPECT_NE(line.where, "");
      if (line.part == part)
        EXPECT_GT(line.discrepancy, 0);
      else if (line.what != "out to 1e-150 and 1e150")
        EXPECT_LT(line.discrepancy, 1e-10);  // of numbers up to some thousands, with 16 digits
    }
  }
}

TEST(Derivation, EveryFunctionItNamesIsInTheFileItNames) {
  const std::string folder = VAE_KL_TEST_DATA "/../../../vae_kl/", text = file_text(folder + "DERIVATION.md");
  const std::regex pair("((?:`[a-z_:]+`(?:, )?)+) in\\s\\[([a-z_./]+)\\]\\(([a-z_./]+)\\)"), name("`(?:[a-z_]+::)?([a-z_]+)`");
  std::size_t names = 0;
  for (std::sregex_iterator found(text.begin(), text.end(), pair), end; found != end; ++found) {
    EXPECT_EQ((*found)[2], (*found)[3]);
    const std::string source = file_text(folder + (*found)[2].str()), list = (*found)[1];
    for (std::sregex_iterator one(list.begin(), list.end(), name); one != end; ++one, ++names)
      EXPECT_THAT(source, HasSubstr((*one)[1].str())) << (*found)[2];
  }
  EXPECT_GE(names, 14u);
}

TEST(CheckCommand, PrintsEachCheckWithItsUnitAndSucceeds) {
  const ProgramRun run = run_check("");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  for (const char* part : {"(a) ", "(b) ", "(c) ", "(d) ", "rounding bounds  ok", "All four hold."})
    EXPECT_THAT(run.out, HasSubstr(part));
}

TEST(CheckCommand, APlantedFaultTurnsTheExitStatus) {
  for (const char* part : {"a", "b", "c", "d"}) {
    const ProgramRun run = run_check(std::string("--plant ") + part);
    EXPECT_EQ(run.status, 1) << part;
    EXPECT_THAT(run.out, AllOf(HasSubstr("FAILED"), HasSubstr("NOT ALL HOLD")));
  }
  EXPECT_EQ(run_check("--plant d --quiet").out, "");
  EXPECT_EQ(run_check("--plant d --quiet").status, 1);
}

TEST(CheckCommand, JsonAndCsvSayTheSame) {
  const auto json = nlohmann::json::parse(run_check("--format json --seed 5").out);
  EXPECT_EQ(json.at("agree"), true);
  ASSERT_EQ(json.at("checks").size(), 8u);
  std::string csv = run_check("--format csv --seed 5").out;
  for (const auto& line : json.at("checks")) {
    EXPECT_EQ(line.at("pass"), true);
    EXPECT_LE(line.at("largest_in_rounding_bounds").get<double>(), 1);
    EXPECT_THAT(csv, HasSubstr("\"" + line.at("compared").get<std::string>() + "\""));
  }
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 9);
  EXPECT_EQ(nlohmann::json::parse(run_check("--format json --plant a").out).at("agree"), false);
}

TEST(CheckCommand, HelpHasAnExample) {
  const ProgramRun run = run_check("--help");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("Example: vae_kl check"), HasSubstr("--plant"), HasSubstr("--format"), HasSubstr("--models")));
}

TEST(CheckCommand, BadInputIsOneLineAndStatusTwo) {
  const TemporaryFolder folder;
  const auto refused = [](const std::string& arguments, const char* says) {
    const ProgramRun run = run_check(arguments);
    EXPECT_EQ(run.status, 2) << arguments;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(says)) << arguments;
  };
  refused("--plant e", "`e` is no check");
  refused("--plant ''", "is no check");
  refused("--models 0", "--models");
  refused("--models -4", "--models");
  refused("--models 1e7", "at most 1000000");
  refused("--models many", "many");
  refused("--seed x", "--seed");
  refused("--format xml", "xml");
  refused("--sample 3", "--sample");
  refused("--output " + (folder / "none/there.json"), "cannot be written");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
