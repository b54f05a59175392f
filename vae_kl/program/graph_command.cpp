// vae_kl graph: the graph at one sample as a picture, as data, or as a page that replays the sweep.
#include <fmt/core.h>

#include "program/command.hpp"
#include "program/output.hpp"
#include "wengert/export.hpp"

namespace vae_kl {
namespace {

enum class Picture { dot, svg, json, html };

class GraphCommand final : public Command {
 public:
  GraphCommand()
      : Command("graph", "The graph at one sample: a picture, or a page that replays the sweep",
                "Example: vae_kl graph --format html --output sweep.html") {}

 private:
  void declare(Options& options) override {
    options.point(at_);
    options.choice("--format", "FORMAT:{dot,svg,json,html}",
                   "dot, svg (needs Graphviz), json, or html, a page to step through [dot]", format_,
                   {{"dot", Picture::dot}, {"svg", Picture::svg}, {"json", Picture::json}, {"html", Picture::html}},
                   " is no format; choose dot, svg, json or html");
    options.text("--around", "NAME", "Only what is near this node, by its name", around_);
    options.text("--output", "FILE", "Write here instead of to stdout", output_);
  }
  int run() override {
    check_writable(output_);
    const RecordedPoint point(at_);
    wengert::GraphOptions picture;
    if (!around_.empty()) {
      picture.around = point.tape.find(around_);
      if (picture.around < 0)
        throw InputError(fmt::format("--around: no node is called `{}`; there are mu, sigma, eps, z, r, s and t", around_));
    }
    write_report(output_, false, draw(point.nodes.t, picture));
    return 0;
  }
  std::string draw(const wengert::Var& t, const wengert::GraphOptions& picture) const {
    switch (format_) {
      case Picture::dot:
        return to_dot(t, picture);
      case Picture::svg:
        return to_svg(t, picture);
      case Picture::json:
        return to_json(t);
      case Picture::html:
        return to_html(t, picture);
    }
    return {};
  }

  Point at_;
  Picture format_ = Picture::dot;
  std::string around_, output_;
};

}  // namespace

std::unique_ptr<Command> graph_command() { return std::make_unique<GraphCommand>(); }

}  // namespace vae_kl
