// Graphviz's `dot`, run without a shell and without files: the graph goes to its standard input, the picture comes from its
// output. Not on Windows, see graph.hpp.
#ifndef _WIN32
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include "wengert/error.hpp"
#include "wengert/export/graph.hpp"

extern char** environ;

namespace wengert::detail {

namespace {

/// The two ends of a connection; closed at the end of the scope, and not passed on to other programs.
struct Ends {
  int ours = -1, theirs = -1;

  Ends() {
    int ends[2];
    // A socket, because a pipe whose reader is gone would end us with SIGPIPE.
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return;
    ours = ends[0];
    theirs = ends[1];
    for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(ours, F_SETFL, O_NONBLOCK);
  }
  ~Ends() {
    shut(ours);
    shut(theirs);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  static void shut(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

/// A running program, ended and waited for at the end of the scope whatever happens.
struct Child {
  pid_t id = -1;
  int error = 0;

  Child(const char* const* command, int input, int output) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    error = ::posix_spawnp(&id, command[0], &files, nullptr, const_cast<char* const*>(command), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) id = -1;
  }
  ~Child() {
    if (id < 0) return;
    ::kill(id, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Its exit status; 128 and the signal where one ended it, as shells count; 0 where somebody else has collected it.
  int wait() {
    int status = 0;
    pid_t done;
    while ((done = ::waitpid(id, &status, 0)) < 0 && errno == EINTR) {
    }
    id = -1;
    return done < 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

// Feeds `input` to the connection and collects what comes out until its end. False if that takes longer than `seconds`.
bool converse(Ends& in, Ends& out, std::string_view input, double seconds, std::string& output) {
#ifdef MSG_NOSIGNAL
  constexpr int quietly = MSG_NOSIGNAL;
#else
  constexpr int quietly = 0;
#endif
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (;;) {
    if (input.empty()) Ends::shut(in.ours);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd ready[] = {{out.ours, POLLIN, 0}, {in.ours, POLLOUT, 0}};  // a closed one, -1, is passed over
    if (::poll(ready, 2, static_cast<int>(left < 1000 ? left : 1000)) < 0 && errno != EINTR) return false;
    if (ready[1].revents != 0) {
      const ssize_t sent = ::send(in.ours, input.data(), input.size(), quietly);
      if (sent > 0)
        input.remove_prefix(static_cast<std::size_t>(sent));
      else if (errno != EAGAIN && errno != EINTR)
        input = {};  // it reads no more; what it has to say comes from its output and its status
    }
    if (ready[0].revents != 0) {
      char part[16384];
      const ssize_t got = ::read(out.ours, part, sizeof part);
      if (got > 0)
        output.append(part, static_cast<std::size_t>(got));
      else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        return true;
    }
  }
}

}  // namespace

std::string laid_out_by_graphviz(const std::string& dot, double seconds, const char* function) {
  constexpr const char* instead = "options.graphviz_nodes = 0 lays the graph out without it";
  // nslimit: fewer rounds of its network simplex, which looks for ever shorter edges long after the picture is good.
  constexpr const char* command[] = {"dot", "-Tsvg", "-Gnslimit=2", "-Gnslimit1=2", nullptr};
  constexpr int not_found = 127;  // where the system only finds out in the child
  Ends in, out;
  if (in.ours < 0 || out.ours < 0)
    throw Error(fmt::format("{}: cannot connect to a program: {}", function, std::strerror(errno)));
  Child child(command, in.theirs, out.theirs);
  Ends::shut(in.theirs);
  Ends::shut(out.theirs);
  std::string svg;
  const bool complete = child.error == 0 && converse(in, out, dot, seconds, svg);
  if (child.error == 0 && !complete)
    throw Error(fmt::format("{}: Graphviz's program `dot` took longer than {:g} s and was ended; {}, or raise options.seconds",
                            function, seconds, instead));
  const int status = child.error != 0 ? not_found : child.wait();
  if (child.error == ENOENT || (child.error == 0 && status == not_found))
    throw Error(
        fmt::format("{}: Graphviz's program `dot` lays the graph out, and it is not on the PATH; install Graphviz (Debian: "
                    "apt install graphviz), write DOT, or: {}",
                    function, instead));
  if (child.error != 0) throw Error(fmt::format("{}: cannot run `dot`: {}; {}", function, std::strerror(child.error), instead));
  if (status != 0 || svg.empty())
    throw Error(fmt::format("{}: Graphviz's program `dot` failed (status {}); write DOT and run it by hand, or: {}", function,
                            status, instead));
  return svg;
}

}  // namespace wengert::detail

#endif
