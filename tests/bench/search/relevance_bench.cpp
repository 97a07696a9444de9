// How well the search index answers the kept questions: relevance_bench --corpus DIR --questions questions.json
// [--peers peers.json] [--json FILE] [--details]. With --peers (made by peers.py from the same corpus) the other
// engines are printed beside it, and the exit code is 1 when the index is behind the best of them in both kinds.

#include <docupilot/search/sqlite_index.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include <time.h>

#include "bench/search/html_text.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

namespace {

using namespace docupilot;
using Watch = std::chrono::steady_clock;

// Of the processor, so that other programs on the machine do not count.
double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Question {
  std::string id;
  std::string text;
  std::string kind;
  std::vector<std::string> answers;
};

struct Scores {
  int questions = 0;
  double mrr10 = 0;
  double hit1 = 0;
  double hit10 = 0;

  void add(std::size_t rank) {
    ++questions;
    if (rank == 0) return;
    mrr10 += 1.0 / static_cast<double>(rank);
    hit1 += rank == 1 ? 1 : 0;
    hit10 += 1;
  }
  [[nodiscard]] double share(double sum) const { return questions == 0 ? 0 : sum / questions; }
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

const Value& member(const Value& value, const std::string& name) {
  static const Value nothing;
  const auto* map = value.get_if<Value::Map>();
  if (map == nullptr) return nothing;
  const auto found = map->find(name);
  return found == map->end() ? nothing : found->second;
}

std::string text_of(const Value& value) {
  const auto* text = value.get_if<std::string>();
  return text == nullptr ? std::string() : *text;
}

double number_of(const Value& value) {
  if (const auto* number = value.get_if<double>()) return *number;
  const auto* integer = value.get_if<std::int64_t>();
  return integer == nullptr ? 0 : static_cast<double>(*integer);
}

std::vector<Question> read_questions(const std::string& path) {
  const Value file = json::parse(read_file(path)).value();
  std::vector<Question> out;
  for (const Value& entry : *member(file, "questions").get_if<Value::List>()) {
    Question question{text_of(member(entry, "id")), text_of(member(entry, "text")), text_of(member(entry, "kind")), {}};
    for (const Value& answer : *member(entry, "answers").get_if<Value::List>())
      question.answers.push_back(text_of(answer));
    out.push_back(std::move(question));
  }
  return out;
}

// Ids may not have a dot: the page's name with another character in its place is the id.
std::string id_of(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}

double index_corpus(SearchIndex& index, const std::string& corpus, std::size_t& pages) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(corpus)) {
    if (file.path().extension() == ".html") files.push_back(file.path());
  }
  std::ranges::sort(files);
  std::vector<IndexEntry> entries;
  for (const auto& file : files) {
    docupilot_bench::Page page = docupilot_bench::read_html(read_file(file));
    IndexEntry entry;
    entry.document.id = id_of(file.filename());
    entry.document.title = std::move(page.title);
    entry.document.name = file.filename();
    entry.text = std::move(page.body);
    entries.push_back(std::move(entry));
  }
  pages = entries.size();
  const auto start = Watch::now();
  for (std::size_t at = 0; at < entries.size(); at += 256) {
    index.upsert(std::span(entries).subspan(at, std::min<std::size_t>(256, entries.size() - at))).value();
  }
  return std::chrono::duration<double>(Watch::now() - start).count();
}

void print_row(const std::string& name, const double (&plain)[3], const double (&misspelt)[3], double p50, double p99) {
  std::printf("%-22s%9.3f%9.3f%9.3f%9.3f%9.3f%9.3f", name.c_str(), plain[0], plain[1], plain[2], misspelt[0],
              misspelt[1], misspelt[2]);
  if (p50 > 0) std::printf("%9.2f", p50);
  if (p99 > 0) std::printf("%9.2f", p99);
  std::printf("\n");
}

using Row = std::map<std::string, Scores>;  // by kind

void print_row(const std::string& name, Row row, double p50, double p99) {
  const auto three = [&](const Scores& s, double(&out)[3]) {
    out[0] = s.share(s.mrr10), out[1] = s.share(s.hit1), out[2] = s.share(s.hit10);
  };
  double plain[3], misspelt[3];
  three(row["plain"], plain);
  three(row["misspelt"], misspelt);
  print_row(name, plain, misspelt, p50, p99);
}

// The best of the peers of each kind, printed on the way; halves are computed from their ranks.
std::map<std::string, double> print_peers(const Value& peers, const std::vector<Question>& questions) {
  std::map<std::string, double> best;
  for (const auto& [name, engine] : *member(peers, "engines").get_if<Value::Map>()) {
    Row all, even, odd;
    for (const Question& question : questions) {
      const auto rank =
          static_cast<std::size_t>(number_of(member(member(member(peers, "per_question"), question.id), name)));
      all[question.kind].add(rank);
      ((question.id.back() - '0') % 2 == 0 ? even : odd)[question.kind].add(rank);
    }
    print_row(name, all, number_of(member(engine, "p50_ms")), 0);
    print_row("  even ids", even, 0, 0);
    print_row("  odd ids", odd, 0, 0);
    for (const auto& [kind, scores] : all) best[kind] = std::max(best[kind], scores.share(scores.mrr10));
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  std::map<std::string, std::string> options;
  bool details = false;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--details") == 0) details = true;
    else if (i + 1 < count && std::strncmp(arguments[i], "--", 2) == 0)
      options[arguments[i] + 2] = arguments[i + 1], ++i;
  }
  if (options["corpus"].empty() || options["questions"].empty()) {
    std::fprintf(stderr,
                 "usage: relevance_bench --corpus DIR --questions FILE [--peers FILE] [--json FILE] [--details]\n");
    return 2;
  }
  const std::vector<Question> questions = read_questions(options["questions"]);
  auto index = open_sqlite_index({.path = ":memory:"}).value();
  std::size_t pages = 0;
  const double index_seconds = index_corpus(*index, options["corpus"], pages);

  Row all, even, odd;
  std::vector<double> times;
  for (int round = 0; round < 6; ++round) {
    for (const Question& question : questions) {
      const double start = cpu_milliseconds();
      const SearchResult result = index->query({.text = question.text}).value();
      if (round > 0) times.push_back(cpu_milliseconds() - start);
      if (round > 0) continue;
      const auto found = std::ranges::find_if(result.hits, [&](const SearchHit& hit) {
        return std::ranges::find(question.answers, hit.name) != question.answers.end();
      });
      const std::size_t rank =
          found == result.hits.end() ? 0 : static_cast<std::size_t>(found - result.hits.begin()) + 1;
      all[question.kind].add(rank);
      const bool is_even = (question.id.back() - '0') % 2 == 0;
      (is_even ? even : odd)[question.kind].add(rank);
      if (details && is_even && rank != 1) {
        std::printf("%s %s: rank %zu of %llu;", question.id.c_str(), question.text.c_str(), rank,
                    static_cast<unsigned long long>(result.estimated_total));
        for (const Correction& c : result.corrections) std::printf(" [%s > %s]", c.from.c_str(), c.to.c_str());
        for (std::size_t i = 0; i < std::min<std::size_t>(3, result.hits.size()); ++i)
          std::printf(" %s %.3f", result.hits[i].name.c_str(), result.hits[i].score);
        std::printf("\n");
      }
    }
  }
  std::ranges::sort(times);
  const double p50 = times[times.size() / 2];
  const double p99 = times[times.size() * 99 / 100];

  std::printf("%zu pages indexed in %.2f s, %zu questions\n", pages, index_seconds, questions.size());
  std::printf("%-22s%27s%27s\n%-22s%9s%9s%9s%9s%9s%9s%9s%9s\n", "", "plain          ", "misspelt        ", "", "MRR@10",
              "hit@1", "hit@10", "MRR@10", "hit@1", "hit@10", "p50 ms", "p99 ms");
  print_row("docupilot", all, p50, p99);
  print_row("  even ids (tuned on)", even, 0, 0);
  print_row("  odd ids (held out)", odd, 0, 0);
  if (!options["json"].empty()) {
    json::Writer out;
    out.begin_object();
    out.member("pages", static_cast<std::uint64_t>(pages));
    out.member("index_seconds", index_seconds);
    out.member("p50_ms", p50);
    out.member("p99_ms", p99);
    for (const auto& [half, row] : {std::pair("all", all), std::pair("even", even), std::pair("odd", odd)}) {
      out.key(half);
      out.begin_object();
      for (const auto& [kind, scores] : row) {
        out.key(kind);
        out.begin_object();
        out.member("questions", scores.questions);
        out.member("mrr10", scores.share(scores.mrr10));
        out.member("hit1", scores.share(scores.hit1));
        out.member("hit10", scores.share(scores.hit10));
        out.end_object();
      }
      out.end_object();
    }
    out.end_object();
    std::ofstream(options["json"]) << std::move(out).text() << '\n';
  }
  if (options["peers"].empty()) return 0;
  const auto best = print_peers(json::parse(read_file(options["peers"])).value(), questions);
  bool is_behind = true;
  for (const auto& [kind, score] : best) {
    const double ours = all[kind].share(all[kind].mrr10);
    std::printf("%s: %.3f against %.3f of the best peer: %s\n", kind.c_str(), ours, score,
                ours > score ? "ahead" : "behind");
    is_behind = is_behind && ours <= score;
  }
  return is_behind ? 1 : 0;
}
