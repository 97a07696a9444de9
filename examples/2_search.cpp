// 2. Find documents again: by words, by what is known of them, and with a typing error.

#include <cstdio>
#include <string>

#include <docupilot/docupilot.h>

using docupilot::Client;
using docupilot::SearchQuery;

void show(Client& client, const SearchQuery& query) {
  std::printf("? %s\n", query.text.c_str());
  auto result = client.search(query);
  if (!result) return void(std::fprintf(stderr, "  %s\n", result.error().to_string().c_str()));
  for (const auto& correction : result->corrections) {
    std::printf("  showing results for \"%s\": no document has \"%s\"\n", correction.to.c_str(),
                correction.from.c_str());
  }
  for (const auto& hit : result->hits) {
    std::printf("  %-10s %s\n", hit.name.c_str(), hit.snippet.c_str());  // matching words stand between **
  }
  for (const auto& [field, values] : result->facets) {
    std::printf("  by %s:", field.c_str());
    for (const auto& [value, count] : values) {
      std::printf(" %s (%llu)", value.c_str(), static_cast<unsigned long long>(count));
    }
    std::printf("\n");
  }
  std::printf("\n");
}

int main() {
  // A library in memory, gone when the program ends: good for trying things out, and for tests.
  Client client = Client::open("memory:").value();  // value() throws where there is an error

  const struct {
    const char* name;
    const char* tag;
    const char* text;
  } recipes[] = {
      {"bread", "baking", "Mix flour, water and yeast. Let the dough rest over night. Bake it for forty minutes."},
      {"pancakes", "sweet", "Beat eggs, milk and flour to a thin dough. Fry in butter. Serve with maple syrup."},
      {"soup", "savoury", "Roast the pumpkin with garlic. Blend it with stock, and finish it with cream and nutmeg."},
      {"apple pie", "sweet", "Fill the crust with apples, cinnamon and sugar. Bake it until the crust is golden."},
  };
  for (const auto& recipe : recipes) {
    // A document need not be a file: a source can be memory, a pipe, or a function that makes bytes.
    auto source = docupilot::memory_source(std::string(recipe.text), recipe.name);
    client.ingest(*source, {.tags = {recipe.tag}, .attributes = {{"words", int(std::string(recipe.text).size() / 6)}}})
        .value();
  }

  show(client, {.text = "baked"});            // any form of a word finds all others
  show(client, {.text = "\"maple syrup\""});  // an exact phrase
  show(client, {.text = "bake NOT apples"});  // AND, OR, NOT and parentheses
  show(client, {.text = "pumpkim cream"});    // nearly right is right enough
  show(client, {.text = "flour OR sugar", .facets = {"tags"}});

  // A filter looks at what is known of documents; it may be written as code or as text.
  const docupilot::Filter sweet = docupilot::field("tags").contains("sweet");
  show(client, {.text = "crust OR butter", .filter = sweet});
  const docupilot::Filter same = docupilot::parse_filter("tags has \"sweet\" and size > 10").value();
  for (const auto& document : client.documents({.filter = same, .order = {{"name", true}}}).value().documents) {
    std::printf("sweet: %s\n", document.name.c_str());
  }
}
