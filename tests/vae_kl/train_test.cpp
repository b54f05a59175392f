#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "program/checkpoint.hpp"
#include "program/data_file.hpp"
#include "program/input.hpp"
#include "question/error.hpp"
#include "support/run_program.hpp"
#include "train/data.hpp"
#include "train/training.hpp"

namespace {

using namespace vae_kl;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::string iris = VAE_KL_TEST_DATA "/iris.csv";

ProgramRun run_train(const std::string& arguments) { return run_program(VAE_KL_PROGRAM, "train " + arguments); }

TrainingState trained(const Training& training, std::uint64_t epochs) {
  TrainingState state = training.initial_state();
  while (state.epoch < epochs) training.run_epoch(state);
  return state;
}

TEST(Training, ClosesTheGapToPrincipalComponentsOnIris) {
  TrainingOptions options;
  options.epochs = 600;
  for (const std::uint64_t seed : {1, 2}) {
    options.seed = seed;
    const Training training(options, read_data(iris));
    // The maximum log-likelihood of two-dimensional PCA on iris, from the known eigenvalues (see principal_components_test):
    // -(4 log 2 pi + log 4.2001 + log 0.2411 + 2 log 0.0507 + 4) / 2
    EXPECT_NEAR(training.best_possible(), -2.69975, 1e-4);
    const TrainingState state = trained(training, options.epochs);
    const double gap = training.best_possible() - training.free_energy(state);
    EXPECT_GT(gap, 0) << "the free energy is a lower bound of a maximum";
    EXPECT_LT(gap, 0.01) << "of 3.4 nats at the start";
    EXPECT_LE(training.free_energy(state), training.log_likelihood(state));
  }
}

// Of data a thousand times as large every density is smaller by 1000^columns, and so is the bound on it.
TEST(Training, FreeEnergiesOfLargerDataDifferByTheLogOfTheFactor) {
  TrainingOptions options;
  options.epochs = 3;
  options.rate = 1e-9;  // weights as good as fixed, so that an epoch samples the free energy of its end
  const Matrix data = make_data(4000, 4, 2, 9);
  const Training small(options, data), large(options, 1000 * data);
  const CurvePoint of_small = trained(small, 3).curve.back(), of_large = trained(large, 3).curve.back();
  const double by = 4 * std::log(1000.0);
  EXPECT_NEAR(of_small.free_energy - of_large.free_energy, by, 1e-9);
  EXPECT_NEAR(of_small.sampled - of_large.sampled, by, 1e-9);
  EXPECT_NEAR(of_small.log_likelihood - of_large.log_likelihood, by, 1e-9);
  EXPECT_NEAR(small.best_possible() - large.best_possible(), by, 1e-9);
  // A row's sampled free energy scatters by less than 4 nats here (z and the residuals have size 1): 4 errors of the mean of
  // 4000.
  EXPECT_NEAR(of_large.sampled, of_large.free_energy, 4 * 4 / std::sqrt(4000.0));
}

TEST(Training, StartsWithZerosWhereTheyBelongAndNowhereElse) {
  TrainingOptions options;
  options.latent = 3;
  const Training training(options, make_data(50, 7, 3, 2));
  const TrainingState state = training.initial_state();
  // c and log sigma for each latent dimension, b for each column, log s; V and W are drawn
  EXPECT_EQ(std::count(state.weights.begin(), state.weights.end(), 0), 3 + 3 + 7 + 1);
  EXPECT_EQ(state.weights.size(), 2u * 3 * 7 + 3 + 3 + 7 + 1);
}

// With all rows in one minibatch an epoch is a step. What moments hold tells its gradient g; then weights move as Kingma and Ba
// (2015) have it, at a rate that falls along half a cosine.
TEST(Training, StepsAreAdams) {
  TrainingOptions options;
  options.epochs = 5;
  options.batch = 40;
  options.rate = 0.03;
  const Training training(options, make_data(40, 4, 2, 5));
  TrainingState before = training.initial_state();
  for (int step = 1; step <= 5; ++step) {
    TrainingState after = before;
    training.run_epoch(after);
    EXPECT_EQ(after.step, static_cast<std::uint64_t>(step));
    const double rate = 0.03 * std::pow(std::cos(std::acos(-1.0) * (step - 1) / 10), 2);  // (1 + cos 2x) / 2
    const double correction1 = 1 - std::pow(0.9, step), correction2 = 1 - std::pow(0.999, step);
    for (std::size_t k = 0; k < after.weights.size(); ++k) {
      const double g = (after.first_moment[k] - 0.9 * before.first_moment[k]) / 0.1;
      EXPECT_NEAR(after.second_moment[k], 0.999 * before.second_moment[k] + 0.001 * g * g, 1e-12 * (1 + g * g));
      const double move = rate * (after.first_moment[k] / correction1) / (std::sqrt(after.second_moment[k] / correction2) + 1e-8);
      EXPECT_NEAR(before.weights[k] - after.weights[k], move, 1e-14) << "weight " << k << ", step " << step;
    }
    before = after;
  }
}

// The first step's gradient is a mean over rows of samples of that of the free energy; against central differences of it in
// log s, where the residuals' squares over s^2 = 1 scatter by less than 4 a row.
TEST(Training, GradientsAreMeansOverRows) {
  TrainingOptions options;
  options.epochs = 1;
  options.batch = 4000;
  const Training training(options, make_data(4000, 4, 2, 5));
  const TrainingState start = training.initial_state();
  TrainingState after = start;
  training.run_epoch(after);
  const std::size_t k = training.vae().log_s();
  TrainingState up = start, down = start;
  up.weights[k] += 1e-5, down.weights[k] -= 1e-5;
  const double slope = -(training.free_energy(up) - training.free_energy(down)) / 2e-5;
  EXPECT_NEAR(after.first_moment[k] / 0.1, slope, 4 * 4 / std::sqrt(4000.0));
}

TEST(Training, CurvesHaveAHundredPointsOrSoAndTheLast) {
  const auto points = [](std::uint64_t epochs) {
    TrainingOptions options;
    options.latent = 1;
    options.epochs = epochs;
    const Training training(options, make_data(3, 2, 1, 5));
    return trained(training, epochs).curve;
  };
  EXPECT_EQ(points(7).size(), 1u + 7);
  EXPECT_EQ(points(200).size(), 1u + 100);
  const auto uneven = points(201);
  EXPECT_EQ(uneven.size(), 1u + 100 + 1);
  EXPECT_EQ(uneven[1].epoch, 2u);
  EXPECT_EQ(uneven.back().epoch, 201u);
}

TEST(Training, RefusesDataThatItCannotLearnFrom) {
  const auto refused = [](const Matrix& data, std::size_t latent, const char* says) {
    TrainingOptions options;
    options.latent = latent;
    EXPECT_THAT([&] { Training(options, data); }, ThrowsMessage<InputError>(HasSubstr(says)))
        << data.rows() << " x " << data.cols();
  };
  refused(make_data(10, 1, 1, 1), 1, "the data have 1 column;");
  refused(make_data(2, 4, 1, 1), 1, "2 rows");
  refused(make_data(10, 4, 1, 1), 0, "--latent: 0 for 4 columns");
  refused(make_data(10, 4, 1, 1), 4, "--latent: 4 for 4 columns");
  refused(Matrix::Constant(10, 4, 2.5), 1, "do not vary");
  refused(1e200 * make_data(10, 4, 1, 1), 1, "beyond all bounds");
  TrainingOptions options;
  options.latent = 1;
  EXPECT_NO_THROW(Training(options, make_data(3, 2, 1, 1)));  // as few as there may be
  options.latent = 3;
  EXPECT_NO_THROW(Training(options, make_data(10, 4, 1, 1)));
}

TEST(Training, TheTotalDerivativeLearnsToo) {
  TrainingOptions options;
  options.epochs = 300;
  options.derivative = Derivative::total;
  const Training training(options, make_data(200, 4, 1, 5));
  EXPECT_LT(training.best_possible() - training.free_energy(trained(training, 300)), 0.3);
}

TEST(Training, ACheckpointBringsBackTheSameStateToTheBit) {
  TrainingOptions options;
  options.epochs = 40;
  options.batch = 32;
  const Training training(options, read_data(iris));
  TrainingState through = trained(training, 17);
  TrainingState resumed = restored(training, checkpoint(training, through), "checkpoint");
  EXPECT_EQ(resumed.weights, through.weights);
  while (!training.finished(through)) training.run_epoch(through);
  while (!training.finished(resumed)) training.run_epoch(resumed);
  EXPECT_EQ(resumed.weights, through.weights);
  EXPECT_EQ(resumed.second_moment, through.second_moment);
  EXPECT_EQ(checkpoint(training, resumed), checkpoint(training, through));
}

TEST(Training, RefusesACheckpointOfAnotherRun) {
  TrainingOptions options;
  options.epochs = 20;
  const Training training(options, read_data(iris));
  const std::string text = checkpoint(training, trained(training, 3));
  TrainingOptions other = options;
  other.seed = 2;
  EXPECT_THROW(restored(Training(other, read_data(iris)), text, "c"), InputError);
  other = options, other.batch = 49;
  EXPECT_THROW(restored(Training(other, read_data(iris)), text, "c"), InputError);
  Matrix changed = read_data(iris);
  changed(149, 3) += 0.1;
  EXPECT_THROW(restored(Training(options, changed), text, "c"), InputError);
  EXPECT_THROW(restored(training, text.substr(0, text.size() / 2), "c"), InputError);
  EXPECT_THROW(restored(training, "{\"vae_kl_checkpoint\": 1}", "c"), InputError);
  std::string damaged = text;
  damaged.replace(damaged.find("\"first_moment\""), 14, "\"first_moments\"");
  EXPECT_THAT([&] { restored(training, damaged, "run.json"); },
              ThrowsMessage<InputError>(HasSubstr("run.json: is a damaged checkpoint")));
}

TEST(Data, ReadsAHeaderAndSaysWhereItFails) {
  const TemporaryFolder folder;
  const auto file = [&](const std::string& text) {
    const std::string path = folder / "data.csv";
    std::ofstream(path) << text;
    return path;
  };
  const auto refused = [&](const std::string& text, const char* says) {
    try {
      read_data(file(text));
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(says));
    }
  };
  EXPECT_EQ(read_data(file("a,b\n1,2\r\n\n3, 4.5\n")), (Matrix(2, 2) << 1, 2, 3, 4.5).finished());
  EXPECT_EQ(read_data(file("1,2\n3,4")).rows(), 2);
  refused("1,2\n3\n", "line 2: has 1 columns");
  refused("1,2\n3,x\n", "line 2, column 2");
  refused("1,2\n3,nan\n", "line 2, column 2");
  refused("a,b\n", "no row");
  refused("", "empty");
}

TEST(TrainCommand, ReportsGapAndSingleSampleGradients) {
  const auto json = nlohmann::json::parse(run_train("--data " + iris + " --epochs 500 --format json").out);
  EXPECT_NEAR(json.at("best_possible"), -2.69975, 1e-4);
  EXPECT_LT(json.at("gap"), 0.02);
  EXPECT_LT(json.at("single_sample_gradient_at_best").at("path"), 1e-11);
  EXPECT_GT(json.at("single_sample_gradient_at_best").at("total"), 1);
  EXPECT_EQ(json.at("curve").back().at("epoch"), 500);
  EXPECT_EQ(json.at("weights").size(), 25u);
}

TEST(TrainCommand, TableAndCsvShowTheCurve) {
  const ProgramRun table = run_train("--epochs 20 --rows 60");
  EXPECT_EQ(table.status, 0);
  EXPECT_THAT(table.out, AllOf(HasSubstr("gap to PCA"), HasSubstr("Maximum log-likelihood of probabilistic PCA")));
  const std::string csv = run_train("--epochs 20 --rows 60 --format csv").out;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 22);
  EXPECT_EQ(run_train("--epochs 5 --gap 1e-6 --quiet").status, 1);
  EXPECT_EQ(run_train("--epochs 5 --gap 100 --quiet").status, 0);
}

TEST(TrainCommand, AKilledRunResumesBitForBit) {
  const TemporaryFolder folder;
  const std::string options = "--data " + iris + " --epochs 1200 --batch 25 --format json";
  const std::string checkpoint = folder / "run.json", kept = folder / "run.json --checkpoint-every 3";
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c",
            (std::string("exec '") + VAE_KL_PROGRAM + "' train " + options + " --quiet --checkpoint " + kept).c_str(), nullptr);
    ::_exit(127);
  }
  for (int wait = 0; wait < 60000 && !std::filesystem::exists(checkpoint); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, SIGKILL);
  int how = 0;
  ::waitpid(child, &how, 0);
  ASSERT_TRUE(WIFSIGNALED(how)) << "the run must die on its way, not end";
  const auto saved = nlohmann::json::parse(file_text(checkpoint));
  EXPECT_GE(saved.at("epoch"), 3);
  EXPECT_LT(saved.at("epoch"), 1200);
  const ProgramRun resumed = run_train(options + " --resume --checkpoint " + checkpoint), through = run_train(options);
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.out, through.out);
}

TEST(TrainCommand, DrawsTheLossCurve) {
  if (std::system("command -v gnuplot >/dev/null") != 0) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  EXPECT_EQ(run_train("--epochs 10 --rows 60 --quiet --plot " + (folder / "curve.svg")).status, 0);
  EXPECT_THAT(file_text(folder / "curve.svg"), AllOf(HasSubstr("<svg"), HasSubstr("free energy F(q)"), HasSubstr("</svg>")));
  EXPECT_EQ(run_train("--epochs 10 --rows 60 --quiet --plot " + (folder / "curve.png")).status, 0);
  EXPECT_EQ(file_text(folder / "curve.png").substr(1, 3), "PNG");
}

TEST(TrainCommand, SaysThatGnuplotIsMissing) {
  const TemporaryFolder folder;
  const ProgramRun run =
      run_program("/usr/bin/env", std::string("PATH=/nowhere '") + VAE_KL_PROGRAM + "' train --plot " + (folder / "a.svg"));
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("gnuplot is not on the PATH"), HasSubstr("install it")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(TrainCommand, HelpHasAnExample) {
  const ProgramRun run = run_train("--help");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("Example: vae_kl train --data"), HasSubstr("--resume"), HasSubstr("--plot")));
}

TEST(TrainCommand, BadInputIsOneLineAndStatusTwo) {
  const TemporaryFolder folder, outputs;
  std::ofstream(folder / "one.csv") << "x\n1\n2\n3\n";
  std::ofstream(folder / "flat.csv") << "1,2,3\n1,2,3\n1,2,3\n1,2,3\n";
  std::ofstream(folder / "line.csv") << "1,2,3\n2,4,6\n3,6,9\n4,8,12\n";
  std::ofstream(folder / "text.csv") << "1,2\n3,setosa\n";
  std::ofstream(folder / "nul.csv") << std::string("1,2\0\n", 5);
  std::ofstream(folder / "empty.csv") << "";
  const auto refused = [&](const std::string& arguments, const char* says) {
    const ProgramRun run = run_train(arguments + " --output " + (outputs / "report"));
    EXPECT_EQ(run.status, 2) << arguments;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(says)) << arguments;
    EXPECT_TRUE(std::filesystem::is_empty(outputs.path())) << arguments;
  };
  refused("--data " + (folder / "missing.csv"), "cannot be read");
  refused("--data " + (folder / "empty.csv"), "empty");
  refused("--data " + (folder / "nul.csv"), "binary");
  refused("--data " + (folder / "text.csv"), "line 2, column 2: `setosa`");
  refused("--data " + (folder / "one.csv") + " --latent 1", "at least 2");
  refused("--data " + (folder / "flat.csv"), "do not vary");
  refused("--data " + (folder / "line.csv") + " --latent 1", "subspace");
  refused("--data " + iris + " --latent 4", "--latent: 4 for 4 columns");
  refused("--latent 0", "--latent");
  refused("--epochs 0", "--epochs");
  refused("--batch 0", "--batch");
  refused("--rate 0", "above 0");
  refused("--rate -1", "above 0");
  refused("--rate fast", "fast");
  refused("--derivative full", "path or total");
  refused("--gap 0", "--gap");
  refused("--resume", "needs --checkpoint");
  refused("--resume --checkpoint " + (folder / "none.json"), "cannot be read");
  refused("--resume --checkpoint " + iris, "is no checkpoint");
  refused("--checkpoint " + (folder / "no/where.json"), "cannot be written");
  refused("--plot curve.pdf", ".svg or .png");
  refused("--nonsense", "--nonsense");
}

TEST(TrainCommand, ARunThatRunsAwaySaysSo) {
  const ProgramRun run = run_train("--rate 1e300 --epochs 5");
  EXPECT_NE(run.status, 0);
  EXPECT_THAT(run.err, HasSubstr("smaller --rate"));
}

}  // namespace
