#include <algorithm>
#include <map>
#include <thread>

#include <doctest/doctest.h>

#include "http/percent.h"
#include "http/sigv4.h"
#include "http/sigv4_chunked.h"
#include "http/sigv4_post_policy.h"
#include "store/s3_part_body.h"
#include "support/part_bodies.h"
#include "support/scripted_streams.h"
#include "support/vectors.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

http::Credentials credentials_of(const Value& vector) {
  const Value& given = member(vector, "credentials");
  return {.access_key_id = text(given, "access_key"),
          .secret_access_key = Secret(text(given, "secret_key")),
          .session_token = Secret(text_or_empty(given, "session_token")),
          .source = "vector"};
}

Timestamp time_of(const Value& vector) { return {number(vector, "epoch") * 1'000'000}; }

http::Headers headers_of(const Value::List& pairs) {
  http::Headers headers;
  for (const Value& pair : pairs) {
    const auto* both = pair.get_if<Value::List>();
    REQUIRE(both != nullptr);
    headers.add(text(both->at(0)), text(both->at(1)));
  }
  return headers;
}

http::Signer signer_of(const Value& vector) { return {text(vector, "service"), text(vector, "region")}; }

/// All of it, read into a buffer of so many bytes; a pause is asked again.
std::string read_whole(s3::PartBodySource& source, std::size_t room) {
  std::string all;
  std::string block(room, '\0');
  for (bool ended = false; !ended;) {
    const auto count = source.read({reinterpret_cast<std::byte*>(block.data()), block.size()});
    REQUIRE_MESSAGE(count, count.error().to_string());
    all.append(block, 0, count->value_or(0));
    ended = count->has_value() && **count == 0;
  }
  return all;
}

std::vector<std::byte> body_of(const Value& vector) {
  auto body = from_base64(text_or_empty(vector, "body_base64"));
  REQUIRE(body.has_value());
  return *std::move(body);
}

/// The pairs of a query, decoded and sorted.
std::multimap<std::string, std::string> parameters(std::string_view url) {
  std::multimap<std::string, std::string> found;
  std::string_view query = url.substr(std::min(url.find('?'), url.size() - 1) + 1);
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    found.emplace(http::percent_decode(part.substr(0, equals)).value(),
                  http::percent_decode(part.substr(std::min(equals + 1, part.size()))).value());
  }
  return found;
}

}  // namespace

TEST_CASE("every vector of header signing gives its canonical request, headers and signature") {
  const Value file = read_vectors("vectors/sigv4_header.json");
  for (const Value& vector : cases(file)) {
    CAPTURE(text(vector, "id"));
    const Value& expected = member(vector, "expected");
    const auto body = body_of(vector);
    http::Request request{
        .method = text(vector, "method"), .url = text(expected, "url"), .headers = headers_of(list(vector, "headers"))};
    const std::string mode = text(vector, "payload_mode");
    const std::string hash = mode == "signed" ? http::payload_hash(body) : mode;
    CHECK(hash == text(expected, "payload_hash"));
    http::Signer signer = signer_of(vector);
    const auto done = signer.sign(request, credentials_of(vector), time_of(vector), hash);
    REQUIRE_MESSAGE(done, done.error().to_string());
    CHECK(request.url == text(expected, "url"));
    CHECK(done->signature == text(expected, "signature"));
    CHECK(request.headers.get("authorization") == text(expected, "authorization"));
    CHECK(done->date == text(vector, "amz_date"));
    CHECK(done->key->scope == text(expected, "credential_scope"));
    const auto* added = member(expected, "added_headers").get_if<Value::Map>();
    REQUIRE(added != nullptr);
    for (const auto& [name, value] : *added) {
      if (name != "host") CHECK(request.headers.get(name) == text(value));
    }
    const auto url = http::UrlParts::split(request.url);
    REQUIRE(url);
    CHECK(url->host == text(expected, "host"));
    const auto rule = text(vector, "service") == "s3" ? http::PathRule::as_sent : http::PathRule::normalised;
    const auto canonical = http::canonical_request(rule, request.method, *url, request.headers, hash);
    REQUIRE(canonical);
    CHECK(canonical->text == text(expected, "canonical_request"));
    CHECK(canonical->signed_headers() == text(expected, "signed_headers"));
  }
}

TEST_CASE("every key of the header vectors is encoded as it is on the wire") {
  const Value file = read_vectors("vectors/sigv4_header.json");
  int compared = 0;
  for (const Value& vector : cases(file)) {
    const std::string key = text_or_empty(vector, "key");
    if (key.empty()) continue;
    CAPTURE(text(vector, "id"));
    CHECK(text(vector, "path").ends_with('/' + http::percent_encode_path(key)));
    CHECK(http::percent_decode(http::percent_encode_path(key)) == key);
    ++compared;
  }
  CHECK(compared > 20);
}

TEST_CASE("every vector of presigned URLs gives its signature and the same parameters") {
  const Value file = read_vectors("vectors/sigv4_presign.json");
  for (const Value& vector : cases(file)) {
    CAPTURE(text(vector, "id"));
    const Value& expected = member(vector, "expected");
    const std::string whole = text(expected, "url");
    std::string url = whole.substr(0, whole.find('?'));
    for (const Value& pair : list(vector, "operation_query")) {
      const auto* both = pair.get_if<Value::List>();
      REQUIRE(both != nullptr);
      url += (url.find('?') == std::string::npos ? '?' : '&') + http::percent_encode(text(both->at(0))) + '=' +
             http::percent_encode(text(both->at(1)));
    }
    http::Signer signer = signer_of(vector);
    const auto made = signer.presign(text(vector, "method"), url, headers_of(list(vector, "signed_headers_to_send")),
                                     credentials_of(vector), time_of(vector),
                                     Duration::milliseconds(number(vector, "expires") * 1000));
    REQUIRE_MESSAGE(made, made.error().to_string());
    CHECK(parameters(made->expose()) == parameters(whole));
    CHECK(made->expose().substr(0, made->expose().find('?')) == whole.substr(0, whole.find('?')));
    CHECK(made->expose().ends_with("&X-Amz-Signature=" + text(expected, "signature")));
  }
}

TEST_CASE("a presigned URL lasts a second to seven days, and needs credentials") {
  http::Signer signer("s3", "us-east-1");
  const http::Credentials keys{.access_key_id = "AK", .secret_access_key = Secret("secret"), .source = "test"};
  const auto lasting = [&](std::int64_t ms, const http::Credentials& who) {
    const auto made = signer.presign("GET", "https://b.s3.amazonaws.com/k", {}, who, {1'000'000'000'000'000},
                                     Duration::milliseconds(ms));
    return made ? "ok" : std::string(to_string(made.error().code()));
  };
  CHECK(lasting(999, keys) == "invalid_argument");
  CHECK(lasting(1'000, keys) == "ok");
  CHECK(lasting(604'800'000, keys) == "ok");
  CHECK(lasting(604'801'000, keys) == "invalid_argument");
  CHECK(lasting(1'000, {}) == "unauthenticated");
}

namespace {

/// The conditions of a policy, in one spelling and sorted: {"a": "b"} is ["eq", "$a", "b"].
std::vector<std::string> conditions_of(const Value& policy) {
  std::vector<std::string> out;
  for (const Value& condition : list(policy, "conditions")) {
    const auto* map = condition.get_if<Value::Map>();
    if (map == nullptr) {
      out.push_back(condition.to_json());
      continue;
    }
    for (const auto& [name, value] : *map) {
      out.push_back(Value(Value::List{Value("eq"), Value('$' + name), value}).to_json());
    }
  }
  std::ranges::sort(out);
  return out;
}

http::PostCondition condition_of(const Value& given) {
  if (const auto* map = given.get_if<Value::Map>()) {
    REQUIRE(map->size() == 1);
    return {.field = map->begin()->first, .value = text(map->begin()->second)};
  }
  const auto& parts = *given.get_if<Value::List>();
  if (text(parts.at(0)) == "content-length-range") {
    return {.kind = http::PostCondition::Kind::size_between,
            .minimum = static_cast<std::uint64_t>(*parts.at(1).get_if<std::int64_t>()),
            .maximum = static_cast<std::uint64_t>(*parts.at(2).get_if<std::int64_t>())};
  }
  const auto kind =
      text(parts.at(0)) == "eq" ? http::PostCondition::Kind::equals : http::PostCondition::Kind::starts_with;
  return {.kind = kind, .field = text(parts.at(1)).substr(1), .value = text(parts.at(2))};
}

}  // namespace

TEST_CASE("every vector of POST policies: the same conditions and fields, and the signature of the policy") {
  const Value file = read_vectors("vectors/sigv4_post_policy.json");
  int made_here = 0;
  for (const Value& vector : cases(file)) {
    CAPTURE(text(vector, "id"));
    const Value& expected = member(vector, "expected");
    http::Signer signer("s3", text(vector, "region"));
    const auto credentials = credentials_of(vector);
    const std::string encoded = text(expected, "policy_base64");
    CHECK(to_base64(as_bytes(text(expected, "policy_json"))) == encoded);
    CHECK(signer.key(credentials, text(vector, "amz_date"))->sign(encoded) == text(expected, "signature"));
    if (find_member(vector, "expires")->get_if<std::int64_t>() == nullptr) continue;  // given as text alone

    http::PostPolicy policy{.bucket = text(vector, "bucket"),
                            .key = text(vector, "key"),
                            .expires = Duration::milliseconds(number(vector, "expires") * 1000)};
    for (const auto& [name, value] : *member(vector, "extra_fields").get_if<Value::Map>()) {
      policy.fields.emplace_back(name, text(value));
    }
    for (const Value& condition : list(vector, "extra_conditions"))
      policy.conditions.push_back(condition_of(condition));
    const auto form = http::sign_post_policy(signer, policy, credentials, time_of(vector));
    REQUIRE_MESSAGE(form, form.error().to_string());
    const Value wanted = member(expected, "policy");
    const auto parsed = json::parse(form->policy);
    REQUIRE(parsed);
    CHECK(conditions_of(*parsed) == conditions_of(wanted));
    CHECK(text(*parsed, "expiration") == text(wanted, "expiration"));
    std::map<std::string, std::string> fields(form->fields.begin(), form->fields.end());
    CHECK(fields.size() == form->fields.size());
    CHECK(fields["policy"] == to_base64(as_bytes(form->policy)));
    CHECK(fields["x-amz-signature"] == signer.key(credentials, text(vector, "amz_date"))->sign(fields["policy"]));
    for (const Value& pair : list(expected, "form_fields")) {
      const std::string name = text(pair.get_if<Value::List>()->at(0));
      CAPTURE(name);
      REQUIRE(fields.contains(name));
      if (name != "policy" && name != "x-amz-signature") CHECK(fields[name] == text(pair.get_if<Value::List>()->at(1)));
    }
    CHECK(fields.size() == list(expected, "form_fields").size());
    ++made_here;
  }
  CHECK(made_here > 5);
}

TEST_CASE("a form whose key ends in the file's name fixes what stands before it, and no field comes twice") {
  http::Signer signer("s3", "us-east-1");
  const http::Credentials keys{.access_key_id = "AK", .secret_access_key = Secret("secret"), .source = "test"};
  http::PostPolicy policy{.bucket = "b", .key = "in/${filename}"};
  const auto form = http::sign_post_policy(signer, policy, keys, {0});
  REQUIRE(form);
  CHECK(form->policy.find(R"(["starts-with","$key","in/"])") != std::string::npos);
  CHECK(form->policy.find(R"({"key":)") == std::string::npos);
  policy.fields = {{"key", "other"}};
  CHECK_FALSE(http::sign_post_policy(signer, policy, keys, {0}));
  CHECK_FALSE(http::sign_post_policy(signer, {.bucket = "b", .key = "k"}, {}, {0}));
}

TEST_CASE("every vector of chunked bodies: seed, each byte of the frames, length and trailer") {
  const Value file = read_vectors("vectors/sigv4_chunked.json");
  int framed = 0;
  for (const Value& vector : cases(file)) {
    CAPTURE(text(vector, "id"));
    const Value& expected = member(vector, "expected");
    const auto body = bytes_of(member(vector, "body"));
    const std::string mode = text(vector, "payload_mode");
    const std::string trailer_name = text_or_empty(vector, "trailer_name");
    http::ChunkFraming framing{.is_signed = mode != http::streaming_unsigned_trailer,
                               .chunk = static_cast<std::size_t>(number(vector, "chunk_size")),
                               .trailer = trailer_name};
    CHECK(framing.payload_hash() == mode);
    std::string trailer_value;
    if (!framing.trailer.empty()) trailer_value = text(member(expected, "trailer"), "value");
    framing.trailer_value_size = trailer_value.size();
    const auto length = static_cast<std::uint64_t>(number(expected, "encoded_length"));
    CHECK(framing.encoded_size(body.size()) == length);

    http::Request request{.method = text(vector, "method"),
                          .url = "https://" + text(vector, "host") + text(vector, "path"),
                          .headers = headers_of(list(vector, "headers"))};
    http::Signer signer = signer_of(vector);
    const auto seed = signer.sign(request, credentials_of(vector), time_of(vector), framing.payload_hash());
    REQUIRE_MESSAGE(seed, seed.error().to_string());
    CHECK(seed->signature == text(expected, "seed_signature"));
    CHECK(request.headers.get("authorization") == text(expected, "authorization"));

    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 20U}) {
      CAPTURE(piece);
      ScriptedReader source{std::string(as_text(body))};
      source.piece = piece;
      std::string seen;
      http::AwsChunkedReader encoded(
          source, body.size(), framing, *seed,
          {.update = [&](ByteView bytes) { seen += as_text(bytes); }, .finish = [&] { return trailer_value; }});
      CHECK(encoded.size() == length);
      const auto all = read_all(encoded, 1U << 24U);
      REQUIRE_MESSAGE(all, all.error().to_string());
      CHECK(all->size() == length);
      CHECK(http::payload_hash(as_bytes(*all)) == text(expected, "encoded_sha256"));
      if (const std::string whole = text_or_empty(expected, "encoded_base64"); !whole.empty()) {
        CHECK(to_base64(as_bytes(*all)) == whole);
      }
      CHECK(seen == as_text(body));
    }
    // And as parts are sent: into buffers of many sizes, with pauses, the checksum being the body's own.
    if (!framing.trailer.empty() && framing.trailer != "x-amz-checksum-crc64nvme") continue;
    for (const std::size_t piece : {std::size_t{7}, std::size_t{1000}, std::size_t{70'000}, std::size_t{300'000}}) {
      CAPTURE(piece);
      ScriptedBody source{std::string(as_text(body))};
      source.piece = piece == 1000 ? 999 : SIZE_MAX;
      for (std::uint64_t at = 0; at < body.size(); at += 5001) source.pauses.insert(at);
      s3::PartBodySource encoded(source, framing, *seed);
      const std::string all = read_whole(encoded, piece);
      CHECK(all.size() == length);
      CHECK(http::payload_hash(as_bytes(all)) == text(expected, "encoded_sha256"));
      CHECK(encoded.bytes_read() == body.size());
      ++framed;
    }
  }
  CHECK(framed > 0);
}

TEST_CASE("signed chunks of every size come out the same whether they are hashed one by one or together") {
  std::string body(19 * 65'536, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * i >> 7U);
  const http::Credentials who{.access_key_id = "A", .secret_access_key = Secret("s"), .source = ""};
  for (const std::size_t chunk : {std::size_t{8} << 10U, std::size_t{16} << 10U, std::size_t{64} << 10U}) {
    for (const std::size_t size : {chunk, 15 * chunk + 1, 16 * chunk, 16 * chunk + 1, 17 * chunk, 19 * chunk - 1}) {
      CAPTURE(chunk);
      CAPTURE(size);
      const http::ChunkFraming framing{.chunk = chunk};
      http::Request request{.method = "PUT", .url = "https://h/b/k"};
      http::Signer signer("s3", "us-east-1");
      const auto seed = signer.sign(request, who, Timestamp{0}, framing.payload_hash());
      REQUIRE(seed);
      ScriptedReader one_by_one(body.substr(0, size));
      http::AwsChunkedReader reader(one_by_one, size, framing, *seed);
      const auto expected = read_all(reader, 1U << 24U);
      REQUIRE(expected);
      for (const std::size_t room :
           {std::size_t{1000}, 17 * (chunk + 100), std::size_t{266'240}, std::size_t{1} << 21U}) {
        CAPTURE(room);
        ScriptedBody together(body.substr(0, size));
        s3::PartBodySource source(together, framing, *seed);
        CHECK((read_whole(source, room) == *expected));
      }
    }
  }
}

TEST_CASE("the size of signed chunks goes by how many are hashed at a time, and stays within what servers take") {
  CHECK(s3::signed_chunk(1) == 65'536);
  CHECK(s3::signed_chunk(4) == 65'536);
  CHECK(s3::signed_chunk(8) == 32'768);
  CHECK(s3::signed_chunk(16) == 16'384);
  CHECK(s3::signed_chunk(64) == 8'192);
}

TEST_CASE("a chunked body that ends before or goes on behind the size it said is corrupted") {
  for (const std::uint64_t said : {0U, 9'999U, 10'001U, 16'384U}) {
    CAPTURE(said);
    ScriptedReader body(std::string(10'000, 'x'));
    http::AwsChunkedReader encoded(body, said, {.chunk = 8192}, {});
    const auto all = read_all(encoded, 1U << 20U);
    REQUIRE_FALSE(all);
    CHECK(all.error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("the key of a day is made once, again for another day or other credentials, and by many threads at a time") {
  http::SigningKeyCache cache("s3", "us-east-1");
  const http::Credentials one{.access_key_id = "A", .secret_access_key = Secret("s1"), .source = ""};
  const http::Credentials two{.access_key_id = "A", .secret_access_key = Secret("s2"), .source = ""};
  const auto first = cache.get(one, "20130524");
  CHECK(cache.get(one, "20130524") == first);
  CHECK(cache.get(one, "20130525") != first);
  CHECK(cache.get(two, "20130525")->sign("x") != cache.get(one, "20130525")->sign("x"));
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 200; ++n) {
        const auto& who = (n + i) % 3 == 0 ? one : two;
        if (cache.get(who, "20130524")->secret_access_key != who.secret_access_key) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}

TEST_CASE("what cannot be sent is refused before it is signed, and anonymous requests stay unsigned") {
  http::Signer signer("s3", "us-east-1");
  const http::Credentials keys{.access_key_id = "AK", .secret_access_key = Secret("secret"), .source = "test"};
  for (const char* url : {"ftp://h/k", "h/k", "https:///k", "https://user:pw@h/k", "https://h/a b", "https://h/a#b",
                          "https://h/\xc3\xa9", "https://h/k?a=%zz", "https://h/k?a=%2", "https://h/\r\nx: y"}) {
    CAPTURE(url);
    http::Request request{.url = url};
    const auto done = signer.sign(request, keys, {0}, http::empty_payload);
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == ErrorCode::invalid_argument);
  }
  http::Request request{.url = "https://h/k", .headers = {{"Authorization", "stale"}}};
  REQUIRE(signer.sign(request, {}, {0}, http::empty_payload));
  CHECK_FALSE(request.headers.find("authorization"));
  CHECK_FALSE(request.headers.find("x-amz-date"));
}
