// The program as its user meets it: what goes to stdout, what to stderr, and the exit status.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "support/run_program.hpp"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ProgramRun vae_kl(const std::string& arguments) { return run_program(VAE_KL_PROGRAM, arguments); }

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// Status 2, nothing on stdout, and one line on stderr that contains all of `parts`.
void expect_complaint(const std::string& arguments, const std::vector<std::string>& parts) {
  SCOPED_TRACE("vae_kl " + arguments);
  const ProgramRun run = vae_kl(arguments);
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("vae_kl"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  for (const std::string& part : parts) EXPECT_THAT(run.err, HasSubstr(part));
}

TEST(CommandLine, ComparesWhenNothingIsAsked) {
  const ProgramRun plain = vae_kl(""), named = vae_kl("compare");
  EXPECT_EQ(plain.status, 0) << plain.err;
  EXPECT_EQ(plain.err, "");
  EXPECT_EQ(plain.out, named.out);
  for (const char* part : {"z = mu + sigma*eps", "independent", "dKL/dmu[0]", "dKL/dsigma[2]", "Agreement: "})
    EXPECT_THAT(plain.out, HasSubstr(part));
}

TEST(CommandLine, PrintsWhatItsReadmeShows) {
  const std::string readme = file_text(VAE_KL_TEST_DATA "/../../../vae_kl/README.md");
  EXPECT_THAT(readme, HasSubstr("$ vae_kl\n" + vae_kl("").out + "```"));
}

TEST(CommandLine, EveryCommandHelpsWithAnExample) {
  const ProgramRun help = vae_kl("--help");
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.err, "");
  EXPECT_THAT(help.out, HasSubstr("compare"));
  std::istringstream commands(help.out.substr(help.out.find("Subcommands:") + 12));
  std::set<std::string> names;
  for (std::string line; std::getline(commands, line) && line.find("Without a command") == line.npos;) {
    std::istringstream words(line);
    std::string name;
    if (line.starts_with("  ") && line[2] != ' ' && words >> name) names.insert(name);
  }
  EXPECT_TRUE(names.contains("compare") && names.contains("trace")) << help.out;
  for (const std::string& command : names) {
    const ProgramRun run = vae_kl(command + " --help");
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_THAT(run.out, HasSubstr("Example: vae_kl " + command));
  }
  for (const std::string command : {"compare", "trace"}) {  // and the examples work
    const std::string text = vae_kl(command + " --help").out;
    const std::string example = text.substr(text.find("Example: vae_kl ") + 16);
    EXPECT_EQ(vae_kl(example.substr(0, example.find('\n'))).status, 0) << example;
  }
}

TEST(CommandLine, TellsItsVersion) {
  const ProgramRun run = vae_kl("--version");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, testing::MatchesRegex("vae_kl [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

std::set<std::string> keys(const json& object) {
  std::set<std::string> result;
  for (const auto& entry : object.items()) result.insert(entry.key());
  return result;
}

TEST(Compare, WritesTheFieldsOfItsReportAsJson) {
  const ProgramRun run = vae_kl("--mu 0.5,-1 --sigma 0.8,2 --samples 1e4 --seed 7 --threads 2 --format json");
  EXPECT_EQ(run.status, 0) << run.err;
  const json report = json::parse(run.out);
  EXPECT_EQ(keys(report), (std::set<std::string>{"samples", "seed", "threads", "dimensions", "kl", "gradient", "worst_z",
                                                 "threshold", "agree"}));
  EXPECT_EQ(report["samples"], 10000);
  EXPECT_EQ(report["seed"], 7);
  EXPECT_EQ(report["dimensions"], 2);
  EXPECT_EQ(report["agree"], true);
  EXPECT_EQ(keys(report["kl"]), (std::set<std::string>{"closed_form", "estimate", "standard_error", "z"}));
  ASSERT_EQ(report["gradient"].size(), 4);
  const char* names[] = {"mu[0]", "sigma[0]", "mu[1]", "sigma[1]"};
  const double closed_form[] = {0.5, 0.8 - 1 / 0.8, -1, 2 - 1 / 2.0};
  const double variance[] = {0.64, 0.25 + 2 * 0.64, 4, 1 + 2 * 4};  // sigma^2, and mu^2 + 2 sigma^2
  double worst = std::fabs(report["kl"]["z"].get<double>());
  for (std::size_t k = 0; k < 4; ++k) {
    const json& row = report["gradient"][k];
    EXPECT_EQ(keys(row), (std::set<std::string>{"parameter", "closed_form", "estimate", "standard_error", "z"}));
    EXPECT_EQ(row["parameter"], names[k]);
    EXPECT_NEAR(row["closed_form"].get<double>(), closed_form[k], 1e-15);
    const double error = std::sqrt(variance[k] / 1e4);
    EXPECT_NEAR(row["standard_error"].get<double>(), error, 0.1 * error);  // the spread of a spread: 1 % for normals, 3 % here
    EXPECT_NEAR(row["estimate"].get<double>(), closed_form[k], 5 * error);
    EXPECT_NEAR(row["z"].get<double>(),
                (row["estimate"].get<double>() - row["closed_form"].get<double>()) / row["standard_error"].get<double>(), 1e-9);
    worst = std::fmax(worst, std::fabs(row["z"].get<double>()));
  }
  EXPECT_EQ(report["worst_z"].get<double>(), worst);
  EXPECT_LT(worst, report["threshold"].get<double>());
}

TEST(Compare, WritesCsvWithARowForEveryNumber) {
  const ProgramRun run = vae_kl("--mu 0.5,-1,2 --sigma 0.8,1,0.3 --format csv");
  EXPECT_THAT(run.out, StartsWith("parameter,closed_form,estimate,standard_error,z\nmu[0],0.5,"));
  EXPECT_THAT(run.out, HasSubstr("\nkl,"));
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 8);
}

TEST(Compare, GivesTheSameNumbersForTheSameSeedAndAnyNumberOfThreads) {
  const std::string arguments = "--samples 200001 --format csv --threads ";
  const std::string one = vae_kl(arguments + "1").out;
  EXPECT_EQ(vae_kl(arguments + "2").out, one);
  EXPECT_EQ(vae_kl(arguments + "3").out, one);
  EXPECT_NE(vae_kl(arguments + "1 --seed 2").out, one);
}

TEST(Compare, ReadsParametersFromAFile) {
  const TemporaryFolder folder;
  const std::string file = folder / "params.csv";
  const auto compare = [&](const std::string& text) {
    write(file, text);
    return vae_kl("--params '" + file + "' --format csv");
  };
  const std::string expected = vae_kl("--mu 0.5,-1 --sigma 0.8,1 --format csv").out;
  EXPECT_EQ(compare("0.5,0.8\n-1,1\n").out, expected);
  EXPECT_EQ(compare("mu,sigma\n0.5,0.8\n-1,1").out, expected);
  EXPECT_EQ(compare("\xEF\xBB\xBFmu,sigma\r\n0.5, 0.8\r\n\r\n-1,\t1\r\n").out, expected);
  std::string thousands = "mu,sigma\n";
  for (int d = 0; d < 5000; ++d) thousands += std::to_string(d % 7 - 3) + "," + std::to_string(0.1 + d % 13) + "\n";
  write(file, thousands);
  const ProgramRun run = vae_kl("--params '" + file + "' --samples 500 --format json");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(json::parse(run.out)["gradient"].size(), 10000);
}

TEST(Compare, ComparesTheWaysOnTheSameSamples) {
  const ProgramRun run = vae_kl("--way all --format json --samples 20000");
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  const json report = json::parse(run.out);
  ASSERT_GE(report["ways"].size(), 2);
  for (const json& row : report["ways"]) EXPECT_GT(row["nanoseconds_per_sample"].get<double>(), 0);
  EXPECT_THAT(vae_kl("--way all --samples 20000").out, HasSubstr("The ways agree to rounding"));
  EXPECT_EQ(vae_kl("--way stepped --samples 2000").status, 0);
  expect_complaint("--way flying", {"--way", "`flying`", "stepped", "all"});
}

TEST(Compare, IsQuietWhenAskedAndTellsByItsStatus) {
  const ProgramRun run = vae_kl("--quiet");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out + run.err, "");
}

TEST(Compare, TakesVeryLargeSigmaAndRefusesWhatDoublePrecisionCannotHold) {
  const json report = json::parse(vae_kl("--mu 0 --sigma 1e150 --samples 1000 --format json").out);
  EXPECT_EQ(report["agree"], true);
  EXPECT_DOUBLE_EQ(report["kl"]["closed_form"].get<double>(), 0.5e300);
  expect_complaint("--mu 0 --sigma 1e155", {"sigma[0]", "1e+155", "keep"});
  expect_complaint("--mu 0.5 --sigma 1e-150", {"sigma[0]", "1e-150", "give a sigma of"});
  EXPECT_EQ(vae_kl("--mu 0.5 --sigma 1e-12").status, 0);
}

TEST(Compare, SaysWhatIsWrongWithNumbers) {
  expect_complaint("--mu 0 --sigma 0", {"--sigma", "0", "above 0"});
  expect_complaint("--mu 0,1,2 --sigma 1,1,-2", {"--sigma, number 3", "-2", "above 0"});
  expect_complaint("--mu nan --sigma 1", {"--mu", "nan", "finite"});
  expect_complaint("--mu 1,inf --sigma 1,1", {"--mu, number 2", "inf", "finite"});
  expect_complaint("--mu -inf --sigma 1", {"--mu", "-inf", "finite"});
  expect_complaint("--mu 0 --sigma nan", {"--sigma", "nan", "finite"});
  expect_complaint("--mu 1,two --sigma 1,1", {"--mu, number 2", "`two`", "not a number"});
  expect_complaint("--mu 1,,2 --sigma 1,1,1", {"--mu, number 2", "missing"});
  expect_complaint("--mu 1e999 --sigma 1", {"--mu", "1e999", "range"});
  expect_complaint("--mu 1,2 --sigma 1", {"--mu has 2", "--sigma 1"});
  expect_complaint("--mu 1", {"--sigma is missing"});
  expect_complaint("--sigma 1", {"--mu is missing"});
  EXPECT_EQ(vae_kl("--mu -.5 --sigma +1 --quiet").status, 0);
}

TEST(Compare, SaysWhatIsWrongWithCounts) {
  expect_complaint("--samples 0", {"--samples", "0", "at least 2"});
  expect_complaint("--samples 1", {"--samples", "1", "at least 2"});
  expect_complaint("--samples -5", {"--samples", "-5", "at least 2"});
  expect_complaint("--samples 2.5", {"--samples", "2.5", "whole"});
  expect_complaint("--samples 1e40", {"--samples", "1e40", "2^63"});
  expect_complaint("--samples many", {"--samples", "`many`", "not a number"});
  expect_complaint("--samples ''", {"--samples", "missing"});
  expect_complaint("--threads 0", {"--threads", "at least 1"});
  expect_complaint("--threads 1000000", {"--threads", "1024"});
  expect_complaint("--seed -1", {"--seed", "-1"});
  EXPECT_EQ(vae_kl("--seed 18446744073709551615 --samples 1e3 --quiet").status, 0);
}

TEST(Compare, SaysWhatIsWrongWithFiles) {
  const TemporaryFolder folder;
  const std::string file = folder / "params.csv";
  const auto complains = [&](const std::string& text, const std::vector<std::string>& parts) {
    write(file, text);
    expect_complaint("--params '" + file + "'", parts);
  };
  expect_complaint("--params '" + (folder / "absent.csv") + "'", {"absent.csv", "No such file"});
  expect_complaint("--params '" + folder.path().string() + "'", {"folder"});
  complains("", {"params.csv", "empty"});
  complains("\n \n", {"params.csv", "empty"});
  complains("mu,sigma\n", {"params.csv", "no row"});
  complains(std::string("1,2\0\n", 5), {"params.csv", "binary"});
  complains(
      "\x7f"
      "ELF\x02\x01\xff\xfe,\x80\n",
      {"params.csv"});
  complains("1,2\n3,four\n", {"params.csv, line 2, column 2", "`four`"});
  complains("mu,sigma\n1,2\n\n3\n", {"params.csv, line 4", "two columns"});
  complains("1,2,3\n", {"params.csv, line 1", "has 3"});
  complains("1,2\n3,0\n", {"params.csv, line 2, column 2", "above 0"});
  complains("1,2\nnan,1\n", {"params.csv, line 2, column 1", "nan"});
  complains("1;2\n", {"params.csv, line 1", "two columns"});
  complains("a,b\n1,2\n", {"params.csv, line 1, column 1", "`a`"});
  write(file, "1,2\n");
  expect_complaint("--params '" + file + "' --mu 1", {"--params", "leave out"});
}

TEST(Compare, LeavesNoHalfWrittenFile) {
  const TemporaryFolder folder;
  const std::string file = folder / "report.json";
  const auto files = [&] {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++count;
    return count;
  };
  EXPECT_EQ(vae_kl("--format json --output '" + file + "'").status, 0);
  EXPECT_EQ(json::parse(file_text(file))["agree"], true);
  EXPECT_EQ(files(), 1);
  const std::string before = file_text(file);
  expect_complaint("--samples 0 --output '" + file + "'", {"--samples"});
  EXPECT_EQ(file_text(file), before);
  expect_complaint("--mu 0 --sigma 1e-150 --output '" + (folder / "new.json") + "'", {"sigma"});
  EXPECT_EQ(files(), 1);
  expect_complaint("--output '" + (folder / "absent/report.json") + "'", {"absent/report.json", "cannot be written"});
  expect_complaint("--output '" + folder.path().string() + "'", {"folder"});
  EXPECT_EQ(vae_kl("--output /dev/null").status, 0);
  EXPECT_EQ(files(), 1);
}

TEST(Compare, SaysSoWhenTheDiskIsFull) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  expect_complaint("--output /dev/full", {"/dev/full", "cannot be written"});
  const ProgramRun run = run_program("sh", "-c \"'" VAE_KL_PROGRAM "' >/dev/full\"");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("stdout"));
}

TEST(CommandLine, NamesUnknownOptionsAndCommands) {
  expect_complaint("--sampels 10", {"--sampels", "vae_kl compare --help"});
  expect_complaint("compare --frobnicate", {"--frobnicate", "vae_kl compare --help"});
  expect_complaint("flurb", {"`flurb` is no command", "compare", "trace"});
  expect_complaint("--format xml", {"--format", "`xml`", "json"});
  expect_complaint("--samples", {"--samples"});
  expect_complaint("trace 5", {"5"});
}

TEST(TraceCommand, WritesTheFieldsOfItsReportAsJson) {
  const ProgramRun run = vae_kl("trace --mu 0.5 --sigma 0.8 --eps 0.3 --format json");
  EXPECT_EQ(run.status, 0) << run.err;
  const json report = json::parse(run.out);
  EXPECT_EQ(keys(report), (std::set<std::string>{"nodes", "gradient"}));
  EXPECT_DOUBLE_EQ(report["gradient"]["mu"].get<double>(), 0.74);
  EXPECT_DOUBLE_EQ(report["gradient"]["sigma"].get<double>(), 0.74 * 0.3 - 1 / 0.8);
  std::set<std::string> names;
  for (const json& node : report["nodes"]) {
    EXPECT_EQ(keys(node), (std::set<std::string>{"index", "name", "operation", "arguments", "value", "adjoint"}));
    names.insert(node["name"].get<std::string>());
  }
  for (const char* name : {"mu", "sigma", "eps", "z", "r", "s", "t"}) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(TraceCommand, GoesForwardsThenBackwards) {
  const ProgramRun run = vae_kl("trace --eps -2");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_LT(run.out.find("Forwards"), run.out.find("Backwards"));
  EXPECT_THAT(run.out, HasSubstr("dt/dmu = -1.1"));
}

TEST(TraceCommand, RefusesWhatItCannotTrace) {
  expect_complaint("trace --sigma -1", {"--sigma", "-1", "above 0"});
  expect_complaint("trace --sigma 0", {"--sigma", "above 0"});
  expect_complaint("trace --mu x", {"--mu", "`x`"});
  expect_complaint("trace --eps inf", {"--eps", "finite"});
  expect_complaint("trace --eps 1,2", {"--eps", "`1,2`"});
  expect_complaint("trace --sigma 1e-150", {"1e-150"});
  expect_complaint("trace --mu 0.5 --sigma 0.8 --eps 1e200", {"--eps 1e+200", "beyond the range"});
  expect_complaint("trace --mu 1e200", {"1e+200"});
}

TEST(TraceCommand, WritesCsvWithARowForEveryNode) {
  const ProgramRun run = vae_kl("trace --mu 0.5 --sigma 0.8 --eps 0.3 --format csv");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("index,name,operation,arguments,value,adjoint\n0,mu,independent,,0.5,0.74"));
  const json report = json::parse(vae_kl("trace --mu 0.5 --sigma 0.8 --eps 0.3 --format json").out);
  EXPECT_EQ(static_cast<std::size_t>(std::count(run.out.begin(), run.out.end(), '\n')), 1 + report["nodes"].size());
}

TEST(GraphCommand, WritesThePictureAsDotSvgJsonAndPage) {
  const std::string point = "graph --mu 0.5 --sigma 0.8 --eps 0.3";
  const ProgramRun dot = vae_kl(point);
  EXPECT_EQ(dot.status, 0) << dot.err;
  EXPECT_THAT(dot.out, testing::AllOf(StartsWith("digraph"), HasSubstr("t = r - s"), HasSubstr("z = mu + ")));
  EXPECT_EQ(dot.out, vae_kl(point + " --format dot").out);
  const json graph = json::parse(vae_kl(point + " --format json").out);
  bool found = false;
  for (const json& node : graph["nodes"]) {
    if (node["name"] != "z") continue;
    found = true;
    EXPECT_DOUBLE_EQ(node["value"].get<double>(), 0.74);  // mu + sigma * eps
  }
  EXPECT_TRUE(found);
  EXPECT_THAT(vae_kl(point + " --format svg").out, testing::AllOf(HasSubstr("<svg"), HasSubstr("</svg>")));
  EXPECT_THAT(vae_kl(point + " --format html").out, testing::AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("<svg")));
}

TEST(GraphCommand, ShowsWhatIsAroundANode) {
  const std::string all = vae_kl("graph").out, some = vae_kl("graph --around mu").out;
  EXPECT_THAT(some, testing::AllOf(HasSubstr("mu"), HasSubstr("z")));
  EXPECT_LT(some.size(), all.size());
  expect_complaint("graph --around nothing", {"--around", "`nothing`", "mu, sigma, eps"});
  expect_complaint("graph --output /no/such/folder/graph.dot", {"/no/such/folder/graph.dot"});
}

}  // namespace
