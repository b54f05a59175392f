#include "program/step.hpp"

#include <fmt/core.h>
#ifndef _WIN32
#include <poll.h>
#include <termios.h>
#endif
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "wengert/error.hpp"
#include "wengert/evaluation_trace.hpp"
#include "wengert/notation.hpp"

namespace vae_kl {
namespace {

constexpr const char* help = "n next   p previous   r run to   v values   w why   q quit\n";

#ifdef _WIN32
// A console gives lines there, as a pipe does.
bool has_terminal() { return false; }
void read_keys(bool) {}
bool key_within(int) { return false; }
#else
termios original;

bool has_terminal() { return isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &original) == 0; }
void read_keys(bool one_by_one) {
  termios mode = original;
  // Without ISIG, Ctrl-C is a key: it quits, and leaves the terminal as it was.
  if (one_by_one) mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}
bool key_within(int milliseconds) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, milliseconds) > 0;
}
#endif

int read_byte() {
  unsigned char byte;
  return read(STDIN_FILENO, &byte, 1) == 1 ? byte : -1;
}

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::string values(const wengert::Cursor& cursor) {
  wengert::TableOptions options;
  options.mark = cursor.node();
  if (cursor.tape().size() > options.most_rows && cursor.node() >= 0) options.around = cursor.node();
  wengert::ValuesView<double> known = cursor.values();
  if (cursor.direction() == wengert::Cursor::Direction::forward) known.nodes = cursor.steps_done();  // the rest is to come
  return wengert::evaluation_trace(cursor.tape(), known, cursor.adjoints(), options);
}

// The derivatives that the sweep was for, once they are complete.
std::string outcome(const wengert::Cursor& cursor) {
  if (!cursor.done()) return {};
  if (cursor.direction() == wengert::Cursor::Direction::forward) return "  the forward sweep is done\n";
  std::string text = "  the sweep is done:\n";
  for (const wengert::NodeId i : cursor.tape().independents())
    text += fmt::format("  d{}/d{} = {:.10g}\n", label(cursor.tape(), cursor.steps() - 1), label(cursor.tape(), i),
                        cursor.adjoint(i));
  return text;
}

}  // namespace

StandardKeys::StandardKeys() : at_terminal_(has_terminal()) {
  if (at_terminal_) read_keys(true);
}

StandardKeys::~StandardKeys() {
  if (at_terminal_) read_keys(false);
}

int StandardKeys::byte() { return kept_ ? *std::exchange(kept_, std::nullopt) : read_byte(); }

int StandardKeys::next() {
  constexpr int control_c = 3, control_d = 4, escape = 27;
  int key = byte();
  if (!at_terminal_) {
    while (key == ' ' || key == '\n' || key == '\t' || key == '\r') key = byte();
    return key;
  }
  const auto is_enter = [](int k) { return k == '\n' || k == '\r'; };
  if (std::exchange(after_letter_, false) && is_enter(key)) key = byte();  // n and Enter, as one types commands, is one n
  if (key == control_c || key == control_d) return 'q';
  if (is_enter(key) || key == ' ') return 'n';
  if (key == escape) return escape_sequence();
  after_letter_ = true;
  return key;
}

// What follows an escape: ESC [ C or ESC O C for an arrow, with numbers between for other keys, all sent at once. What is no such
// sequence was the Esc key, and the next key is one of its own.
int StandardKeys::escape_sequence() {
  constexpr int at_once = 50;  // milliseconds; more than any terminal needs, less than between two keys
  const auto more = [] { return key_within(at_once); };
  if (!more()) return '?';
  int key = byte();
  if (key != '[' && key != 'O') {
    kept_ = key;
    return '?';
  }
  do {
    if (!more()) return '?';
    key = byte();
  } while (key >= ' ' && key < '@');
  return key == 'C' || key == 'B' ? 'n' : key == 'D' || key == 'A' ? 'p' : '?';
}

std::string StandardKeys::line(const std::string& question) {
  if (at_terminal_) {
    fmt::print("{}", question);
    std::fflush(stdout);
    read_keys(false);
  }
  std::string text;
  for (int next; (next = byte()) != '\n' && next >= 0;) text += static_cast<char>(next);
  after_letter_ = false;  // its Enter was read with it
  if (at_terminal_) read_keys(true);
  return trimmed(text);
}

void step_through(wengert::Cursor& cursor, Keys& keys, const std::function<void(const std::string&)>& show) {
  show(describe(cursor));
  show(help);
  for (int key; (key = keys.next()) >= 0 && key != 'q';) {
    try {
      switch (key) {
        case 'n':
          if (!cursor.step())
            show("  at the end; p goes back\n");
          else
            show(describe(cursor) + outcome(cursor));
          break;
        case 'p':
          if (!cursor.back())
            show("  at the beginning; n goes on\n");
          else
            show(describe(cursor));
          break;
        case 'r': {
          const std::string name = keys.line("run to (a name, a node as v7, or FILE:LINE): ");
          const std::size_t colon = name.rfind(':');
          if (colon != std::string::npos) {
            const std::string file = name.substr(0, colon);
            const auto line = static_cast<unsigned>(std::strtoul(name.c_str() + colon + 1, nullptr, 10));
            if (!cursor.run_to(wengert::Location{file.c_str(), line})) show("  no more nodes of that line\n");
          } else {
            cursor.run_to(std::string_view(name));
          }
          show(describe(cursor) + outcome(cursor));
          break;
        }
        case 'v':
          show(values(cursor));
          break;
        case 'w': {
          const std::string name = keys.line("why the adjoint of (a name, a node as v7, nothing for this one): ");
          const wengert::NodeId node = name.empty() ? cursor.node() : cursor.find(name);
          show(node < 0 ? "  no step was done yet; n goes on\n" : explain_adjoint(cursor, node));
          break;
        }
        default:
          show(help);
      }
    } catch (const wengert::Error& error) {
      show(fmt::format("  {}\n", error.what()));
    }
  }
}

}  // namespace vae_kl
