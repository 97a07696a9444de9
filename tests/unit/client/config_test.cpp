#include <doctest/doctest.h>
#include <docupilot/docupilot.h>

#include <cstdlib>
#include <filesystem>

#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

// Sets a variable for the length of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("a library's name becomes a configuration") {
  CHECK(Config::from_library("./library").value().library == "./library");
  CHECK(Config::from_library("file:/var/library").value().library == "/var/library");
  CHECK(Config::from_library("memory:").value().store == "memory:");
  CHECK(Config::from_library("").error().code() == ErrorCode::invalid_argument);
  CHECK(Config::from_library("https://example.org/x").error().code() == ErrorCode::invalid_argument);
  CHECK(Config::from_library("config:/no/such/file").error().code() == ErrorCode::not_found);
}

TEST_CASE("empty roles live in the library folder, whatever its name") {
  const Config config = Config::embedded("odd #100% name?").resolved().value();
  CHECK(config.store == "file:odd %23100%25 name%3F/objects");
  CHECK(BackendUrl::parse(config.store).value().path == "odd #100% name?/objects");
  CHECK(config.summary == "extractive:");
  CHECK(config.origin.at("store") == "default");
  CHECK(Config{.store = "memory:"}.resolved().error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("values of a file survive with hashes, exclamation marks, quotes and spaces") {
  const TempDir folder;
  const std::string file = folder.write("docupilot.toml", R"(
    library = "/srv/my \"own\" library #1!"   # a comment
    read_only = true
    pdftotext = 'C:\odd path\pdf#to!text'
    [profiles.team]
    store = "s3://bucket/prefix?region=eu&note=a%20b!#c"
    library = "shared files"
  )");
  const Config plain = Config::from_file(file).value();
  CHECK(plain.library == "/srv/my \"own\" library #1!");
  CHECK(plain.read_only);
  CHECK(plain.extract.pdftotext == "C:\\odd path\\pdf#to!text");
  const Config team = Config::from_file(file, "team").value();
  CHECK(team.store == "s3://bucket/prefix?region=eu&note=a%20b!#c");
  CHECK(team.library == folder / "shared files");  // relative to the file
  CHECK(team.origin.at("store") == file + " [team]");
  CHECK(team.origin.at("read_only") == file);
  CHECK(Config::from_library("config:" + file + "#team").value().store == team.store);
}

TEST_CASE("a relative URL starts where the file is, whatever its folder is called") {
  const TempDir folder;
  std::filesystem::create_directory(folder / "odd 50%20 #1");
  const std::string file =
      folder.write("odd 50%20 #1/docupilot.toml", "store = 'file:../kept'\nmetadata = 'sqlite:a%20b.db'");
  const Config config = Config::from_file(file).value();
  CHECK(BackendUrl::parse(config.store).value().path == folder / "kept");
  CHECK(BackendUrl::parse(config.metadata).value().path == folder / "odd 50%20 #1/a b.db");
}

TEST_CASE("a wrong file says what is wrong and where") {
  const TempDir folder;
  const auto error_of = [&](const std::string& text, const char* profile = "default") {
    return Config::from_file(folder.write("c.toml", text), profile).error();
  };
  CHECK(error_of("library = ").to_string().find("line 1") != std::string::npos);
  CHECK(error_of("\nlibary = \"x\"").to_string().find("line 2") != std::string::npos);
  CHECK(error_of("libary = \"x\"").hint().find("library") != std::string::npos);
  CHECK(error_of("library = 7").code() == ErrorCode::invalid_argument);
  CHECK(error_of("read_only = \"yes\"").code() == ErrorCode::invalid_argument);
  CHECK(error_of("[profiles.a]\nlibrary='x'", "b").code() == ErrorCode::not_found);
  CHECK(error_of("[profiles.a]\nlibrary='x'", "b").hint() == "profiles: a");
  CHECK(Config::from_file(folder.path().string()).error().code() == ErrorCode::not_found);
}

TEST_CASE("the environment wins over the file it names") {
  const TempDir folder;
  const std::string file = folder.write("c.toml", "library = '/from/file'\nsummary = 'extractive:'");
  const Variable config("DOCUPILOT_CONFIG", file);
  CHECK(Config::from_env().value().library == "/from/file");
  const Variable library("DOCUPILOT_LIBRARY", "/from/env");
  const Variable store("DOCUPILOT_STORE", "memory:");
  const Config both = Config::from_env().value();
  CHECK(both.library == "/from/env");
  CHECK(both.store == "memory:");
  CHECK(both.summary == "extractive:");
  CHECK(both.origin.at("library") == "environment DOCUPILOT_LIBRARY");
  const Variable flag("DOCUPILOT_READ_ONLY", "perhaps");
  CHECK(Config::from_env().error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("URLs of backends are taken apart and never show a secret") {
  const BackendUrl url =
      BackendUrl::parse("S3://bucket/a%20b?region=eu-west-1&endpoint=http%3A%2F%2Flocalhost").value();
  CHECK(url.scheme == "s3");
  CHECK(url.authority == "bucket");
  CHECK(url.path == "/a b");
  CHECK(url.parameters.at("endpoint") == "http://localhost");
  for (const char* bad : {"", "nothing", ":x", "c:x", "1a:b", "file:%zz", "file:%", "file:%00", "s3://b?x", "s3://b?=x",
                          "s3://b?a=1&a=2"}) {
    CHECK_MESSAGE(BackendUrl::parse(bad).error().code() == ErrorCode::invalid_argument, bad);
  }
  CHECK(BackendUrl::redacted("postgresql://u:hunter2@db/x?sslmode=on&password=p") ==
        "postgresql://u:***@db/x?sslmode=on&password=***");
  CHECK(BackendUrl::parse("x://u:hunter2@h?a").error().to_string().find("hunter2") == std::string::npos);
}

TEST_CASE("an unknown scheme lists the known ones, and a registered one is used") {
  Registry registry = Registry::with_builtins();
  const Error unknown = registry.open_store("tape:x").error();
  CHECK(unknown.code() == ErrorCode::unsupported);
  CHECK(unknown.hint() == "known schemes: file, memory, s3");
  registry.add_store("tape", [](const BackendUrl&, const OpenMode&) -> Result<std::unique_ptr<ObjectStore>> {
    return make_memory_store();
  });
  CHECK(registry.open_store("tape:x").has_value());
  CHECK(registry.open_store("file:x?y=1").error().code() == ErrorCode::invalid_argument);
  CHECK(Registry().open_search("sqlite:x").error().code() == ErrorCode::unsupported);
}
