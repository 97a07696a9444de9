// Our contender: a program that does nothing but upload, over the public interface (engine.h).
//
//   upload_client --endpoint URL --bucket B --key K [--ca-file PEM] [--connections N] [--most-connections N]
//                 [--part-size N] [--memory N] [--checksums when_supported|when_required] [--payload signed|unsigned]
//                 [--journal FOLDER] [--count-mallocs] FILE... | -
//   upload_client --describe
//
// One file, or standard input, goes under K; of several each under K and its name. --count-mallocs prints the number of
// allocations the upload made, as JSON.

#include <cstdio>
#include <string>

#include "bench/support/malloc_count.h"
#include "engine.h"

namespace {

struct Settings {
  EngineOptions engine;
  std::string key;
  std::vector<std::string> files;
  bool count_mallocs = false;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "upload_client: %s\n", what.c_str());
  return 1;
}

// Whether the option takes a value and is known.
bool set(Settings& settings, const std::string& option, const std::string& text) {
  EngineOptions& engine = settings.engine;
  if (option == "--endpoint") engine.endpoint = text;
  else if (option == "--bucket") engine.bucket = text;
  else if (option == "--key") settings.key = text;
  else if (option == "--ca-file") engine.ca_file = text;
  else if (option == "--journal") engine.journal = text;
  else if (option == "--connections") engine.connections = static_cast<unsigned>(std::stoul(text));
  else if (option == "--most-connections") engine.most_connections = static_cast<unsigned>(std::stoul(text));
  else if (option == "--part-size") engine.part_size = std::stoull(text);
  else if (option == "--memory") engine.memory = std::stoull(text);
  else if (option == "--checksums") engine.checksums = text != "when_required";
  else if (option == "--payload") engine.sign_payload = text != "unsigned";
  else return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--describe") return std::puts(Engine::description()) < 0 ? 1 : 0;
    if (word == "--count-mallocs") settings.count_mallocs = true;
    else if (i + 1 < argc && set(settings, word, argv[i + 1])) ++i;
    else if (word.starts_with("--")) return fail("unknown option " + word);
    else settings.files.push_back(word);
  }
  std::vector<EngineJob> jobs;
  for (const std::string& file : settings.files) {
    const std::string name = settings.files.size() > 1 ? file.substr(file.rfind('/') + 1) : "";
    jobs.push_back({.key = settings.key + name, .path = file});
  }
  if (jobs.empty()) return fail("nothing to upload");
  auto engine = Engine::make(settings.engine);
  if (!engine) return fail(engine.error().to_string());
  if (settings.count_mallocs) malloc_count::start();
  const auto uploaded = (*engine)->upload(jobs);
  const auto mallocs = malloc_count::stop();
  if (!uploaded) return fail(uploaded.error().to_string());
  if (settings.count_mallocs) std::printf("{\"mallocs\":%llu}\n", static_cast<unsigned long long>(mallocs));
  return 0;
}
