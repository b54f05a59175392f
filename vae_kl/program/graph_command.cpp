// vae_kl graph: the graph at one sample as a picture, as data, or as a page that replays the sweep.
#include <fmt/core.h>

#include <memory>

#include "program/commands.hpp"
#include "program/input.hpp"
#include "program/output.hpp"
#include "question/point.hpp"
#include "wengert/export.hpp"

namespace vae_kl {

void register_graph(CLI::App& program, int&) {
  struct Options {
    PointOptions point;
    std::string format = "dot", around;
    ReportOptions report;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& command = *program.add_subcommand("graph", "The graph at one sample: a picture, or a page that replays the sweep");
  add_point_options(command, options->point);
  command.add_option("--format", options->format, "dot, svg (needs Graphviz), json, or html, a page to step through [dot]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"dot", "svg", "json", "html"}));
  command.add_option("--around", options->around, "Only what is near this node, by its name")->type_name("NAME");
  command.add_option("--output", options->report.output, "Write here instead of to stdout")->type_name("FILE");
  command.footer("Example: vae_kl graph --format html --output sweep.html");
  command.callback([options] {
    check_writable(options->report.output);
    const RecordedPoint point(options->point);
    const wengert::Var& t = point.nodes.t;
    wengert::GraphOptions picture;
    if (!options->around.empty()) {
      picture.around = point.tape.find(options->around);
      if (picture.around < 0)
        throw InputError(
            fmt::format("--around: no node is called `{}`; there are mu, sigma, eps, z, r, s and t", options->around));
    }
    const std::string& format = options->format;
    write_report(options->report, format == "dot"    ? to_dot(t, picture)
                                  : format == "svg"  ? to_svg(t, picture)
                                  : format == "json" ? to_json(t)
                                                     : to_html(t, picture));
  });
}

}  // namespace vae_kl
