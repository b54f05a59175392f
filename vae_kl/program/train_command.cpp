// vae_kl train: a linear VAE learns until its free energy meets the maximum log-likelihood of probabilistic PCA.
#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "program/commands.hpp"
#include "train/data.hpp"
#include "program/gnuplot.hpp"
#include "program/input.hpp"
#include "program/options.hpp"
#include "program/output.hpp"
#include "program/progress.hpp"
#include "train/training.hpp"

namespace vae_kl {
namespace {

struct TrainCommand {
  TrainingOptions training;
  std::string data, checkpoint, plot;
  std::uint64_t rows = 500, columns = 5, checkpoint_every = 50;
  bool resume = false;
  double gap = std::numeric_limits<double>::infinity();
  ReportOptions report;
};

/// What the run came to.
struct Outcome {
  const Training& training;
  const TrainingState& state;
  std::string source;
  double path_at_best, total_at_best;  ///< largest encoder gradient of a single sample at the best weights

  const CurvePoint& last() const { return state.curve.back(); }
  double best() const { return training.best_possible(); }
  double gap() const { return best() - last().free_energy; }
};

std::string table(const Outcome& run, double largest_gap) {
  const TrainingOptions& options = run.training.options();
  std::string text = fmt::format(
      "Linear VAE with {} latent dimensions on {} rows of {} columns ({}), seed {}: {} weights through the tape,\n"
      "minibatches of {}, one sample of eps per row, {} derivative of log q, Adam at {}\n\n"
      "{:>8}  {:>14}  {:>14}  {:>14}  {:>12}\n",
      run.training.vae().latent, run.training.data().rows(), run.training.data().cols(), run.source, options.seed,
      run.training.vae().weights(), options.batch, options.derivative == Derivative::path ? "path" : "total", options.rate,
      "epoch", "sampled F", "free energy F", "log p(x)", "gap to PCA");
  const auto& curve = run.state.curve;
  for (std::size_t k = 0; k < curve.size(); ++k) {
    if (k % 10 != 0 && k + 1 != curve.size()) continue;
    text += fmt::format("{:>8}  {:>14}  {:>14.6f}  {:>14.6f}  {:>12.3g}\n", curve[k].epoch,
                        std::isnan(curve[k].sampled) ? "" : fmt::format("{:.6f}", curve[k].sampled), curve[k].free_energy,
                        curve[k].log_likelihood, run.best() - curve[k].free_energy);
  }
  text += fmt::format(
      "\nMaximum log-likelihood of probabilistic PCA  {:.6f} nats per row\n"
      "Best free energy reached                     {:.6f}, {:.3g} below{}\n"
      "At PCA's own solution the encoder's gradient of any single sample is at most {:.2g} by the path derivative, {:.3g} by the "
      "total one.\n",
      run.best(), run.last().free_energy, run.gap(),
      !std::isfinite(largest_gap) ? std::string()
      : run.gap() <= largest_gap  ? fmt::format(": within --gap {}", largest_gap)
                                  : fmt::format(": NOT WITHIN --gap {}", largest_gap),
      run.path_at_best, run.total_at_best);
  return text;
}

nlohmann::ordered_json json_of(const CurvePoint& point, double best) {
  return {{"epoch", point.epoch},
          {"sampled_free_energy", std::isnan(point.sampled) ? nlohmann::ordered_json() : nlohmann::ordered_json(point.sampled)},
          {"free_energy", point.free_energy},
          {"log_likelihood", point.log_likelihood},
          {"gap", best - point.free_energy}};
}

std::string json(const Outcome& run) {
  const TrainingOptions& options = run.training.options();
  nlohmann::ordered_json curve = nlohmann::ordered_json::array();
  for (const CurvePoint& point : run.state.curve) curve.push_back(json_of(point, run.best()));
  return nlohmann::ordered_json{{"data", run.source},
                                {"rows", run.training.data().rows()},
                                {"columns", run.training.data().cols()},
                                {"latent", options.latent},
                                {"batch", options.batch},
                                {"epochs", options.epochs},
                                {"rate", options.rate},
                                {"seed", options.seed},
                                {"derivative", options.derivative == Derivative::path ? "path" : "total"},
                                {"best_possible", run.best()},
                                {"free_energy", run.last().free_energy},
                                {"log_likelihood", run.last().log_likelihood},
                                {"gap", run.gap()},
                                {"single_sample_gradient_at_best", {{"path", run.path_at_best}, {"total", run.total_at_best}}},
                                {"weights", run.state.weights},
                                {"curve", std::move(curve)}}
             .dump(2) +
         "\n";
}

std::string csv(const Outcome& run) {
  std::string text = "epoch,sampled_free_energy,free_energy,log_likelihood,gap\n";
  for (const CurvePoint& point : run.state.curve)
    text += fmt::format("{},{},{},{},{}\n", point.epoch, std::isnan(point.sampled) ? "" : fmt::format("{}", point.sampled),
                        point.free_energy, point.log_likelihood, run.best() - point.free_energy);
  return text;
}

std::string curve_script(const Outcome& run) {
  std::string text = fmt::format(
      "set title 'A linear VAE learns: what is left to the maximum log-likelihood of PCA'\n"
      "set xlabel 'epoch'\nset ylabel 'nats per row below {:.4f}'\nset logscale y\nset format y '10^{{%T}}'\nset grid\nset key "
      "top right\n"
      "$curve << END\n",
      run.best());
  for (const CurvePoint& point : run.state.curve)
    text += fmt::format("{} {} {}\n", point.epoch, run.best() - point.free_energy, run.best() - point.log_likelihood);
  return text +
         "END\nplot $curve using 1:2 with lines linewidth 2 title 'free energy F(q)', "
         "$curve using 1:3 with lines linewidth 2 title 'log p(x) of the decoder'\n";
}

void run(TrainCommand& command, int& status) {
  if (command.resume && command.checkpoint.empty())
    throw InputError("--resume: needs --checkpoint FILE, the checkpoint to go on from");
  check_writable(command.report.output);
  if (!command.plot.empty()) check_can_draw(command.plot);
  const Matrix data = command.data.empty()
                          ? make_data(static_cast<Eigen::Index>(command.rows), static_cast<Eigen::Index>(command.columns),
                                      static_cast<Eigen::Index>(command.training.latent), command.training.seed)
                          : read_data(command.data);
  const Training training(command.training, data);
  TrainingState state =
      command.resume ? training.restored(read_text_file(command.checkpoint), command.checkpoint) : training.initial_state();
  if (!command.checkpoint.empty()) check_writable(command.checkpoint);
  {
    Progress progress(command.training.epochs - state.epoch, !command.report.quiet);
    while (!training.finished(state)) {
      training.run_epoch(state);
      if (!command.checkpoint.empty() && (state.epoch % command.checkpoint_every == 0 || training.finished(state)))
        write_file(command.checkpoint, training.checkpoint(state));
      progress.advance(1);
    }
  }
  const auto best = best_weights(training.vae(), training.fit());
  const auto largest = [&](Derivative derivative) {
    return largest_encoder_gradient(training.vae(), best, training.data(), derivative, 4, command.training.seed);
  };
  const Outcome outcome{training, state,
                        command.data.empty() ? std::string("made up") : std::filesystem::path(command.data).filename().string(),
                        largest(Derivative::path), largest(Derivative::total)};
  // Written so that a NaN, from a learning rate that was too large, fails.
  if (!std::isfinite(outcome.last().free_energy))
    throw std::runtime_error(fmt::format("training ran away: the free energy is {} after epoch {}; give a smaller --rate than {}",
                                         outcome.last().free_energy, state.epoch, command.training.rate));
  if (!(outcome.gap() <= command.gap)) status = 1;
  if (!command.plot.empty()) draw(curve_script(outcome), command.plot);
  switch (command.report.format) {
    case Format::table:
      return write_report(command.report, table(outcome, command.gap));
    case Format::json:
      return write_report(command.report, json(outcome));
    case Format::csv:
      return write_report(command.report, csv(outcome));
  }
}

}  // namespace

void register_train(CLI::App& program, int& status) {
  const auto options = std::make_shared<TrainCommand>();
  TrainingOptions& training = options->training;
  CLI::App& command = *program.add_subcommand("train", "A linear VAE learns; its best free energy is known from PCA");
  const auto count = [&command](const char* name, auto& into, std::uint64_t least, std::uint64_t most, const char* help) {
    command
        .add_option_function<std::string>(
            name,
            [&into, name, least, most](const std::string& text) {
              const std::uint64_t value = parse_count(text, name, least);
              if (value > most) throw InputError(fmt::format("{}: {} is too many; give at most {}", name, value, most));
              into = static_cast<std::remove_reference_t<decltype(into)>>(value);
            },
            help)
        ->type_name("N");
  };
  command.add_option("--data", options->data, "Rows of numbers between commas, header optional [data are made up]")
      ->type_name("FILE.csv");
  count("--rows", options->rows, 3, 10'000'000, "Rows to make up, where there is no --data [500]");
  count("--columns", options->columns, 2, 1000, "Columns to make up [5]");
  count("--latent", training.latent, 1, 999, "Latent dimensions, fewer than columns [2]");
  count("--epochs", training.epochs, 1, 1'000'000'000, "Times that every row is visited [1000]");
  count("--batch", training.batch, 1, 1'000'000, "Rows in a minibatch [50]");
  command
      .add_option_function<std::string>(
          "--rate",
          [&training](const std::string& text) {
            training.rate = parse_number(text, "--rate");
            if (!(training.rate > 0))
              throw InputError(fmt::format("--rate: {} is a step size and must be above 0", training.rate));
          },
          "Adam's step at the start; it falls to 0 along half a cosine [0.02]")
      ->type_name("R");
  command
      .add_option_function<std::string>(
          "--derivative",
          [&training](const std::string& name) {
            if (name != "path" && name != "total")
              throw InputError(fmt::format("--derivative: `{}`; choose path or total", name));
            training.derivative = name == "path" ? Derivative::path : Derivative::total;
          },
          "Derivative of log q in the loss, path or total [path]")
      ->type_name("NAME");
  add_seed_option(command, training.seed);
  command.add_option("--checkpoint", options->checkpoint, "Keep the state in this file")->type_name("FILE");
  count("--checkpoint-every", options->checkpoint_every, 1, 1'000'000'000, "Epochs between checkpoints [50]");
  command.add_flag("--resume", options->resume, "Go on from the checkpoint, to the same result to the bit");
  command
      .add_option_function<std::string>(
          "--gap",
          [options](const std::string& text) {
            options->gap = parse_number(text, "--gap");
            if (!(options->gap > 0)) throw InputError(fmt::format("--gap: {} nats must be above 0", options->gap));
          },
          "Exit status 1 if more nats than this are left to PCA's likelihood")
      ->type_name("G");
  command.add_option("--plot", options->plot, "Draw the loss curve, by gnuplot")->type_name("FILE.svg|png");
  add_report_options(command, options->report);
  command.footer(
      "Example: vae_kl train --data iris.csv --latent 2 --plot curve.svg\n"
      "Example: vae_kl train --checkpoint run.json; after a crash: vae_kl train --checkpoint run.json --resume");
  command.callback([options, &status] { run(*options, status); });
}

}  // namespace vae_kl
