// What the pages of the documentation say of the library, where a test can tell.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path tree = fs::path(__FILE__).parent_path().parent_path().parent_path();
const fs::path docs = tree / "autodiff" / "docs";

std::string text(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

std::vector<fs::path> pages() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(docs))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

TEST(Pages, LinksLeadToFiles) {
  static const std::regex link("\\]\\(([^)#: ]+)(#[^)]*)?\\)"), code("`[^`]*`");  // to other sites there is a colon
  std::size_t links = 0;
  for (const fs::path& page : pages()) {
    const std::string all = std::regex_replace(text(page), code, "");
    for (std::sregex_iterator i(all.begin(), all.end(), link), end; i != end; ++i, ++links)
      EXPECT_TRUE(fs::exists(page.parent_path() / (*i)[1].str())) << page << " links to " << (*i)[1];
  }
  EXPECT_GE(links, 15u);
}

TEST(Pages, TheCookbookListsEachOfItsPages) {
  const std::string list = text(docs / "cookbook" / "README.md");
  for (const auto& entry : fs::directory_iterator(docs / "cookbook")) {
    const std::string name = entry.path().filename().string();
    if (name == "README.md") continue;
    EXPECT_THAT(list, testing::HasSubstr("](" + name + ")"));
  }
}

TEST(Pages, TheTreeOfWaysFitsOneScreen) {
  const std::string page = text(tree / "benchmarks" / "which_way.md");
  const auto begin = page.find("```text\n") + 8;
  std::istringstream picture(page.substr(begin, page.find("```", begin) - begin));
  int lines = 0;
  for (std::string line; std::getline(picture, line); ++lines)
    EXPECT_LE(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }), 80) << line;  // characters of UTF-8
  EXPECT_THAT(lines, testing::AllOf(testing::Ge(15), testing::Le(24)));
}

/// All sources of the library in one text, in which string literals that stand side by side are joined.
std::string sources() {
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(tree / "autodiff" / "wengert"))
    if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp") all += text(entry.path());
  return std::regex_replace(all, std::regex("\"[ \\n]+\""), "");
}

/// What stands under a heading, up to the next.
std::string section(const std::string& page, const std::string& heading) {
  const auto begin = page.find("\n## " + heading + "\n");
  return begin == std::string::npos ? "" : page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

/// The longest piece of a message that is the same each time.
std::string longest_piece(const std::string& message) {
  static const std::regex field("\\{[^}]*\\}");
  std::string longest;
  for (std::sregex_token_iterator i(message.begin(), message.end(), field, -1), end; i != end; ++i)
    if (i->length() > static_cast<std::ptrdiff_t>(longest.size())) longest = *i;
  return longest;
}

TEST(Pages, ErrorsHaveASectionForEachClass) {
  const std::string header = text(tree / "autodiff" / "wengert" / "error.hpp"), page = text(docs / "errors.md");
  static const std::regex error("\nclass (\\w+) : public");
  std::size_t classes = 0;
  for (std::sregex_iterator i(header.begin(), header.end(), error), end; i != end; ++i, ++classes)
    EXPECT_NE(section(page, (*i)[1]), "") << "errors.md has no section for " << (*i)[1];
  EXPECT_GE(classes, 12u);
}

TEST(Pages, ErrorsHaveALineForEachMessage) {
  const std::string page = text(docs / "errors.md"), all = sources();
  static const std::regex thrown(R"re(throw (\w+)\(\s*(?:fmt::format\(\s*)?"((?:[^"\\]|\\.)*)")re");
  std::size_t messages = 0;
  for (std::sregex_iterator i(all.begin(), all.end(), thrown), end; i != end; ++i, ++messages)
    EXPECT_THAT(section(page, (*i)[1]), testing::HasSubstr(longest_piece((*i)[2]))) << "of " << (*i)[2];
  EXPECT_GT(messages, 50u);
  static const std::regex refused("\"((?:record|fuse|local|gather|FusedCostFunction): [^\"{]*)\"|#error[ \\\\\n]*\"([^\"]*)\"");
  for (std::sregex_iterator i(all.begin(), all.end(), refused), end; i != end; ++i)
    EXPECT_THAT(section(page, "While compiling"), testing::HasSubstr((*i)[(*i)[1].matched ? 1 : 2].str().substr(0, 60)));
}

TEST(Pages, ErrorsQuoteMessagesThatThereAre) {
  const std::string page = text(docs / "errors.md"), all = sources();
  static const std::regex row("\n\\| (``?)( ?)([^\n]*?)\\2\\1 ");
  static const std::regex left_out("…");
  std::size_t pieces = 0;
  const std::string thrown = page.substr(0, page.find("\n## While compiling"));
  for (std::sregex_iterator i(thrown.begin(), thrown.end(), row), end; i != end; ++i) {
    const std::string message = (*i)[3];
    for (std::sregex_token_iterator piece(message.begin(), message.end(), left_out, -1), none; piece != none; ++piece)
      if (piece->length() >= 10) {
        ++pieces;
        EXPECT_NE(all.find(piece->str()), std::string::npos) << "nothing says '" << *piece << "'";
      }
  }
  EXPECT_GT(pieces, 80u);
}

}  // namespace
