// How fast the search index is: speed_bench [--documents 10000,100000] [--json FILE]. Documents of 1 to 2 KiB with
// words as frequent as in a language (Zipf), written in groups of 256, then queries of many kinds. Times are those of
// the thread on the processor, so that other programs do not count; wall-clock times are printed beside them.

#include <docupilot/search/sqlite_index.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include <time.h>

#include "json/json_writer.h"
#include "support/temp_dir.h"

namespace {

using namespace docupilot;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Words {
 public:
  explicit Words(unsigned seed) : random_(seed) {
    static constexpr const char* syllables[] = {"ba", "co", "de", "fi", "gu", "la", "me", "ni", "po", "ru", "sa", "te",
                                                "vi", "wo", "ka", "lo", "mi", "ne", "pa", "ro", "su", "ta", "ve", "xi"};
    static constexpr const char* ends[] = {"", "s", "ing", "ed", "er", "tion", "al", "ly"};
    const std::vector<std::string> common = {"the", "of", "and", "to", "in", "is", "for", "that", "with", "on"};
    words_ = common;
    while (words_.size() < 50'000) {
      std::string word;
      for (std::size_t i = 0, count = 2 + random_() % 3; i < count; ++i)
        word += syllables[random_() % std::size(syllables)];
      words_.push_back(word + ends[random_() % std::size(ends)]);
    }
    double sum = 0;
    for (std::size_t rank = 1; rank <= words_.size(); ++rank) {
      sum += 1 / std::pow(static_cast<double>(rank), 1.05);
      sums_.push_back(sum);
    }
  }

  const std::string& any() {
    const double at = std::uniform_real_distribution<double>(0, sums_.back())(random_);
    return words_[static_cast<std::size_t>(std::ranges::lower_bound(sums_, at) - sums_.begin())];
  }
  /// As likely to be rare as to be frequent, for queries.
  const std::string& asked() {
    const double rank = std::exp(std::uniform_real_distribution<double>(std::log(20), std::log(20'000))(random_));
    return words_[static_cast<std::size_t>(rank)];
  }
  std::string text(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += any() + (random_() % 12 == 0 ? ". " : " ");
    return out;
  }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  std::mt19937 random_;
  std::vector<std::string> words_;
  std::vector<double> sums_;
};

IndexEntry make_entry(Words& words, std::size_t number) {
  IndexEntry entry;
  char id[32];
  std::snprintf(id, sizeof id, "doc-%08zu", number);
  entry.document.id = id;
  entry.document.title = words.text(30);
  entry.document.name = "folder/" + entry.document.id + ".txt";
  entry.document.content_type = words.below(3) == 0 ? "text/html" : "text/plain";
  entry.document.created = {1'700'000'000'000'000 + static_cast<std::int64_t>(number) * 1'000'000};
  entry.document.size = 1024 + words.below(1024);
  entry.document.tags = {"tag" + std::to_string(words.below(20))};
  entry.document.attributes["year"] = static_cast<std::int64_t>(2000 + words.below(25));
  entry.text = words.text(entry.document.size);
  return entry;
}

SearchQuery make_query(Words& words, std::size_t kind) {
  SearchQuery query;
  const auto several = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) query.text += (query.text.empty() ? "" : " ") + words.asked();
  };
  switch (kind) {
    case 0: several(1); break;
    case 1: several(2); break;
    case 2: several(3); break;
    case 3:
      query.text =
          "how to " + words.asked() + " the " + words.asked() + " of a " + words.asked() + " with " + words.asked();
      break;
    case 4: query.text = '"' + words.asked() + " the\" " + words.asked(); break;
    case 5:
      query.text = words.asked() + " AND (" + words.asked() + " OR " + words.asked() + ") -" + words.asked();
      break;
    case 6: query.text = words.asked().substr(0, 5) + "* " + words.asked(); break;
    case 7:
      several(2);
      if (query.text.size() > 4) std::swap(query.text[2], query.text[3]);
      break;
    case 8:
      several(2);
      query.filter = field("size") > 1500 && field("tags").contains("tag7");
      break;
    default: several(1); query.facets = {"tags", "content_type", "attributes.year"};
  }
  return query;
}

constexpr const char* kinds[] = {"one word", "two words", "three words", "question", "phrase",
                                 "boolean",  "prefix",    "typo",        "filter",   "facets"};

struct Times {
  std::vector<double> cpu, wall;  // milliseconds
  static double at(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
  }
};

void measure(std::size_t documents, json::Writer& out) {
  const docupilot_test::TempDir folder;
  auto index = open_sqlite_index({.path = folder / "speed.db"}).value();
  Words words(42);
  double cpu = 0;
  double wall = 0;
  for (std::size_t at = 0; at < documents; at += 256) {
    std::vector<IndexEntry> group;
    for (std::size_t i = at; i < std::min(at + 256, documents); ++i) group.push_back(make_entry(words, i));
    const double cpu_before = cpu_seconds();
    const double wall_before = wall_seconds();
    index->upsert(group).value();
    cpu += cpu_seconds() - cpu_before;
    wall += wall_seconds() - wall_before;
  }
  const auto count = static_cast<double>(documents);
  const double bytes = static_cast<double>(std::filesystem::file_size(folder / "speed.db"));
  std::printf("\n%zu documents: %.0f documents/s, %.0f us of processor a document, %.0f bytes a document in the file\n",
              documents, count / wall, cpu / count * 1e6, bytes / count);

  Times all;
  std::map<std::size_t, Times> by_kind;
  for (std::size_t i = 0; i < 2'000; ++i) {
    const std::size_t kind = i % std::size(kinds);
    const SearchQuery query = make_query(words, kind);
    const double cpu_before = cpu_seconds();
    const double wall_before = wall_seconds();
    index->query(query).value();
    const double cpu_ms = (cpu_seconds() - cpu_before) * 1e3;
    const double wall_ms = (wall_seconds() - wall_before) * 1e3;
    for (Times* times : {&all, &by_kind[kind]}) {
      times->cpu.push_back(cpu_ms);
      times->wall.push_back(wall_ms);
    }
  }
  std::printf("%-12s%12s%12s%12s%12s\n", "query", "p50 ms cpu", "p99 ms cpu", "p50 ms wall", "p99 ms wall");
  const auto print = [](const char* name, const Times& times) {
    std::printf("%-12s%12.2f%12.2f%12.2f%12.2f\n", name, Times::at(times.cpu, .5), Times::at(times.cpu, .99),
                Times::at(times.wall, .5), Times::at(times.wall, .99));
  };
  for (const auto& [kind, times] : by_kind) print(kinds[kind], times);
  print("all", all);

  out.begin_object();
  out.member("documents", static_cast<std::uint64_t>(documents));
  out.member("documents_per_second", count / wall);
  out.member("cpu_us_per_document", cpu / count * 1e6);
  out.member("bytes_per_document", bytes / count);
  out.member("query_p50_ms_cpu", Times::at(all.cpu, .5));
  out.member("query_p99_ms_cpu", Times::at(all.cpu, .99));
  out.member("query_p50_ms_wall", Times::at(all.wall, .5));
  out.member("query_p99_ms_wall", Times::at(all.wall, .99));
  out.key("queries");
  out.begin_object();
  for (const auto& [kind, times] : by_kind) {
    out.key(kinds[kind]);
    out.begin_object();
    out.member("p50_ms_cpu", Times::at(times.cpu, .5));
    out.member("p99_ms_cpu", Times::at(times.cpu, .99));
    out.end_object();
  }
  out.end_object();
  out.end_object();
}

}  // namespace

int main(int count, char** arguments) {
  std::string sizes = "10000,100000";
  std::string file;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--documents") == 0) sizes = arguments[i + 1];
    if (std::strcmp(arguments[i], "--json") == 0) file = arguments[i + 1];
  }
  json::Writer out;
  out.begin_array();
  for (std::size_t at = 0; at < sizes.size();) {
    const std::size_t end = std::min(sizes.find(',', at), sizes.size());
    measure(std::stoul(sizes.substr(at, end - at)), out);
    at = end + 1;
  }
  out.end_array();
  if (!file.empty()) std::ofstream(file) << std::move(out).text() << '\n';
  return 0;
}
