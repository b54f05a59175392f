// What the pages of the documentation say of the library, where a test can tell.
#include <gmock/gmock.h>

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
  static const std::regex link("\\]\\(([^)#: ]+)(#[^)]*)?\\)");  // to other sites there is a colon; a lambda has a space
  std::size_t links = 0;
  for (const fs::path& page : pages()) {
    const std::string all = text(page);
    for (std::sregex_iterator i(all.begin(), all.end(), link), end; i != end; ++i, ++links)
      EXPECT_TRUE(fs::exists(page.parent_path() / (*i)[1].str())) << page << " links to " << (*i)[1];
  }
  EXPECT_GE(links, 15u);
}

TEST(Pages, TheCookbookListsEachOfItsPages) {
  const std::string list = text(docs / "cookbook" / "README.md");
  for (const auto& entry : fs::directory_iterator(docs / "cookbook")) {
    const std::string name = entry.path().filename().string();
    if (name != "README.md") EXPECT_THAT(list, testing::HasSubstr("](" + name + ")"));
  }
}

}  // namespace
