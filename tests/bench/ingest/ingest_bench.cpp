// Ingesting 10,000 small text documents, against a floor that only writes the files durably and inserts the rows in
// groups. Contenders take turns; the score is the median of paired ratios.
//
//   ingest_bench [--documents N] [--rounds N] [--folder DIR] [--json FILE]

#include <docupilot/docupilot.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t group = 256;

struct Settings {
  std::size_t documents = 10'000;
  int rounds = 5;
  fs::path folder = fs::temp_directory_path();
  std::string json;
};

struct Cost {
  double seconds = 0;
  double cpu = 0;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "ingest_bench: %s\n", what.c_str());
  std::exit(1);
}

void require(bool good, const char* what) {
  if (!good) fail(what);
}

// ---- documents: about 1.5 KiB of words with a natural distribution
// ---------------------------------------------------

std::vector<std::string> write_documents(const fs::path& folder, std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<std::string> words;
  for (int i = 0; i < 8'000; ++i) {
    std::string word;
    for (std::size_t letters = 3 + random() % 8; letters > 0; --letters) word += static_cast<char>('a' + random() % 26);
    words.push_back(word);
  }
  std::exponential_distribution<double> rank(1.0 / 600);
  fs::create_directories(folder);
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text;
    for (std::size_t sentence = 0, sentences = 8 + random() % 24; sentence < sentences; ++sentence) {
      for (std::size_t word = 0, length = 6 + random() % 9; word < length; ++word) {
        text += words[std::min<std::size_t>(static_cast<std::size_t>(rank(random)), words.size() - 1)];
        text += word + 1 == length ? ". " : " ";
      }
    }
    paths.push_back((folder / ("document" + std::to_string(i) + ".txt")).string());
    std::ofstream(paths.back(), std::ios::binary) << text;
  }
  return paths;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// ---- the floor: temporary file, write, fsync, rename; rows in transactions; the folder synchronised once a group
// ------

void write_durably(const fs::path& folder, const std::string& name, const std::string& bytes, bool each) {
  const std::string temporary = (folder / (name + ".tmp")).string();
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  require(fd >= 0, "cannot make a file");
  require(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "cannot write");
  if (each) require(::fsync(fd) == 0, "cannot synchronise");
  ::close(fd);
  if (each) require(::rename(temporary.c_str(), (folder / name).c_str()) == 0, "cannot rename");
}

// `each`: every file is synchronised by itself, as a careful program does; else one syncfs a group.
void run_floor(const fs::path& library, const std::vector<std::string>& paths, bool each) {
  fs::create_directories(library / "objects");
  const int folder = ::open((library / "objects").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  sqlite3* database = nullptr;
  require(sqlite3_open((library / "rows.db").c_str(), &database) == SQLITE_OK, "cannot open the database");
  sqlite3_exec(database,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows(id TEXT PRIMARY KEY, "
               "name TEXT, size INTEGER, sha256 TEXT) WITHOUT ROWID",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database, "INSERT INTO rows VALUES(?1, ?2, ?3, ?4)", -1, &insert, nullptr);
  for (std::size_t from = 0; from < paths.size(); from += group) {
    const std::size_t to = std::min(paths.size(), from + group);
    sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    for (std::size_t i = from; i < to; ++i) {
      const std::string bytes = read_file(paths[i]);
      const std::string name = "object" + std::to_string(i);
      write_durably(library / "objects", name, bytes, each);
      const std::string digest = docupilot::to_hex(docupilot::sha256(docupilot::as_bytes(bytes)));
      sqlite3_bind_text(insert, 1, name.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(insert, 2, paths[i].c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_int64(insert, 3, static_cast<sqlite3_int64>(bytes.size()));
      sqlite3_bind_text(insert, 4, digest.c_str(), -1, SQLITE_TRANSIENT);
      require(sqlite3_step(insert) == SQLITE_DONE, "cannot insert");
      sqlite3_reset(insert);
    }
    if (!each) {
      require(::syncfs(folder) == 0, "cannot synchronise the file system");
      for (std::size_t i = from; i < to; ++i) {
        const fs::path name = library / "objects" / ("object" + std::to_string(i));
        require(::rename((name.string() + ".tmp").c_str(), name.c_str()) == 0, "cannot rename");
      }
    }
    require(::fsync(folder) == 0, "cannot synchronise the folder");
    require(sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK, "cannot commit");
  }
  sqlite3_finalize(insert);
  sqlite3_close(database);
  ::close(folder);
}

// ---- ours
// --------------------------------------------------------------------------------------------------------------

void run_ours(const fs::path& library, const std::vector<std::string>& paths, bool whole_way) {
  auto client = docupilot::Client::open(library.string()).value();
  std::vector<docupilot::IngestRequest> requests;
  for (const std::string& path : paths) {
    requests.push_back({.path = path, .options = {.index = whole_way, .summarize = whole_way}});
  }
  for (const auto& result : client.ingest_many(requests, {.group = group})) {
    if (!result) fail(result.error().to_string());
  }
  require(client.count().value() == paths.size(), "documents are missing");
}

Cost measure(const fs::path& library, const std::function<void()>& run) {
  fs::remove_all(library);
  ::sync();
  const auto cpu_now = [] {
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  const double cpu = cpu_now();
  const auto start = std::chrono::steady_clock::now();
  run();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {taken.count(), cpu_now() - cpu};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Contender {
  const char* name;
  std::function<void(const fs::path&)> run;
  std::vector<Cost> costs = {};
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--documents") settings.documents = std::stoul(argv[i + 1]);
    else if (flag == "--rounds") settings.rounds = std::stoi(argv[i + 1]);
    else if (flag == "--folder") settings.folder = argv[i + 1];
    else if (flag == "--json") settings.json = argv[i + 1];
    else fail("unknown option " + flag);
  }
  const fs::path scratch = settings.folder / ("docupilot-ingest-bench-" + std::to_string(::getpid()));
  const auto paths = write_documents(scratch / "documents", settings.documents);
  std::vector<Contender> contenders = {
      {"floor: fsync each file", [&](const fs::path& to) { run_floor(to, paths, true); }},
      {"floor: one syncfs a group", [&](const fs::path& to) { run_floor(to, paths, false); }},
      {"docupilot: bytes and rows", [&](const fs::path& to) { run_ours(to, paths, false); }},
      {"docupilot: the whole way", [&](const fs::path& to) { run_ours(to, paths, true); }},
  };
  for (int round = 0; round <= settings.rounds; ++round) {  // the first warms up
    for (Contender& contender : contenders) {
      const Cost cost = measure(scratch / "library", [&] { contender.run(scratch / "library"); });
      if (round > 0) contender.costs.push_back(cost);
    }
  }
  std::printf("%zu documents, %d rounds, medians\n%-28s %10s %12s %10s %14s\n", settings.documents, settings.rounds, "",
              "seconds", "us/document", "CPU s", "x first floor");
  std::string json = "{\"bench\":\"ingest\",\"documents\":" + std::to_string(settings.documents) + ",\"contenders\":[";
  for (const Contender& contender : contenders) {
    std::vector<double> seconds, cpu, ratio;
    for (std::size_t i = 0; i < contender.costs.size(); ++i) {
      seconds.push_back(contender.costs[i].seconds);
      cpu.push_back(contender.costs[i].cpu);
      ratio.push_back(contender.costs[i].seconds / contenders[0].costs[i].seconds);
    }
    std::printf("%-28s %10.2f %12.1f %10.2f %13.2fx\n", contender.name, median(seconds),
                median(seconds) / static_cast<double>(settings.documents) * 1e6, median(cpu), median(ratio));
    char line[256];
    std::snprintf(line, sizeof line, "%s{\"name\":\"%s\",\"seconds\":%.4f,\"cpu_seconds\":%.4f,\"ratio\":%.4f}",
                  &contender == contenders.data() ? "" : ",", contender.name, median(seconds), median(cpu),
                  median(ratio));
    json += line;
  }
  if (!settings.json.empty()) std::ofstream(settings.json) << json << "]}\n";
  fs::remove_all(scratch);
  return 0;
}
