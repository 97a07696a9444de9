#include <docupilot/base/stream.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

// Gives `total` bytes, at most three at a time, and does not say how many there are.
class Drip final : public Reader {
 public:
  explicit Drip(std::size_t total) : rest_(total) {}
  Result<std::size_t> read(MutableByteView into, const Context& context) override {
    if (auto go_on = context.check("read"); !go_on) return std::move(go_on).error();
    const std::size_t count = std::min<std::size_t>({into.size(), rest_, 3});
    std::memset(into.data(), 'x', count);
    rest_ -= count;
    return count;
  }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  std::size_t rest_;
};

// Promises a lot and breaks.
class Broken final : public Reader {
 public:
  Result<std::size_t> read(MutableByteView, const Context&) override { return Error(ErrorCode::corrupted, "broken"); }
  std::optional<std::uint64_t> size() const override { return UINT64_MAX; }
};

}  // namespace

TEST_CASE("memory is read from front to back and then ends") {
  MemoryReader reader(as_bytes("hello"));
  CHECK(reader.size() == 5);
  char buffer[4] = {};
  const MutableByteView into = std::as_writable_bytes(std::span(buffer));
  CHECK(reader.read(into, {}).value() == 4);
  CHECK(std::string(buffer, 4) == "hell");
  CHECK(reader.read(into, {}).value() == 1);
  CHECK(reader.read(into, {}).value() == 0);
  CHECK(reader.read(into, {}).value() == 0);
  CHECK(reader.size() == 5);
}

TEST_CASE("all is read, to the limit and not beyond") {
  for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 3'000'000U}) {
    const std::string text(size, 'a');
    MemoryReader known(as_bytes(text));
    CHECK(read_all(known, size).value() == text);
  }
  Drip drip(200'000);
  CHECK(read_all(drip, 200'000).value() == std::string(200'000, 'x'));
  Drip more(200'001);
  CHECK(read_all(more, 200'000).error().code() == ErrorCode::too_large);
  MemoryReader one(as_bytes("x"));
  CHECK(read_all(one, 0).error().code() == ErrorCode::too_large);
  MemoryReader empty({});
  CHECK(read_all(empty, 0).value().empty());
}

TEST_CASE("reading stops at an error and when asked to") {
  Broken broken;
  CHECK(read_all(broken, UINT64_MAX).error().code() == ErrorCode::corrupted);
  std::stop_source stop;
  stop.request_stop();
  MemoryReader reader(as_bytes("x"));
  CHECK(read_all(reader, 10, {.stop = stop.get_token()}).error().code() == ErrorCode::cancelled);
}

TEST_CASE("a writer in memory takes as much as it may") {
  MemoryWriter writer(5);
  CHECK(writer.write(as_bytes("abc")).has_value());
  CHECK(writer.write({}).has_value());
  const auto refused = writer.write(as_bytes("def"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == ErrorCode::too_large);
  CHECK(writer.text() == "abc");
  CHECK(writer.write(as_bytes("de")).has_value());
  CHECK(writer.write(as_bytes("f")).error().code() == ErrorCode::too_large);
  CHECK(std::move(writer).text() == "abcde");
}
