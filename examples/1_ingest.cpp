// 1. Put documents into a library.
//
// A library is a folder. Nothing has to be installed or started: files rest in it, what is known of them goes into
// SQLite, their text is indexed and summarised. Give files as arguments, or none to see it done with some letters.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <docupilot/docupilot.h>

namespace fs = std::filesystem;

// Three letters to play with.
std::vector<std::string> write_letters(const fs::path& folder) {
  const std::pair<const char*, const char*> letters[] = {
      {"harbour.md", "# The harbour\n\nThe new harbour opened in May. Two hundred ships have called at it since.\n"},
      {"library.txt", "The town library lends nine thousand books a year. Half of them are novels.\n"},
      {"winter.html", "<title>Winter</title><p>Snow fell for eleven days. The ferries stayed in the harbour.</p>"},
  };
  std::vector<std::string> paths;
  for (const auto& [name, text] : letters) {
    std::ofstream(folder / name) << text;
    paths.push_back((folder / name).string());
  }
  return paths;
}

int main(int argc, char** argv) {
  const fs::path folder = fs::temp_directory_path() / "docupilot-tutorial-1";
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::vector<std::string> files(argv + 1, argv + argc);
  if (files.empty()) files = write_letters(folder);

  // Opening makes nothing yet; the first document makes the folder. Every call returns a Result: a value, or an error.
  auto client = docupilot::Client::open((folder / "library").string());
  if (!client) return std::fprintf(stderr, "%s\n", client.error().to_string().c_str()), 1;

  bool all_well = true;
  for (const std::string& file : files) {
    auto result = client->ingest(file, {.tags = {"tutorial"}});  // options have names; the rest keeps its default
    if (!result) {
      std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
      all_well = false;
      continue;
    }
    const docupilot::Document& document = result->document;
    std::printf("%-9s %s\n", std::string(to_string(result->outcome)).c_str(), document.name.c_str());
    std::printf("          title   %s\n", document.title.c_str());
    std::printf("          type    %s, %llu bytes\n", document.content_type.c_str(),
                static_cast<unsigned long long>(document.size));
    std::printf("          sha256  %.16s...\n", document.checksums.sha256.c_str());
  }

  // The same files again: nothing has changed, so nothing is done, and quickly.
  for (const std::string& file : files) {
    if (auto again = client->ingest(file, {.tags = {"tutorial"}})) {
      std::printf("%-9s %s\n", std::string(to_string(again->outcome)).c_str(), again->document.name.c_str());
    }
  }
  std::printf("\n%llu documents are in %s\n", static_cast<unsigned long long>(client->count().value_or(0)),
              client->config().library.c_str());
  fs::remove_all(folder);
  return all_well ? 0 : 1;
}
