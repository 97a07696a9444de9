#include <docupilot/docupilot.h>

#include <iostream>

int main() {
  using namespace docupilot;
  auto library = Client::open("./library").value();  // a folder: files and SQLite, made by the first write

  auto note = memory_source("The keeper lit the lamp at dusk. Ships found the harbour by it.", "lighthouse.txt");
  auto kept = library.ingest(*note, {.id = "lighthouse", .tags = {"tales"}});
  if (!kept) {
    std::cerr << kept.error().to_string() << '\n';  // says what failed, on what, and what to do about it
    return 1;
  }
  for (const auto& hit : library.search({.text = "harbor lamp"}).value().hits)
    std::cout << hit.name << ": " << hit.snippet << '\n';
}
