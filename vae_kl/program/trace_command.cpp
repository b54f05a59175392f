// vae_kl trace: the graph at one given sample, forwards and backwards.
#include <fmt/core.h>

#include <cmath>

#include "estimate/comparison.hpp"
#include "program/command.hpp"
#include "question/trace.hpp"

namespace vae_kl {
namespace {

class TraceCommand final : public ReportCommand {
 public:
  TraceCommand()
      : ReportCommand("trace", "The evaluation trace at one sample: forwards, then backwards",
                      "Example: vae_kl trace --mu 0.5 --sigma 0.8 --eps 0.3") {}

 private:
  void declare(Options& options) override {
    options.point(at_);
    options.flag("--bounds", "Also how far rounding may have moved each number", bounds_);
    declare_report(options);
  }
  bool work() override {
    const auto [mu, sigma, eps] = at_;
    check_range({{mu}, {sigma}});
    trace_ = trace(mu, sigma, eps);
    for (const TraceNode& node : trace_.nodes)
      if (!std::isfinite(node.value) || !std::isfinite(node.adjoint))
        throw InputError(
            fmt::format("--mu {} --sigma {} --eps {}: node {} ({}) has value {} and adjoint {}, beyond the range of "
                        "double precision; choose numbers of smaller or larger size",
                        mu, sigma, eps, node.index, node.name.empty() ? node.operation : node.name, node.value, node.adjoint));
    return true;
  }
  std::string table() const override { return trace_table(trace_, bounds_); }
  Value json() const override {
    Value report{{"nodes", nodes()}, {"gradient", {{"mu", trace_.wrt_mu}, {"sigma", trace_.wrt_sigma}}}};
    if (bounds_) report.add("gradient_error", {{"mu", trace_.error_mu}, {"sigma", trace_.error_sigma}});
    return report;
  }
  std::string csv() const override { return csv_text(nodes()); }
  Value::List nodes() const {
    Value::List list;
    for (const TraceNode& node : trace_.nodes) {
      Value fields{{"index", node.index},         {"name", node.name},   {"operation", node.operation},
                   {"arguments", node.arguments}, {"value", node.value}, {"adjoint", node.adjoint}};
      if (bounds_) {
        fields.add("value_error", node.value_error);
        fields.add("adjoint_error", node.adjoint_error);
      }
      list.push_back(std::move(fields));
    }
    return list;
  }

  Point at_;
  Trace trace_;
  bool bounds_ = false;
};

}  // namespace

std::unique_ptr<Command> trace_command() { return std::make_unique<TraceCommand>(); }

}  // namespace vae_kl
