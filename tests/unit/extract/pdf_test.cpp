#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "extract_support.h"
#include "process/child_process.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace std::chrono_literals;
using docupilot_test::EndlessReader;
using docupilot_test::extract;
using docupilot_test::make_pdf;
using docupilot_test::TempDir;

namespace {

/// A stand-in for pdftotext, as a shell script.
std::string program(const TempDir& folder, const std::string& script) {
  const std::string path = folder.write("pdftotext", "#!/bin/sh\n" + script + "\n");
  chmod(path.c_str(), 0700);
  return path;
}

Result<ExtractedText> extract_with(const std::string& path, const ExtractLimits& limits = {},
                                   const Context& context = {}) {
  return extract(make_pdf("Hello"), {.name = "a.pdf"}, {.limits = limits, .pdftotext = path}, context);
}

bool have_pdftotext() {
  const bool have = !find_program("pdftotext").empty();
  if (!have) MESSAGE("SKIPPED: pdftotext (it is not installed)");
  return have;
}

bool is_zombie(pid_t id) {
  std::ifstream status("/proc/" + std::to_string(id) + "/stat");
  std::string word;
  for (int i = 0; i < 3; ++i) status >> word;
  return word == "Z";
}

bool exists(pid_t id) { return kill(id, 0) == 0; }

}  // namespace

TEST_CASE("the text and the title of a PDF are read") {
  if (!have_pdftotext()) return;
  const auto result = extract(make_pdf("Hello, PDF world", "A <title> & more"), {.name = "a.pdf"});
  REQUIRE_MESSAGE(result, (result ? "" : result.error().to_string()));
  CHECK(result->text == "Hello, PDF world\n");
  CHECK(result->title == "A <title> & more");
  CHECK(result->content_type == "application/pdf");
  CHECK(result->charset == "");
  CHECK_FALSE(result->truncated);
  CHECK(extract(make_pdf("x"))->title == "");
}

TEST_CASE("a PDF cut off anywhere gives its text or says that it is damaged") {
  if (!have_pdftotext()) return;
  const std::string whole = make_pdf("Hello, PDF world");
  std::size_t refused = 0;
  std::size_t tried = 0;
  for (std::size_t length = 5; length < whole.size() - 6; length += 37) {
    ++tried;
    const auto result = extract(whole.substr(0, length), {.name = "a.pdf", .content_type = "application/pdf"});
    if (result) {
      CHECK(result->text == "Hello, PDF world\n");
      continue;
    }
    ++refused;
    CHECK(result.error().code() == ErrorCode::corrupted);
    CHECK_FALSE(result.error().hint().empty());
    CHECK(result.error().target() == "a.pdf");
  }
  CHECK(refused > tried * 3 / 4);
}

TEST_CASE("the text of a PDF is cut at its limit") {
  if (!have_pdftotext()) return;
  CHECK_FALSE(extract(make_pdf("Hello"), {}, {.limits = {.text = 5}})->truncated);
  const auto cut = extract(make_pdf("Hello"), {}, {.limits = {.text = 4}});
  REQUIRE(cut);
  CHECK(cut->truncated);
  CHECK(cut->text == "Hell");
}

TEST_CASE("without pdftotext a PDF is unsupported, and the hint says what to install") {
  for (const char* name : {"", "no-such-program", "/no/such/program", "/etc"}) {
    const auto result = extract(make_pdf("Hello"), {.name = "a.pdf"}, {.pdftotext = name});
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::unsupported);
    CHECK_FALSE(result.error().hint().empty());
  }
  CHECK(extract(make_pdf("Hello"), {}, {.pdftotext = "no-such-program"}).error().hint().find("poppler-utils") !=
        std::string::npos);
}

TEST_CASE("a program that cannot be run is unsupported") {
  const TempDir folder;
  const std::string path = folder.write("pdftotext",
                                        "\x7f"
                                        "ELF no program");
  chmod(path.c_str(), 0700);
  const auto result = extract_with(path);
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::unsupported);
}

TEST_CASE("a program that takes too long is ended with all that it has started") {
  const TempDir folder;
  const std::string path = program(folder, "sleep 1000 & echo $$ $! >&2; sleep 1000");
  MemoryReader body(as_bytes("x"));
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run_child({path, {}, 300ms, 1U << 30U, 1000}, body, {});
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::timeout);
  CHECK_FALSE(result.error().retryable());
  const auto extracted = extract_with(path, {.pdf_time = Duration::milliseconds(300)});
  REQUIRE_FALSE(extracted);
  CHECK(extracted.error().code() == ErrorCode::timeout);
  CHECK(extracted.error().hint().find("pdf_time") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - begin < 30s);
  CHECK(
      extract_with(program(folder, "cat >/dev/null; echo text"), {.pdf_time = Duration::milliseconds(20'000)})->text ==
      "text\n");
}

TEST_CASE("a program that closes its output and lingers is ended, too") {
  const TempDir folder;
  const auto result =
      extract_with(program(folder, "exec >&- 2>&-; sleep 1000"), {.pdf_time = Duration::milliseconds(300)});
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::timeout);
}

TEST_CASE("nothing that a program has started is left behind") {
  const TempDir folder;
  MemoryReader body(as_bytes("x"));
  const auto result =
      run_child({program(folder, "sleep 1000 >/dev/null 2>&1 & echo $!"), {}, 20s, 1U << 30U, 1000}, body, {});
  REQUIRE(result);
  CHECK(result->exit_code == 0);
  const pid_t orphan = std::stoi(result->output);
  bool alive = true;
  for (int i = 0; i < 100'000 && alive; ++i) {  // it is dead at once, and disappears when its new parent collects it
    alive = exists(orphan) && !is_zombie(orphan);
    if (alive) std::this_thread::yield();
  }
  CHECK_FALSE(alive);
}

TEST_CASE("the deadline and the stop token end the program") {
  const TempDir folder;
  const std::string path = program(folder, "sleep 1000");
  const auto late = extract_with(path, {}, {.deadline = Deadline::after(300ms)});
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == ErrorCode::timeout);
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  const auto stopped = extract_with(path, {}, {.stop = stop.get_token()});
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code() == ErrorCode::cancelled);
}

TEST_CASE("a flood of output is cut, and the program ended") {
  const TempDir folder;
  const auto result = extract_with(program(folder, "yes some words that never end"), {.text = 100'000});
  REQUIRE(result);
  CHECK(result->truncated);
  CHECK(result->text.size() <= 100'000);
  CHECK(result->text.size() > 99'000);
}

TEST_CASE("a flood of complaints neither blocks nor fills memory") {
  const TempDir folder;
  const auto result =
      extract_with(program(folder, "cat >/dev/null; yes 'Syntax Warning: bad' | head -c 3000000 >&2; echo the text"));
  REQUIRE(result);
  CHECK(result->text == "the text\n");
}

TEST_CASE("what a program complains about is in the error") {
  const TempDir folder;
  const auto failing = [&](const std::string& script) {
    auto result = extract_with(program(folder, "cat >/dev/null; " + script));
    REQUIRE_FALSE(result);
    return result.error();
  };
  const Error damaged = failing("echo 'Syntax Error: bad xref' >&2; echo more >&2; exit 1");
  CHECK(damaged.code() == ErrorCode::corrupted);
  CHECK(damaged.message().find("Syntax Error: bad xref") != std::string::npos);
  CHECK(damaged.message().find("more") == std::string::npos);
  const Error encrypted = failing("echo 'Command Line Error: Incorrect password' >&2; exit 1");
  CHECK(encrypted.code() == ErrorCode::corrupted);
  CHECK(encrypted.message().find("encrypted") != std::string::npos);
  CHECK(failing("echo 'Error: Copying of text from this document is not allowed.' >&2; exit 3").code() ==
        ErrorCode::permission_denied);
  CHECK(failing("echo 'Out of memory' >&2; exit 1").code() == ErrorCode::too_large);
  CHECK(failing("kill -SEGV $$").code() == ErrorCode::corrupted);
  CHECK(failing("printf 'evil \\033[31m' >&2; exit 1").message().find('\033') == std::string::npos);
}

TEST_CASE("a program that does not read its input does no harm") {
  const TempDir folder;
  EndlessReader body("%PDF-1.4 and so on ", 64U << 20U);
  const ExtractOptions options{.pdftotext = program(folder, "exec <&-; echo text")};
  const auto result = make_extractor(options)->extract(body, {.name = "a.pdf"});
  REQUIRE(result);
  CHECK(result->text == "text\n");
  CHECK(body.given < 8U << 20U);
}

TEST_CASE("a large PDF passes through a small buffer") {
  const TempDir folder;
  EndlessReader body("%PDF-1.4 and so on ", 8U << 20U);
  const ExtractOptions options{.pdftotext = program(folder, "wc -c | tr -d ' '")};
  const auto result = make_extractor(options)->extract(body, {.name = "a.pdf"});
  REQUIRE(result);
  CHECK(result->text == std::to_string(8U << 20U) + "\n");
}

TEST_CASE("a failing reader ends the program and is told") {
  const TempDir folder;
  class FailingReader final : public Reader {
   public:
    Result<std::size_t> read(MutableByteView into, const Context&) override {
      if (++calls_ > 4) return Error(ErrorCode::unavailable, "the store went away");
      std::memcpy(into.data(), "%PDF-", 5);
      return std::size_t{5};
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return {}; }

   private:
    int calls_ = 0;
  };
  class LongerReader final : public Reader {
   public:
    Result<std::size_t> read(MutableByteView into, const Context& context) override {
      if (given_ > 100'000) return failing_.read(into, context);
      std::memset(into.data(), 'x', into.size());
      if (given_ == 0) std::memcpy(into.data(), "%PDF-", 5);
      given_ += into.size();
      return into.size();
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return {}; }

   private:
    std::size_t given_ = 0;
    FailingReader failing_;
  };
  LongerReader body;
  const ExtractOptions options{.pdftotext = program(folder, "cat >/dev/null; sleep 1000")};
  const auto result = make_extractor(options)->extract(body, {.name = "a.pdf"});
  REQUIRE_FALSE(result);
  CHECK((result.error().code() == ErrorCode::unavailable || result.error().code() == ErrorCode::internal));
}

TEST_CASE("a program is told nothing of the host and may use only so much") {
  const TempDir folder;
  setenv("DOCUPILOT_TEST_SECRET", "hunter2", 1);
  const int leaked = open("/dev/null", O_RDONLY);  // inheritable on purpose
  REQUIRE(leaked >= 0);
  MemoryReader body(as_bytes("x"));
  const std::string script =
      "env; ls /proc/self/fd | tr '\\n' ' '; echo; ulimit -v; ulimit -f; ulimit -c; ulimit -t; : > '" +
      folder / "written" + "'; echo x > '" + folder / "written" + "'; echo still here";
  const auto result = run_child({program(folder, script), {}, 20s, 512U << 20U, 100'000}, body, {});
  close(leaked);
  unsetenv("DOCUPILOT_TEST_SECRET");
  REQUIRE(result);
  CAPTURE(result->output);
  CHECK(result->output.find("hunter2") == std::string::npos);
  CHECK(result->output.find("LC_ALL=C\n") != std::string::npos);
  CHECK(result->output.find("\n0 1 2 3 \n") != std::string::npos);  // 3 is the folder that ls reads
  CHECK(result->output.find("\n524288\n0\n0\n22\n") != std::string::npos);
  CHECK(std::filesystem::file_size(folder / "written") == 0);
}

TEST_CASE("memory beyond the limit is refused to the program") {
  if (!have_pdftotext()) return;
  CHECK(extract(make_pdf("Hello"), {}, {.limits = {.pdf_memory = 512U << 20U}}));
  const auto result = extract(make_pdf("Hello"), {}, {.limits = {.pdf_memory = 4U << 20U}});
  REQUIRE_FALSE(result);
  CHECK((result.error().code() == ErrorCode::unsupported || result.error().code() == ErrorCode::too_large ||
         result.error().code() == ErrorCode::corrupted));
}

TEST_CASE("programs are looked up in the absolute folders of PATH") {
  CHECK(find_program("sh").starts_with('/'));
  CHECK(find_program("/bin/sh") == "/bin/sh");
  CHECK(find_program("no-such-program") == "");
  CHECK(find_program("") == "");
}

TEST_CASE("a host that ignores SIGCHLD still gets its text") {
  const TempDir folder;
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignore, &before);
  const auto result = extract_with(program(folder, "cat >/dev/null; echo text"));
  sigaction(SIGCHLD, &before, nullptr);
  REQUIRE(result);
  CHECK(result->text == "text\n");
}
