#include "program/output.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "program/input.hpp"

namespace vae_kl {
namespace {

[[noreturn]] void throw_unwritable(const std::string& path, const char* why) {
  throw InputError(fmt::format("{}: cannot be written ({}); choose another file", path, why));
}

/// A pipe, a terminal, /dev/null: written in place, for there is nothing to rename onto.
bool is_special(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

void write_all(std::FILE* file, const std::string& path, std::string_view bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0;
  if (!written) throw_unwritable(path, std::strerror(errno));
}

/// The file while it is being written; removed unless it was completed.
class PartFile {
 public:
  explicit PartFile(const std::string& path) : path_(path), part_(target(path) + fmt::format(".part{}", ::getpid())) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw_unwritable(path, "it is a folder");
    if (std::filesystem::exists(path, ignored) && ::access(path.c_str(), W_OK) != 0) throw_unwritable(path, std::strerror(errno));
    file_ = std::fopen(part_.c_str(), "wb");
    if (file_ == nullptr) throw_unwritable(path, std::strerror(errno));
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(part_.c_str());
  }
  void complete(std::string_view bytes) {
    write_all(file_, path_, bytes);
    std::FILE* const file = std::exchange(file_, nullptr);
    std::error_code error;
    if (std::fclose(file) != 0)
      error = std::error_code(errno, std::generic_category());
    else
      std::filesystem::rename(part_, target(path_), error);
    if (error) {
      std::remove(part_.c_str());
      throw_unwritable(path_, error.message().c_str());
    }
  }

 private:
  /// A link stays a link: what it points to is replaced.
  static std::string target(const std::string& path) {
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    return error ? path : real.string();
  }

  std::string path_, part_;
  std::FILE* file_ = nullptr;
};

}  // namespace

void write_file(const std::string& path, std::string_view bytes) {
  if (!is_special(path) || std::filesystem::is_directory(path)) return PartFile(path).complete(bytes);
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) throw_unwritable(path, std::strerror(errno));
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if ((std::fclose(file) != 0) | !written) throw_unwritable(path, std::strerror(errno));
}

void check_writable(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_socket(path, ignored)) throw_unwritable(path, "it is a socket");
  if (!path.empty() && (!is_special(path) || std::filesystem::is_directory(path, ignored))) PartFile{path};
}

void write_report(const std::string& output, bool quiet, std::string_view text) {
  if (!output.empty()) return write_file(output, text);
  if (!quiet) write_all(stdout, "stdout", text);
}

}  // namespace vae_kl
