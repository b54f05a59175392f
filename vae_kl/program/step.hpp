// A sweep in a terminal, key by key.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "wengert/cursor.hpp"

namespace vae_kl {

/// Where the keys come from: a terminal gives each as it is pressed, a pipe or a test gives text.
class Keys {
 public:
  virtual ~Keys() = default;
  /// The next key; -1 at the end.
  virtual int next() = 0;
  /// The rest of a line: a name to run to. Without it, the empty string.
  virtual std::string line(const std::string& question) = 0;
};

/// Keys from stdin. At a terminal each counts as it is pressed (the arrows too: right is n, left is p; Enter alone is n); through
/// a pipe white space between them is skipped, and r and w take the rest of their line: "n n r mu\n w\n q".
class StandardKeys : public Keys {
 public:
  StandardKeys();
  ~StandardKeys() override;
  StandardKeys(const StandardKeys&) = delete;
  StandardKeys& operator=(const StandardKeys&) = delete;
  int next() override;
  std::string line(const std::string& question) override;
  bool at_terminal() const { return at_terminal_; }

 private:
  int byte();
  int escape_sequence();

  bool at_terminal_;
  bool after_letter_ = false;  // the last key was one: an Enter goes with it
  std::optional<int> kept_;    // a byte read too far
};

/// Answers keys until q or the end of them: n next, p previous, r run to, v values, w why, q quit.
void step_through(wengert::Cursor& cursor, Keys& keys, const std::function<void(const std::string&)>& show);

}  // namespace vae_kl
