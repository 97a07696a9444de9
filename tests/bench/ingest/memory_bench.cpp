// Peak memory of ingesting one large file, over that of a process that only opens the library and counts nothing.
//
//   memory_bench [--mebibytes N] [--folder DIR] [--json FILE]

#include <docupilot/docupilot.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

extern char** environ;

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "memory_bench: %s\n", what.c_str());
  std::exit(1);
}

// The part that is measured, in a process of its own.
int child(const std::string& library, const std::string& file) {
  auto client = docupilot::Client::open(library).value();
  if (file == "-") return client.pending().has_value() ? 0 : 1;
  const auto result = client.ingest(file);
  if (!result) fail(result.error().to_string());
  return 0;
}

double peak_mebibytes(const std::string& self, const std::string& library, const std::string& file) {
  std::string mode = "--child", lib = library, path = file, program = self;
  char* arguments[] = {program.data(), mode.data(), lib.data(), path.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, self.c_str(), nullptr, nullptr, arguments, environ) != 0) fail("cannot start the child");
  int status = 0;
  rusage usage = {};
  ::wait4(pid, &status, 0, &usage);
  if (status != 0) fail("the child failed on " + file);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void write_file(const fs::path& path, std::uint64_t mebibytes, bool text) {
  std::ofstream out(path, std::ios::binary);
  std::string block;
  std::uint64_t state = 88172645463325252ULL;
  for (std::uint64_t i = 0; i < mebibytes; ++i) {
    block.clear();
    while (block.size() < (1U << 20U)) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      if (text) block += "Line " + std::to_string(state % 100'000) + " of the long report says something. \n";
      else block.append(reinterpret_cast<const char*>(&state), sizeof state);
    }
    out.write(block.data(), 1 << 20);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "--child") return child(argv[2], argv[3]);
  std::uint64_t mebibytes = 1024;
  fs::path folder = fs::temp_directory_path();
  std::string json;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--mebibytes") mebibytes = std::stoull(argv[i + 1]);
    else if (flag == "--folder") folder = argv[i + 1];
    else if (flag == "--json") json = argv[i + 1];
    else fail("unknown option " + flag);
  }
  const fs::path scratch = folder / ("docupilot-memory-bench-" + std::to_string(::getpid()));
  fs::create_directories(scratch);
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  const double idle = peak_mebibytes(self, (scratch / "idle").string(), "-");
  double over[2] = {};
  const char* names[2] = {"text.txt", "random.bin"};
  for (int kind = 0; kind < 2; ++kind) {
    const fs::path file = scratch / names[kind];
    write_file(file, mebibytes, kind == 0);
    over[kind] = peak_mebibytes(self, (scratch / ("library" + std::to_string(kind))).string(), file.string()) - idle;
    std::printf("%llu MiB %-11s %6.1f MiB over the idle process (%.1f MiB)\n",
                static_cast<unsigned long long>(mebibytes), names[kind], over[kind], idle);
    fs::remove(file);
    fs::remove_all(scratch / ("library" + std::to_string(kind)));
  }
  if (!json.empty()) {
    std::ofstream(json) << "{\"bench\":\"memory\",\"mebibytes\":" << mebibytes << ",\"idle\":" << idle
                        << ",\"text_over_idle\":" << over[0] << ",\"binary_over_idle\":" << over[1] << "}\n";
  }
  fs::remove_all(scratch);
  return 0;
}
