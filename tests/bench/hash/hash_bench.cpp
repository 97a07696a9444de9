// How fast this processor hashes with each kernel, beside OpenSSL and ISA-L in the same run.
//
//     hash_bench                        all, about four minutes, with a closing table of ratios
//     hash_bench --benchmark_filter=crc  any flag of Google Benchmark
//
// "hot" hashes the same bytes again and again; "cold" walks through 256 MiB, more than the caches hold. Repetitions of
// all rows are interleaved at random, so that a busy moment hits every contender alike.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <docupilot/source/content_hash.h>
#include <isa-l.h>
#include <openssl/evp.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "crypto/sha256_kernel.h"
#include "crypto/sha256_many.h"

using namespace docupilot;

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t arena_size = 256 * mib;

ByteView arena() {
  static const std::vector<std::byte> bytes = [] {
    std::vector<std::byte> made(arena_size);
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i + 8 <= made.size(); i += 8) {
      const std::uint64_t word = random();
      std::memcpy(made.data() + i, &word, sizeof word);
    }
    return made;
  }();
  return bytes;
}

using Hash = std::function<void(ByteView)>;

void add(const std::string& name, std::size_t size, bool cold, Hash hash) {
  const std::string label =
      name + (size >= mib ? "/" + std::to_string(size / mib) + "MiB" : "/" + std::to_string(size / kib) + "KiB") +
      (cold ? "/cold" : "/hot");
  benchmark::RegisterBenchmark(label.c_str(), [size, cold, hash](benchmark::State& state) {
    std::size_t place = 0;
    for (auto iteration : state) {
      (void)iteration;
      hash(arena().subspan(place, size));
      if (cold) place = place + 2 * size <= arena_size ? place + size : 0;
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(size));
  });
}

void add_all_sizes(const std::string& name, const Hash& hash) {
  for (const bool cold : {false, true}) {
    for (const std::size_t size : {64 * kib, 8 * mib}) add(name, size, cold, hash);
  }
}

template <class Word>
void add_kernels(const std::string& name, std::span<const crc::Kernel<Word>> kernels) {
  for (const auto& kernel : kernels) {
    add_all_sizes(name + "/" + kernel.name, [update = kernel.update](ByteView bytes) {
      benchmark::DoNotOptimize(update(0, bytes.data(), bytes.size()));
    });
  }
}

void add_evp(const std::string& name, const char* algorithm) {
  add_all_sizes(name, [md = EVP_MD_fetch(nullptr, algorithm, nullptr)](ByteView bytes) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    benchmark::DoNotOptimize(EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, md, nullptr));
  });
}

void add_sha256_lanes(const Sha256Kernel& kernel, std::size_t lanes) {
  add_all_sizes("sha256/" + std::string(kernel.name) + " x" + std::to_string(lanes), [&kernel, lanes](ByteView bytes) {
    std::vector<ByteView> blocks(lanes);
    std::vector<Sha256Digest> digests(lanes);
    const std::size_t each = bytes.size() / lanes;
    for (std::size_t i = 0; i < lanes; ++i) blocks[i] = bytes.subspan(i * each, each);
    sha256_interleaved(blocks, digests, {&kernel, 1}, lanes);
    benchmark::DoNotOptimize(digests.data());
  });
}

void add_content_hash(const std::string& name, Hashes which) {
  add_all_sizes(name, [which](ByteView bytes) {
    ContentHash hash(which);
    hash.update(bytes);
    benchmark::DoNotOptimize(hash.finish());
  });
}

unsigned char* isal_buffer(ByteView bytes) {
  return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
}

/// ISA-L leaves the upper halves of the vector registers in use, which makes SSE code that runs later in the same
/// thread up to 2.5 times slower; that must not fall on other rows.
#if defined(__x86_64__)
__attribute__((target("avx"))) void clear_upper_halves() { _mm256_zeroupper(); }
#else
void clear_upper_halves() {}
#endif

void add_isal(const std::string& name, const Hash& hash) {
  add_all_sizes(name, [hash](ByteView bytes) {
    hash(bytes);
    clear_upper_halves();
  });
}

struct Speed {
  double median = 0;
  double best = 0;  // of the repetitions: what the kernel does when nobody disturbs it
};

/// Prints one line a row, in GB/s of processor time, and keeps the figures.
class SpeedReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-44s %9s %9s\n", "GB/s", "median", "best");
    return true;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<double> speeds;
    for (const Run& run : runs) {
      const auto speed = run.counters.find("bytes_per_second");
      if (run.run_type == Run::RT_Iteration && speed != run.counters.end()) speeds.push_back(speed->second.value / 1e9);
    }
    if (speeds.empty()) return;
    std::sort(speeds.begin(), speeds.end());
    const std::string& name = runs.front().run_name.function_name;
    speeds_[name] = {.median = speeds[speeds.size() / 2], .best = speeds.back()};
    std::printf("%-44s %9.3f %9.3f\n", name.c_str(), speeds_[name].median, speeds_[name].best);
    std::fflush(stdout);
  }

  /// The fastest row whose name starts with one of `starts` and ends with `end`; zeros when none ran.
  [[nodiscard]] Speed fastest(std::initializer_list<std::string> starts, const std::string& end) const {
    Speed found;
    for (const auto& row : speeds_) {
      const auto& [name, speed] = row;
      const bool matches =
          std::any_of(starts.begin(), starts.end(), [&row](const auto& start) { return row.first.starts_with(start); });
      if (!matches || !name.ends_with(end)) continue;
      found = {.median = std::max(found.median, speed.median), .best = std::max(found.best, speed.best)};
    }
    return found;
  }

 private:
  std::map<std::string, Speed> speeds_;
};

void print_ratio(const char* what, const std::string& where, const Speed& ours, const Speed& theirs) {
  if (ours.best <= 0 || theirs.best <= 0) return;
  std::printf("%-36s %-11s %7.2f / %6.2f = %.3f %9.2f / %6.2f = %.3f\n", what, where.c_str(), ours.median,
              theirs.median, ours.median / theirs.median, ours.best, theirs.best, ours.best / theirs.best);
}

}  // namespace

int main(int argc, char** argv) {
  static char repetitions[] = "--benchmark_repetitions=9";
  static char interleaved[] = "--benchmark_enable_random_interleaving=true";
  static char time[] = "--benchmark_min_time=0.3";
  std::vector<char*> arguments = {argv[0], repetitions, interleaved, time};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;

  add_kernels("crc32c", crc::crc32c_kernels());
  add_isal("isa-l crc32c", [](ByteView bytes) {
    benchmark::DoNotOptimize(crc32_iscsi(isal_buffer(bytes), static_cast<int>(bytes.size()), 0));
  });
  add_kernels("crc64nvme", crc::crc64nvme_kernels());
  // ISA-L 2.30 has no NVME polynomial; the work is the same with another one of 64 bits.
  add_isal("isa-l crc64/ecma",
           [](ByteView bytes) { benchmark::DoNotOptimize(crc64_ecma_refl(0, isal_buffer(bytes), bytes.size())); });
  add_isal("isa-l crc64/jones",
           [](ByteView bytes) { benchmark::DoNotOptimize(crc64_jones_refl(0, isal_buffer(bytes), bytes.size())); });
  add_evp("sha256/evp", "SHA256");
  for (const Sha256Kernel& kernel : sha256_kernels()) {
    for (std::size_t lanes = kernel.lanes / 4; lanes <= kernel.lanes; lanes *= 2) add_sha256_lanes(kernel, lanes);
  }
  add_evp("md5/evp", "MD5");
  add_content_hash("content hash/sha256+crc64nvme", Hashes::sha256 | Hashes::crc64nvme);
  add_content_hash("content hash/crc64nvme", Hashes::crc64nvme);

  std::printf("%s\n", hash_kernels().c_str());
  SpeedReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);

  std::printf("\n%-48s %25s %28s\n", "Ratios", "of medians", "of best repetitions");
  for (const std::string where : {"/64KiB/hot", "/8MiB/hot", "/64KiB/cold", "/8MiB/cold"}) {
    const auto of = [&](std::initializer_list<std::string> starts) { return reporter.fastest(starts, where); };
    print_ratio("crc64nvme / best known kernel", where, of({"crc64nvme/"}), of({"crc64nvme/", "isa-l crc64/"}));
    print_ratio("crc64nvme / ISA-L crc64", where, of({"crc64nvme/"}), of({"isa-l crc64/"}));
    print_ratio("crc32c / ISA-L", where, of({"crc32c/"}), of({"isa-l crc32c/"}));
    print_ratio("sha256 x4 / EVP", where, of({"sha256/sha-ni x4"}), of({"sha256/evp"}));
    print_ratio("sha256 x16 / EVP", where, of({"sha256/avx512 x16"}), of({"sha256/evp"}));
    print_ratio("sha256 x1 / EVP", where, of({"sha256/sha-ni x1"}), of({"sha256/evp"}));
    print_ratio("sha256+crc64nvme in one pass / EVP", where, of({"content hash/sha256"}), of({"sha256/evp"}));
  }
  benchmark::Shutdown();
  return 0;
}
