// The program as its user meets it: what goes to stdout, what to stderr, and the exit status.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

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

const std::string source_folder = VAE_KL_TEST_DATA "/../../../vae_kl/";

/// The names that the program's help lists.
std::set<std::string> command_names() {
  const std::string help = vae_kl("--help").out;
  std::istringstream lines(help.substr(help.find("Subcommands:") + 12));
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line) && line.find("Without a command") == line.npos;) {
    std::istringstream words(line);
    std::string name;
    if (line.starts_with("  ") && line[2] != ' ' && words >> name) names.insert(name);
  }
  return names;
}

// A transcript is a fenced block whose lines after $ are commands; a line of … stands for lines left out.
TEST(CommandLine, PrintsWhatItsReadmeShows) {
  const std::string readme = file_text(source_folder + "README.md");
  const std::regex block("```console\n([^`]*)```");
  std::size_t transcripts = 0;
  for (std::sregex_iterator found(readme.begin(), readme.end(), block), end; found != end; ++found) {
    std::istringstream lines((*found)[1].str());
    std::vector<std::pair<std::string, std::string>> commands;
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("$ vae_kl"))
        commands.emplace_back(line.substr(8), "");
      else
        commands.back().second += line + '\n';
    for (const auto& [arguments, shown] : commands) {
      ++transcripts;
      const std::string printed = vae_kl(arguments).out;
      std::size_t at = 0;
      for (std::size_t from = 0; from < shown.size();) {  // the pieces between the lines of …, in their order
        const std::size_t to = std::min(shown.find("…\n", from), shown.size());
        const std::string piece = shown.substr(from, to - from);
        const std::size_t where = printed.find(piece, at);
        EXPECT_NE(where, printed.npos) << "vae_kl" << arguments << " prints\n" << printed << "and the README shows\n" << piece;
        if (from == 0) {
          EXPECT_EQ(where, 0u) << piece;
        }
        at = where == printed.npos ? at : where + piece.size();
        from = to + std::string("…\n").size();
      }
      if (!shown.ends_with("…\n")) {
        EXPECT_EQ(at, printed.size()) << "vae_kl" << arguments << " prints more than the README shows";
      }
    }
  }
  EXPECT_GE(transcripts, 5u);
}

TEST(CommandLine, EveryCommandIsInTheTableOfItsReadme) {
  const std::string readme = file_text(source_folder + "README.md");
  for (const std::string& name : command_names()) EXPECT_THAT(readme, HasSubstr("| `vae_kl " + name + "` |"));
}

// An empty value is what a shell makes of a variable that is not set: it must not mean the default.
TEST(CommandLine, AnEmptyValueOfAnyOptionIsRefused) {
  const std::vector<std::string> empties = {" ''", "=''", " ' '"};
#ifdef WENGERT_TEST_SANITIZED  // programs start slowly then, and to try each option with each form takes minutes
  constexpr bool slow = true;
#else
  constexpr bool slow = false;
#endif
  std::size_t options = 0;
  for (const std::string& command : command_names()) {
    const std::string help = vae_kl(command + " --help").out;
    const std::regex option("\n  (--[a-z-]+) [A-Z]");  // flags have no name for a value behind them
    for (std::sregex_iterator found(help.begin(), help.end(), option), end; found != end; ++found, ++options)
      for (std::size_t form = 0; form < empties.size(); ++form)
        if (form == options % empties.size() || !slow)
          expect_complaint(command + ' ' + (*found)[1].str() + empties[form], {(*found)[1].str()});
    if (help.find("--mu") != help.npos) {
      expect_complaint(command + " --mu '' --sigma ''", {"--mu"});
    }
  }
  EXPECT_GE(options, 40u);
  for (const char* list : {"compare --mu , --sigma ,", "compare --mu 1, --sigma 1,", "descend --batch ,", "descend --rules ,",
                           "descend --estimators ,", "descend --estimators path,"})
    expect_complaint(list, {"--"});
}

// Parse first, then run: whoever steps up from the graph to main meets the demo's own functions only.
TEST(CommandLine, NoFrameOfTheParserIsBelowACommand) {
#ifdef WENGERT_TEST_SANITIZED
  GTEST_SKIP() << "a debugger and a sanitizer get in each other's way";
#endif
  if (std::system("command -v gdb >/dev/null") != 0) GTEST_SKIP() << "gdb is not installed";
  const ProgramRun run =
      run_program("gdb", "-nx -batch -ex 'break vae_kl::trace' -ex run -ex backtrace --args '" VAE_KL_PROGRAM "' trace");
  const std::size_t begin = run.out.find("#0 ");
  if (begin == run.out.npos) GTEST_SKIP() << "gdb cannot run a program here: " << run.err;
  const std::string stack = run.out.substr(begin);
  EXPECT_THAT(stack, testing::AllOf(HasSubstr("vae_kl::trace"), HasSubstr("TraceCommand"), HasSubstr("main")));
  EXPECT_THAT(stack, testing::AllOf(Not(HasSubstr("CLI::")), Not(HasSubstr("std::function"))));
  EXPECT_LE(std::count(stack.begin(), stack.end(), '#'), 5) << stack;
}

// question, estimate, proof, estimators, train, program: each may include those before it and itself.
TEST(Sources, NoIncludePointsUpAndNumericsReadNeitherTheCommandLineNorJson) {
  const std::vector<std::string> floors{"question", "estimate", "proof", "estimators", "train", "program"};
  const std::regex include("#include [<\"]([^>\"]+)[>\"]");
  std::size_t files = 0, readers_of_json = 0, readers_of_command_lines = 0;
  for (std::size_t floor = 0; floor < floors.size(); ++floor)
    for (const auto& entry : std::filesystem::directory_iterator(source_folder + floors[floor])) {
      ++files;
      const std::string text = file_text(entry.path().string());
      for (std::sregex_iterator found(text.begin(), text.end(), include), end; found != end; ++found) {
        const std::string path = (*found)[1], folder = path.substr(0, path.find('/'));
        for (std::size_t above = floor + 1; above < floors.size(); ++above) EXPECT_NE(folder, floors[above]) << entry.path();
        readers_of_json += folder == "nlohmann", readers_of_command_lines += folder == "CLI";
        EXPECT_TRUE(floors[floor] == "program" || (folder != "nlohmann" && folder != "CLI")) << entry.path();
      }
    }
  EXPECT_GT(files, 50u);
  EXPECT_EQ(readers_of_json, 2u) << "reports, and checkpoints";
  EXPECT_EQ(readers_of_command_lines, 1u);
}

TEST(CommandLine, EveryCommandHelpsWithAnExample) {
  const ProgramRun help = vae_kl("--help");
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.err, "");
  EXPECT_THAT(help.out, HasSubstr("compare"));
  const std::set<std::string> names = command_names();
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

TEST(Compare, SaysHowItSampledWhereThatIsNotPlain) {
  const std::string plain = vae_kl("compare").out;
  EXPECT_EQ(vae_kl("compare --sampling plain").out, plain);
  const json pairs = json::parse(vae_kl("--sampling antithetic --samples 10001 --format json").out)["sampling"];
  EXPECT_EQ(pairs, json({{"kind", "antithetic"}, {"means", 5000}, {"samples_in_each", 2}}));
  const ProgramRun sobol = vae_kl("--sampling sobol --samples 10000 --format json");
  EXPECT_EQ(sobol.status, 0);
  EXPECT_EQ(json::parse(sobol.out)["samples"], 9984);
  EXPECT_EQ(json::parse(sobol.out)["sampling"], json({{"kind", "sobol"}, {"means", 78}, {"samples_in_each", 128}}));
  EXPECT_THAT(vae_kl("--sampling antithetic").out, HasSubstr("dKL/dmu is exact but for rounding"));
  const ProgramRun few = vae_kl("--sampling sobol --samples 10");
  EXPECT_EQ(few.status, 1);
  EXPECT_THAT(few.out, HasSubstr("10 replicates of 1 Sobol' point, each"));
  EXPECT_THAT(few.out, HasSubstr("NO VERDICT: 10 samples are too few to tell"));
  expect_complaint("compare --sampling quasi", {"--sampling: `quasi` is no sampling; choose plain, antithetic or sobol"});
  expect_complaint("compare --sampling antithetic --samples 3", {"--samples: 3 make fewer than two antithetic pairs"});
}

TEST(Compare, DrawsTheErrorAgainstTheNumberOfSamples) {
  if (std::system("command -v gnuplot >/dev/null") != 0) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  const ProgramRun run = vae_kl("compare --quiet --samples 5000 --plot " + (folder / "error.svg"));
  EXPECT_EQ(run.status, 0) << run.err;
  const std::string picture = file_text(folder / "error.svg");
  for (const char* part : {"<svg", "plain: error", "antithetic: standard error", "sobol: error", "</svg>"})
    EXPECT_THAT(picture, HasSubstr(part));
  expect_complaint("compare --samples 511 --plot " + (folder / "few.svg"), {"--plot: 511 samples make no curve", "512"});
  expect_complaint("compare --plot " + (folder / "error.gif"), {"pictures are SVG or PNG"});
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
  EXPECT_EQ(files(), 1);
}

// Renaming a file onto a pipe or a device would replace it: harmless in a folder of one's own, not in /dev.
TEST(Compare, WritesIntoAPipeAndLeavesItAPipe) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe", link = folder / "link";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink(pipe, link);
  // This end reads without waiting; the report fits into the pipe.
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  for (const std::string& output : {pipe, link}) {
    const ProgramRun run = vae_kl("--format csv --output '" + output + "'");
    EXPECT_EQ(run.status, 0) << run.err;
    std::string got(10'000, ' ');
    got.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(reader, got.data(), got.size()))));
    EXPECT_EQ(got, vae_kl("--format csv").out);
    EXPECT_TRUE(std::filesystem::is_fifo(pipe));
    EXPECT_TRUE(std::filesystem::is_symlink(link));
  }
  ::close(reader);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".part")));
}

TEST(Compare, WritesIntoADeviceAndSaysWhenItIsFull) {
  const TemporaryFolder folder;
  const std::string null = folder / "null", full = folder / "full";
  struct stat of_null, of_full;
  if (::stat("/dev/null", &of_null) != 0 || ::stat("/dev/full", &of_full) != 0 ||
      ::mknod(null.c_str(), S_IFCHR | 0600, of_null.st_rdev) != 0 ||
      ::mknod(full.c_str(), S_IFCHR | 0600, of_full.st_rdev) != 0 || !std::ofstream(null))
    GTEST_SKIP() << "no devices of one's own here; the test of a file limit stands in";
  EXPECT_EQ(vae_kl("--output '" + null + "'").status, 0);
  expect_complaint("--output '" + full + "'", {full.c_str(), "cannot be written"});
  for (const std::string& node : {null, full}) EXPECT_TRUE(std::filesystem::is_character_file(node)) << node;
}

// A limit on the size of files fails as a full disk does, for everyone.
TEST(Compare, SaysSoWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  const std::string file = folder / "report";
  write(file, "before");
  const auto complains = [&](const std::string& rest, const char* what) {  // through a pipe, which has no limit
    std::FILE* const pipe = ::popen(("trap '' XFSZ; ulimit -f 0; exec 2>&1; exec '" VAE_KL_PROGRAM "' " + rest).c_str(), "r");
    std::string said(1000, ' ');
    said.resize(std::fread(said.data(), 1, said.size(), pipe));
    EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 2) << rest;
    EXPECT_THAT(said, testing::AllOf(StartsWith("vae_kl"), HasSubstr(what)));
  };
  complains("--output '" + file + "'", "report: cannot be written");
  EXPECT_EQ(file_text(file), "before");
  complains(">'" + file + "'", "stdout: cannot be written");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) EXPECT_EQ(entry.path().filename(), "report");
}

TEST(Compare, RefusesASocketAndLeavesIt) {
  const TemporaryFolder folder;
  const std::string path = folder / "socket";
  const int file = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  // before the work: these samples would take days
  expect_complaint("--samples 1e15 --output '" + path + "'", {"socket", "cannot be written"});
  EXPECT_TRUE(std::filesystem::is_socket(path));
  ::close(file);
}

// With 7 comparisons at 1e-6 the normal quantile is 5.26, and 999 of 1000 lie above -3.09: a fault of f in log moves dKL/dsigma
// by f / sigma, whose samples scatter by sqrt(mu^2 + 2 sigma^2), so it takes ((5.26 + 3.09) * scatter * sigma / f)^2 samples,
// least where mu = 2 and sigma = 0.3.
TEST(Compare, SaysHowManySamplesAPlantedFaultTakes) {
  const auto expected = [](double fault) { return std::pow((5.2586 + 3.0902) * std::sqrt(4 + 2 * 0.09) * 0.3 / fault, 2); };
  const json report = json::parse(vae_kl("--fault 0.0005 --format json").out);
  EXPECT_EQ(report["fault"]["parameter"], "sigma[2]");
  EXPECT_NEAR(report["fault"]["bias"].get<double>(), -0.0005 / 0.3, 1e-12);
  EXPECT_NEAR(report["fault"]["samples_needed"].get<double>(), expected(0.0005), 0.005 * expected(0.0005));
  EXPECT_EQ(report["agree"], true) << "100000 samples are too few for it";
  EXPECT_THAT(vae_kl("--fault 0.0005").out, HasSubstr("this one takes " + report["fault"]["samples_needed"].dump()));
  // skewness and Student's law ask for a little more where the samples are fewer
  const double some = json::parse(vae_kl("--fault 0.01 --format json").out)["fault"]["samples_needed"];
  EXPECT_GT(some, expected(0.01));
  EXPECT_LT(some, 1.05 * expected(0.01));
}

TEST(Compare, APlantedFaultTurnsTheVerdictOnceThereAreSamplesEnough) {
  for (const char* way : {"stepped", "replayed", "fused", "all"})
    for (const char* fault : {"0.05", "-0.05"}) {
      const std::string arguments = std::string("--format json --way ") + way + " --fault " + fault;
      const json few = json::parse(vae_kl(arguments + " --samples 1000").out);
      const auto needed = few["fault"]["samples_needed"].get<std::uint64_t>();
      EXPECT_EQ(few["agree"], true) << arguments;
      const ProgramRun run = vae_kl(arguments + " --samples " + std::to_string(needed));
      EXPECT_EQ(run.status, 1) << arguments;
      const json report = json::parse(run.out),
                 right = json::parse(vae_kl("--format json --samples " + std::to_string(needed)).out);
      EXPECT_EQ(right["agree"], true);
      for (std::size_t k = 0; k < 6; ++k) {  // dKL/dsigma is off by -fault / sigma, nothing else is
        const double sigma[] = {0.8, 1, 0.3};
        const double off = k % 2 == 0 ? 0 : -std::stod(fault) / sigma[k / 2];
        EXPECT_NEAR(report["gradient"][k]["estimate"].get<double>() - right["gradient"][k]["estimate"].get<double>(), off, 1e-13);
      }
      EXPECT_NEAR(report["kl"]["estimate"].get<double>(), right["kl"]["estimate"].get<double>(), 1e-13);
    }
  expect_complaint("--fault 2", {"--fault", "2", "between -1 and 1"});
  expect_complaint("--fault much", {"--fault", "`much`"});
}

TEST(Compare, GivesNoVerdictWhereTheSamplesAreTooFewToTell) {
  for (const char* parameters : {"", "--mu 0 --sigma 1 ", "--mu 3 --sigma 50 "})
    for (const char* samples : {"2", "3", "10", "100"}) {
      const std::string arguments = std::string(parameters) + "--samples " + samples;
      const ProgramRun run = vae_kl(arguments);
      EXPECT_EQ(run.status, 1) << arguments;
      EXPECT_THAT(run.out, testing::AllOf(HasSubstr(std::string("NO VERDICT: ") + samples + " samples are too few to tell"),
                                          HasSubstr("least bias"), Not(HasSubstr("Agreement"))));
      const json report = json::parse(vae_kl(arguments + " --format json").out);
      EXPECT_EQ(report["agree"], false);
      // The threshold and 3.09 standard errors, which are those of the row that scatters least: of dKL/dmu, by sigma.
      const double sigma = *parameters == 0 ? 0.3 : std::string_view(parameters).ends_with("50 ") ? 50 : 1;
      const double least = (report["threshold"].get<double>() + 3.09) * sigma / std::sqrt(std::stod(samples));
      EXPECT_NEAR(report["too_few_samples"]["least_bias_seen"].get<double>(), least, 1e-3 * least) << arguments;
      const std::string enough = report["too_few_samples"]["samples_needed"].dump();
      EXPECT_EQ(vae_kl(std::string(parameters) + "--quiet --samples " + enough).status, 0) << enough;
    }
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

TEST(TraceCommand, TellsWithBoundsHowFarRoundingMayHaveMovedEachNumber) {
  const json report = json::parse(vae_kl("trace --mu 0.5 --sigma 0.8 --eps 0.3 --bounds --format json").out);
  EXPECT_EQ(keys(report), (std::set<std::string>{"nodes", "gradient", "gradient_error"}));
  for (const char* name : {"mu", "sigma"}) {  // some roundings of numbers of about 1
    EXPECT_GT(report["gradient_error"][name].get<double>(), 0);
    EXPECT_LT(report["gradient_error"][name].get<double>(), 1e-14);
  }
  for (const json& node : report["nodes"]) {
    EXPECT_TRUE(node["value_error"].is_number() && node["adjoint_error"].is_number()) << node;
    if (node["operation"] == "independent") {
      EXPECT_EQ(node["value_error"], 0);
    }
  }
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
