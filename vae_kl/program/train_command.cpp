// vae_kl train: a linear VAE learns until its free energy meets the maximum log-likelihood of probabilistic PCA.
#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "program/checkpoint.hpp"
#include "program/command.hpp"
#include "program/data_file.hpp"
#include "program/gnuplot.hpp"
#include "program/output.hpp"
#include "train/data.hpp"

namespace vae_kl {
namespace {

class TrainCommand final : public ReportCommand {
 public:
  TrainCommand()
      : ReportCommand("train", "A linear VAE learns; its best free energy is known from PCA",
                      "Example: vae_kl train --data iris.csv --latent 2 --plot curve.svg\n"
                      "Example: vae_kl train --checkpoint run.json; after a crash: vae_kl train --checkpoint run.json --resume") {
  }

 private:
  void declare(Options& options) override {
    options.text("--data", "FILE.csv", "Rows of numbers between commas, header optional [data are made up]", data_);
    options.count("--rows", "N", "Rows to make up, where there is no --data [500]", rows_, 3, "10000000");
    options.count("--columns", "N", "Columns to make up [5]", columns_, 2, "1000");
    options.count("--latent", "N", "Latent dimensions, fewer than columns [2]", options_.latent, 1, "999");
    options.count("--epochs", "N", "Times that every row is visited [1000]", options_.epochs, 1, "1000000000");
    options.count("--batch", "N", "Rows in a minibatch [50]", options_.batch, 1, "1000000");
    options.number("--rate", "R", "Adam's step at the start; it falls to 0 along half a cosine [0.02]", options_.rate,
                   {step_size});
    options.choice("--derivative", "NAME", "Derivative of log q in the loss, path or total [path]", options_.derivative,
                   {{"path", Derivative::path}, {"total", Derivative::total}}, "; choose path or total");
    options.seed(options_.seed);
    options.text("--checkpoint", "FILE", "Keep the state in this file", checkpoint_);
    options.count("--checkpoint-every", "N", "Epochs between checkpoints [50]", checkpoint_every_, 1, "1000000000");
    options.flag("--resume", "Go on from the checkpoint, to the same result to the bit", resume_);
    options.number("--gap", "G", "Exit status 1 if more nats than this are left to PCA's likelihood", largest_gap_,
                   {{deviation.least, deviation.most, "nats must be above 0"}});
    options.text("--plot", "FILE.svg|png", "Draw the loss curve, by gnuplot", plot_);
    declare_report(options);
  }

  bool shares_out() const override { return options_.batch >= shared_batch; }

  /// Read, or made up, by the first rank; what can be wrong before that is said first.
  std::vector<double> columns_and_data() const {
    if (resume_ && checkpoint_.empty()) throw InputError("--resume: needs --checkpoint FILE, the checkpoint to go on from");
    if (!plot_.empty()) check_can_draw(plot_);
    const Matrix data =
        data_.empty() ? make_data(rows_, columns_, static_cast<Eigen::Index>(options_.latent), options_.seed) : read_data(data_);
    std::vector<double> numbers{static_cast<double>(data.cols())};
    numbers.insert(numbers.end(), data.data(), data.data() + data.size());
    return numbers;
  }

  bool work() override {
    options_.ranks = ranks;
    const std::vector<double> numbers = from_first([&] { return columns_and_data(); });
    const auto width = static_cast<Eigen::Index>(numbers[0]), size = static_cast<Eigen::Index>(numbers.size()) - 1;
    on_all([&] { training_.emplace(options_, Eigen::Map<const Matrix>(numbers.data() + 1, size / width, width)); });
    const Training& training = *training_;
    if (resume_) {
      const std::string text = text_from_first([&] { return read_text_file(checkpoint_); });
      on_all([&] { state_ = restored(training, text, checkpoint_); });
    } else {
      state_ = training.initial_state();
    }
    if (!checkpoint_.empty()) on_first([&] { check_writable(checkpoint_); });
    {
      Progress progress(static_cast<double>(options_.epochs - state_.epoch), !quiet() && is_first());
      while (!training.finished(state_)) {
        training.run_epoch(state_);
        if (!checkpoint_.empty() && (state_.epoch % checkpoint_every_ == 0 || training.finished(state_)))
          on_first([&] { write_file(checkpoint_, checkpoint(training, state_)); });
        progress.advance(1);
      }
    }
    on_first([&] { look_back(); });
    return gap() <= largest_gap_;
  }

  /// At the end: what the weights are held against.
  void look_back() {
    const Training& training = *training_;
    const auto best = best_weights(training.vae(), training.fit());
    const auto largest = [&](Derivative derivative) {
      return largest_encoder_gradient(training.vae(), best, training.data(), derivative, 4, options_.seed);
    };
    path_at_best_ = largest(Derivative::path), total_at_best_ = largest(Derivative::total);
    if (!std::isfinite(last().free_energy))
      throw std::runtime_error(
          fmt::format("training ran away: the free energy is {} after epoch {}; give a smaller --rate than {}",
                      last().free_energy, state_.epoch, options_.rate));
    if (!plot_.empty()) draw(curve_script(), plot_);
  }

  const CurvePoint& last() const { return state_.curve.back(); }
  double best() const { return training_->best_possible(); }
  double gap() const { return best() - last().free_energy; }
  std::string source() const { return data_.empty() ? "made up" : std::filesystem::path(data_).filename().string(); }
  const char* derivative() const { return options_.derivative == Derivative::path ? "path" : "total"; }

  std::string table() const override {
    std::string text = fmt::format(
        "Linear VAE with {} latent dimensions on {} rows of {} columns ({}), seed {}: {} weights through the tape,\n"
        "minibatches of {}, one sample of eps per row, {} derivative of log q, Adam at {}\n\n"
        "{:>8}  {:>14}  {:>14}  {:>14}  {:>12}\n",
        options_.latent, training_->data().rows(), training_->data().cols(), source(), options_.seed, state_.weights.size(),
        options_.batch, derivative(), options_.rate, "epoch", "sampled F", "free energy F", "log p(x)", "gap to PCA");
    for (std::size_t k = 0; k < state_.curve.size(); ++k) {
      const CurvePoint& point = state_.curve[k];
      if (k % 10 != 0 && k + 1 != state_.curve.size()) continue;
      text += fmt::format("{:>8}  {:>14}  {:>14.6f}  {:>14.6f}  {:>12.3g}\n", point.epoch,
                          std::isnan(point.sampled) ? "" : fmt::format("{:.6f}", point.sampled), point.free_energy,
                          point.log_likelihood, best() - point.free_energy);
    }
    return text + fmt::format(
                      "\nMaximum log-likelihood of probabilistic PCA  {:.6f} nats per row\n"
                      "Free energy at the end                       {:.6f}, {:.3g} below{}\n"
                      "At PCA's own solution the encoder's gradient of any single sample is at most {:.2g} by the path "
                      "derivative, {:.3g} by the total one.\n",
                      best(), last().free_energy, gap(),
                      !std::isfinite(largest_gap_) ? std::string()
                      : gap() <= largest_gap_      ? fmt::format(": within --gap {}", largest_gap_)
                                                   : fmt::format(": NOT WITHIN --gap {}", largest_gap_),
                      path_at_best_, total_at_best_);
  }
  Value json() const override {
    return {{"data", source()},
            {"rows", training_->data().rows()},
            {"columns", training_->data().cols()},
            {"latent", options_.latent},
            {"batch", options_.batch},
            {"epochs", options_.epochs},
            {"rate", options_.rate},
            {"seed", options_.seed},
            {"derivative", derivative()},
            {"best_possible", best()},
            {"free_energy", last().free_energy},
            {"log_likelihood", last().log_likelihood},
            {"gap", gap()},
            {"single_sample_gradient_at_best", {{"path", path_at_best_}, {"total", total_at_best_}}},
            {"weights", state_.weights},
            {"curve", curve()}};
  }
  std::string csv() const override { return csv_text(curve()); }
  Value::List curve() const {
    Value::List list;
    for (const CurvePoint& point : state_.curve)
      list.push_back({{"epoch", point.epoch},
                      {"sampled_free_energy", std::isnan(point.sampled) ? Value() : Value(point.sampled)},
                      {"free_energy", point.free_energy},
                      {"log_likelihood", point.log_likelihood},
                      {"gap", best() - point.free_energy}});
    return list;
  }

  std::string curve_script() const {
    std::string text = fmt::format(
        "set title 'A linear VAE learns: what is left to the maximum log-likelihood of PCA'\n"
        "set xlabel 'epoch'\nset ylabel 'nats per row below {:.4f}'\nset logscale y\nset format y '10^{{%T}}'\nset grid\nset key "
        "top right\n"
        "$curve << END\n",
        best());
    for (const CurvePoint& point : state_.curve)
      text += fmt::format("{} {} {}\n", point.epoch, best() - point.free_energy, best() - point.log_likelihood);
    return text +
           "END\nplot $curve using 1:2 with lines linewidth 2 title 'free energy F(q)', "
           "$curve using 1:3 with lines linewidth 2 title 'log p(x) of the decoder'\n";
  }

  TrainingOptions options_;
  std::string data_, checkpoint_, plot_;
  Eigen::Index rows_ = 500, columns_ = 5;
  std::uint64_t checkpoint_every_ = 50;
  bool resume_ = false;
  double largest_gap_ = std::numeric_limits<double>::infinity();
  std::optional<Training> training_;
  TrainingState state_;
  double path_at_best_ = 0, total_at_best_ = 0;  ///< largest encoder gradient of a single sample at the best weights
};

}  // namespace

std::unique_ptr<Command> train_command() { return std::make_unique<TrainCommand>(); }

}  // namespace vae_kl
