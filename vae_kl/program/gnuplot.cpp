#include "program/gnuplot.hpp"

#include <fmt/core.h>
#ifndef _WIN32
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "program/input.hpp"
#include "program/output.hpp"

#ifdef _WIN32

namespace vae_kl {

void check_can_draw(const std::string&) { throw InputError("pictures are not drawn on Windows; leave out --plot"); }
void draw(const std::string&, const std::string& path) { check_can_draw(path); }

}  // namespace vae_kl

#else

extern char** environ;

namespace vae_kl {
namespace {

bool on_path(const char* program) {
  const char* const path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, end), program);
    if (::access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

/// A script in a file of its own while gnuplot reads it.
class ScriptFile {
 public:
  explicit ScriptFile(const std::string& text) : path_((std::filesystem::temp_directory_path() / "vae_kl-XXXXXX").string()) {
    const int file = ::mkstemp(path_.data());
    if (file < 0) throw InputError(path_ + ": cannot be made for gnuplot's script; set TMPDIR to a folder that can be written");
    const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(file);
    if (!written) {
      std::remove(path_.c_str());
      throw InputError(path_ + ": cannot be written for gnuplot's script; is the disk full?");
    }
  }
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  ~ScriptFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What gnuplot prints for a script; empty where it fails. No shell is between: a path may hold what it pleases.
std::string output_of_gnuplot(const std::string& script) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  const char* const command[] = {"gnuplot", script.c_str(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child;
  const int error = ::posix_spawnp(&child, command[0], &files, nullptr, const_cast<char* const*>(command), environ);
  posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
  std::string output;
  int status = error;
  if (error == 0) {
    char block[1 << 16];
    for (ssize_t count; (count = ::read(ends[0], block, sizeof block)) != 0;)
      if (count > 0)
        output.append(block, static_cast<std::size_t>(count));
      else if (errno != EINTR)
        break;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(ends[0]);
  return status == 0 ? output : std::string();
}

}  // namespace

void check_can_draw(const std::string& path) {
  if (!path.ends_with(".svg") && !path.ends_with(".png"))
    throw InputError(fmt::format("{}: pictures are SVG or PNG; give a name that ends in .svg or .png", path));
  if (!on_path("gnuplot"))
    throw InputError("gnuplot is not on the PATH, and draws the pictures; install it (Debian: gnuplot-nox), or leave out --plot");
  check_writable(path);
}

void draw(const std::string& script, const std::string& path) {
  check_can_draw(path);
  const char* const terminal = path.ends_with(".svg") ? "svg size 900,600 dynamic background 'white'" : "pngcairo size 900,600";
  const ScriptFile file(fmt::format("set encoding utf8\nset terminal {}\n{}", terminal, script));
  const std::string picture = output_of_gnuplot(file.path());
  if (picture.empty())
    throw InputError(fmt::format("{}: gnuplot failed to draw it; try the other of .svg and .png, or leave out --plot", path));
  write_file(path, picture);
}

}  // namespace vae_kl

#endif
