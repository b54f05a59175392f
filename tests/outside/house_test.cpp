// The house itself: what is API, which way the arrows between rooms point, and that a reader can find everything.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path tree = fs::path(__FILE__).parent_path().parent_path().parent_path();
const fs::path house = tree / "autodiff" / "wengert";

std::string text(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

std::size_t lines(const fs::path& path) {
  const std::string all = text(path);
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
}

bool is_source(const fs::path& path) { return path.extension() == ".hpp" || path.extension() == ".cpp"; }

/// What a file includes of the house, as "room/name.hpp" or "name.hpp".
std::vector<std::string> included(const fs::path& path) {
  static const std::regex include("#include [<\"]wengert/([a-z_0-9/.-]+)[>\"]");
  const std::string all = text(path);
  std::vector<std::string> found;
  for (std::sregex_iterator i(all.begin(), all.end(), include), end; i != end; ++i) found.push_back((*i)[1]);
  return found;
}

std::vector<fs::path> public_headers() {
  std::vector<fs::path> headers;
  for (const auto& entry : fs::directory_iterator(house))
    if (entry.path().extension() == ".hpp") headers.push_back(entry.path());
  return headers;
}

/// The floor of a file: its room's, or for a header of the API that of the room which it opens.
int floor_of(const std::string& file) {
  static const std::map<std::string, int> rooms = {{"record", 1}, {"sweep", 2}, {"kernels", 3}, {"transform", 4},
                                                   {"batch", 5},  {"fused", 6}, {"inspect", 7}, {"check", 8},
                                                   {"export", 8}, {"eigen", 8}, {"mpi", 8}};
  // Below all rooms: errors, the rules, the list of operations, and plain data.
  static const std::map<std::string, int> api = {{"ops.hpp", 0},
                                                 {"operations.hpp", 0},
                                                 {"op.hpp", 0},
                                                 {"values.hpp", 1},
                                                 {"location.hpp", 0},
                                                 {"error.hpp", 0},
                                                 {"instruction_set.hpp", 0},
                                                 {"parallel_for.hpp", 0},
                                                 {"nary.hpp", 0},
                                                 {"var.hpp", 1},
                                                 {"cmath.hpp", 1},
                                                 {"special.hpp", 2},
                                                 {"std.hpp", 1},
                                                 {"complex.hpp", 1},
                                                 {"tape.hpp", 1},
                                                 {"dual.hpp", 2},
                                                 {"number_type.hpp", 2},
                                                 {"bounded.hpp", 2},
                                                 {"adjoints.hpp", 2},
                                                 {"forward_sweep.hpp", 2},
                                                 {"reverse_sweep.hpp", 2},
                                                 {"gradient.hpp", 2},
                                                 {"reductions.hpp", 3},
                                                 {"elements.hpp", 5},
                                                 {"jacobian.hpp", 4},
                                                 {"custom.hpp", 2},
                                                 {"matrix.hpp", 2},
                                                 {"eigen.hpp", 8},
                                                 {"ceres.hpp", 8},
                                                 {"boost.hpp", 8},
                                                 {"function.hpp", 4},
                                                 {"local.hpp", 4},
                                                 {"vector_math.hpp", 3},
                                                 {"batch.hpp", 5},
                                                 {"ranks.hpp", 5},
                                                 {"mpi.hpp", 8},
                                                 {"fuse.hpp", 6},
                                                 {"fused_batch.hpp", 6},
                                                 {"fused_elements.hpp", 6}};
  if (file == "record/config.hpp") return 0;  // what compilers differ in lies below all rooms
  if (const auto slash = file.find('/'); slash != std::string::npos) {
    const auto room = rooms.find(file.substr(0, slash));
    EXPECT_NE(room, rooms.end()) << file << " stands in a room without a floor";
    return room == rooms.end() ? 0 : room->second;
  }
  const auto header = api.find(file);
  return header == api.end() ? 7 : header->second;  // what only looks, prints or meets other libraries
}

TEST(House, NoFileOutsideIncludesAHeaderOfARoom) {
  std::size_t files = 0;
  for (const char* folder : {"tests", "vae_kl", "benchmarks"})
    for (const auto& entry : fs::recursive_directory_iterator(tree / folder)) {
      if (!is_source(entry.path())) continue;
      ++files;
      for (const std::string& header : included(entry.path()))
        EXPECT_EQ(header.find('/'), std::string::npos) << entry.path() << " includes " << header;
    }
  EXPECT_GT(files, 100u);
}

TEST(House, ArrowsBetweenRoomsPointDown) {
  std::size_t arrows = 0;
  for (const auto& entry : fs::recursive_directory_iterator(house)) {
    if (!is_source(entry.path())) continue;
    const std::string file = fs::relative(entry.path(), house).generic_string();
    for (const std::string& header : included(entry.path())) {
      ++arrows;
      EXPECT_GE(floor_of(file), floor_of(header)) << file << " includes " << header;
    }
  }
  EXPECT_GT(arrows, 200u);
}

TEST(House, IncludesWhatIsThere) {
  for (const auto& entry : fs::recursive_directory_iterator(house))
    if (is_source(entry.path())) {
      for (const std::string& header : included(entry.path()))
        EXPECT_TRUE(fs::exists(house / header)) << entry.path() << ": " << header;
    }
}

TEST(House, EveryPublicHeaderHasALineInTheReadme) {
  const std::string readme = text(tree / "README.md");
  for (const fs::path& header : public_headers())
    EXPECT_TRUE(std::regex_search(
        readme, std::regex("\\|[^|\\n]*<wengert/" + header.filename().string() + ">[^|\\n]*\\|[^|\\n]{10,}\\|")))
        << header.filename() << " is in no row of the table of headers";
}

TEST(House, TheEngineIsReadInUnder600Lines) {
  // one rule, then the four files that the map in wengert.hpp names
  const std::string rules = text(house / "ops.hpp");
  const auto begin = rules.find("struct Mul "), end = rules.find("\n};\n", begin);
  ASSERT_NE(begin, std::string::npos);
  auto sum = static_cast<std::size_t>(
      std::count(rules.begin() + static_cast<std::ptrdiff_t>(begin), rules.begin() + static_cast<std::ptrdiff_t>(end) + 3, '\n'));
  for (const char* file : {"var.hpp", "tape.hpp", "reverse_sweep.hpp", "sweep/chain_rule.hpp"}) sum += lines(house / file);
  EXPECT_LT(sum, 600u);
}

// Doxygen, which holds every other public name to its docstring, does not ask about these.
TEST(House, EveryEnumeratorOfTheApiSaysWhatItIs) {
  static const std::regex first_line(" *enum [^;{]*\\{.*"), names_one(" *[A-Za-z].*");
  int found = 0;
  for (const fs::path& header : public_headers()) {
    std::istringstream all(text(header));
    bool internal = false, inside = false;
    for (std::string line; std::getline(all, line);) {
      if (line == "namespace detail {") internal = true;
      if (line.starts_with("}  // namespace detail")) internal = false;
      const bool enumerators =
          inside && std::regex_match(line, names_one) && line.find("WENGERT_OPERATIONS") == std::string::npos;
      if (!internal && std::regex_match(line, first_line)) {
        EXPECT_EQ(line.find('}'), std::string::npos) << header.filename() << ": " << line;
        inside = true;
      } else if (line.find("};") != std::string::npos) {
        inside = false;
      } else if (enumerators) {
        EXPECT_NE(line.find("///<"), std::string::npos) << header.filename() << ": " << line;
        ++found;
      }
    }
  }
  EXPECT_GE(found, 15);
}

TEST(House, MacrosBeginWithItsName) {
  static const std::regex define("^[ \\t]*#[ \\t]*define[ \\t]+(\\w+)");
  std::size_t macros = 0;
  for (const auto& entry : fs::recursive_directory_iterator(house)) {
    if (!is_source(entry.path())) continue;
    std::istringstream all(text(entry.path()));
    std::smatch found;
    for (std::string line; std::getline(all, line);) {
      if (!std::regex_search(line, found, define)) continue;
      ++macros;
      EXPECT_EQ(found[1].str().rfind("WENGERT_", 0), 0u) << entry.path() << ": " << line;
    }
  }
  EXPECT_GT(macros, 30u);
}

TEST(House, WhatIsNoStandardCxxStandsInTwoHeaders) {
  // pragmas aside, which other compilers pass by
  static const std::regex extension(
      "__attribute__|__builtin_|__extension__|__int128|__typeof|vector_size|\\[\\[ *(gnu|clang)|(^|[^A-Za-z_.])asm[ (]");
  std::set<std::string> headers;
  for (const auto& entry : fs::recursive_directory_iterator(house)) {
    if (!is_source(entry.path())) continue;
    const std::string file = fs::relative(entry.path(), house).generic_string();
    std::istringstream all(text(entry.path()));
    for (std::string line; std::getline(all, line);)
      if (line.rfind("#pragma", 0) != 0 && std::regex_search(line, extension)) {
        headers.insert(file);
        EXPECT_TRUE(file == "record/config.hpp" || file == "kernels/lane_math.hpp") << file << ": " << line;
      }
  }
  EXPECT_EQ(headers.size(), 2u);
}

TEST(House, NoIdentifierHasTwoUnderscoresInARow) {
  // the compilers' own names aside, which begin with them
  static const std::regex reserved("[A-Za-z0-9]__[A-Za-z0-9]");
  for (const auto& entry : fs::recursive_directory_iterator(house)) {
    if (!is_source(entry.path())) continue;
    std::istringstream all(text(entry.path()));
    for (std::string line; std::getline(all, line);)
      EXPECT_FALSE(std::regex_search(line, reserved)) << entry.path() << ": " << line;
  }
}

}  // namespace
