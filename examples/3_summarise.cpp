// 3. Say what a document says.
//
// Every ingested document gets a summary of three sentences. Longer, shorter and fresh ones are one call away, and
// with nothing configured they are made on this machine: the most telling sentences, in the author's own words.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <docupilot/docupilot.h>

constexpr const char* report =
    "The lighthouse on the northern cape has guided ships for a hundred and fifty years. It was built of granite that "
    "was brought by sail from the mainland. The keepers lived there with their families until the light was made "
    "automatic. Each night they climbed two hundred steps to wind the clockwork that turned the lamp.\n\n"
    "In spring the council decided to repair the lighthouse. Storms had cracked the granite, and salt had eaten the "
    "iron stairs. The repair will cost four million and take two years. During that time a light on a mast will guide "
    "the ships. Some fishermen fear that the light on the mast is too weak to be seen in fog.\n\n"
    "When the repair is done the lighthouse will open to visitors for the first time. A small museum will show the "
    "clockwork and the diaries of the keepers. The council hopes that the museum will pay for the lighthouse's upkeep.";

int main(int argc, char** argv) {
  std::string text = report;
  if (argc > 1) {
    std::ifstream file(argv[1], std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  auto client = docupilot::Client::open("memory:").value();
  auto source = docupilot::memory_source(text, "lighthouse.txt");
  auto ingested = client.ingest(*source);
  if (!ingested) return std::fprintf(stderr, "%s\n", ingested.error().to_string().c_str()), 1;

  // The summary is part of the document, so a list of documents can show it without any work.
  std::printf("In three sentences:\n  %s\n\n", ingested->document.summary.c_str());

  // Another length. The first number that is not zero counts.
  const std::string& id = ingested->document.id;
  std::printf("In one:\n  %s\n\n", client.summarize(id, {.sentences = 1}).value().text.c_str());
  std::printf("In 40 words:\n  %s\n\n", client.summarize(id, {.words = 40}).value().text.c_str());

  // A summariser also works alone, on any text, and says where each sentence stands in it.
  auto summarizer = docupilot::make_extractive_summarizer();
  auto summary = summarizer->summarize({.text = text, .length = {.sentences = 2}});
  if (!summary) return std::fprintf(stderr, "%s\n", summary.error().to_string().c_str()), 1;
  std::printf("Where they stand, by %s:\n", summary->model.c_str());
  for (const auto& sentence : summary->sentences) {
    std::printf("  at byte %4zu, weight %.3f: %.40s...\n", sentence.offset, sentence.score,
                text.substr(sentence.offset, sentence.size).c_str());
  }
}
