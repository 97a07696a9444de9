#include <algorithm>
#include <cstdio>

#include "live/s3_live.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

// What S3 has beyond ObjectStore, on real servers.
DOCUPILOT_LIVE_NAMES;
#define SERVERS MinioServer, MinioTlsServer, VersitygwServer, VersitygwTlsServer

namespace {

template <class Server>
bool is_minio() {
  return std::string_view(Server::name).starts_with("MinIO");
}

/// What the server says of an object, as headers.
http::Headers headers_of(const S3Options& options, const std::string& key) {
  const auto client = S3Client::make(options, {});
  REQUIRE(client);
  const auto reply =
      (*client)->call({.operation = "head", .target = key, .method = "HEAD", .key = options.prefix + key}, {});
  REQUIRE_MESSAGE(reply, reply.error().to_string());
  return reply->headers;
}

/// What curl prints, run with these arguments.
std::string curl(const std::vector<std::string>& arguments) {
  std::string command = "curl --silent --show-error --max-time 60";
  if (const std::string ca = environment("DOCUPILOT_TEST_CA"); !ca.empty()) command += " --cacert '" + ca + "'";
  for (std::string argument : arguments) {
    for (std::size_t at = argument.find('\''); at != std::string::npos; at = argument.find('\'', at + 4)) {
      argument.replace(at, 1, "'\\''");
    }
    command += " '" + argument + "'";
  }
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string said;
  char block[4096];
  while (const std::size_t count = std::fread(block, 1, sizeof block, pipe)) said.append(block, count);
  ::pclose(pipe);
  return said;
}

std::string anonymous_get(const S3Options& options, const std::string& key) {
  return curl({"--output", "/dev/null", "--write-out", "%{http_code}",
               options.endpoint + '/' + options.bucket + '/' + options.prefix + key});
}

}  // namespace

TEST_CASE_TEMPLATE("a bucket's policy is set, holds, is read and removed", Server, SERVERS) {
  S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  options.prefix = "open/";
  const auto store = fresh_bucket(options);
  REQUIRE(put_text(*store, "k", "abc"));
  CHECK(store->bucket_policy().value().empty());
  CHECK(anonymous_get(options, "k") == "403");
  const std::string policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},)"
                             R"("Action":["s3:GetObject"],"Resource":["arn:aws:s3:::)" +
                             options.bucket + R"(/open/*"]}]})";
  const auto set = store->set_bucket_policy(policy);
  REQUIRE_MESSAGE(set, set.error().to_string());
  CHECK(store->bucket_policy().value().find("s3:GetObject") != std::string::npos);
  CHECK(anonymous_get(options, "k") == "200");
  CHECK_FALSE(store->set_bucket_policy("{\"Statement\": 7}"));
  CHECK(anonymous_get(options, "k") == "200");
  REQUIRE(store->set_bucket_policy(""));
  CHECK(store->bucket_policy().value().empty());
  CHECK(anonymous_get(options, "k") == "403");
}

TEST_CASE_TEMPLATE("a bucket is made, is there, and is nobody else's", Server, SERVERS) {
  S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  const auto store = opened(options);
  CHECK_FALSE(store->bucket_exists().value());
  CHECK(code_of(put_text(*store, "k", "abc")) == "not_found");
  REQUIRE(store->create_bucket());
  CHECK(store->bucket_exists().value());
  CHECK(code_of(store->create_bucket()) == "already_exists");
}

TEST_CASE_TEMPLATE("tags of an object are written with it, replaced and removed", Server, SERVERS) {
  S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  using Tags = std::map<std::string, std::string>;
  options.tags = {{"project", "a b+c"}, {"empty", ""}};
  const auto store = fresh_bucket(options);
  REQUIRE(put_text(*store, "k", "abc"));
  CHECK(store->tags("k").value() == options.tags);
  const Tags others = {{"other", "= / : @"}, {"more", "1"}};
  const auto set = store->set_tags("k", others);
  REQUIRE_MESSAGE(set, set.error().to_string());
  CHECK(store->tags("k").value() == others);
  REQUIRE(store->set_tags("k", {}));
  CHECK(store->tags("k").value().empty());
  CHECK(code_of(store->tags("none")) == "not_found");
  CHECK(code_of(store->set_tags("none", others)) == "not_found");
  // In parts they are given when the upload begins.
  ScriptedReader body(pattern(9U << 20U));
  REQUIRE(store->put("parts", body));
  if (is_minio<Server>()) CHECK(store->tags("parts").value() == options.tags);
}

TEST_CASE_TEMPLATE("a storage class is kept where there is one, and an unknown one is told", Server, SERVERS) {
  S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  options.storage_class = is_minio<Server>() ? "REDUCED_REDUNDANCY" : "STANDARD";
  auto store = fresh_bucket(options);
  REQUIRE(put_text(*store, "k", "abc"));
  CHECK(text_of(*store, "k") == "abc");
  if (is_minio<Server>()) CHECK(headers_of(options, "k").get("x-amz-storage-class") == "REDUCED_REDUNDANCY");
  options.storage_class = "NO_SUCH_CLASS";
  store = opened(options);
  const auto put = put_text(*store, "other", "abc");
  if (!put) CHECK_MESSAGE(put.error().code() == ErrorCode::invalid_argument, put.error().to_string());
  if (is_minio<Server>()) CHECK_FALSE(put);
}

TEST_CASE_TEMPLATE("objects are encrypted where the server has a key, and refused where it has none", Server, SERVERS) {
  S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  REQUIRE(fresh_bucket(options));
  for (const auto kind : {S3Encryption::Kind::aes256, S3Encryption::Kind::kms}) {
    CAPTURE(static_cast<int>(kind));
    options.encryption.kind = kind;
    auto store = opened(options);
    const auto put = put_text(*store, "k", "abc");
    // tests/support/servers.sh gives one of the two MinIOs a key.
    const bool has_key = std::is_same_v<Server, MinioTlsServer>;
    if (is_minio<Server>() && !has_key) {
      REQUIRE_FALSE(put);
      CHECK_MESSAGE(put.error().code() == ErrorCode::unsupported, put.error().to_string());
      CHECK_FALSE(put.error().hint().empty());
      CHECK(code_of(store->head("k")) == "not_found");
    } else if (is_minio<Server>()) {
      REQUIRE_MESSAGE(put, put.error().to_string());
      CHECK(headers_of(options, "k").get("x-amz-server-side-encryption") ==
            (kind == S3Encryption::Kind::kms ? "aws:kms" : "AES256"));
      CHECK(text_of(*store, "k") == "abc");
      ScriptedReader body(pattern(17U << 20U));
      const auto parts = store->put("parts", body);
      REQUIRE_MESSAGE(parts, parts.error().to_string());
      CHECK(text_of(*store, "parts") == body.text);
      CHECK(text_of(*store, "parts", {.offset = 6'000'000, .length = 5'000'000}) ==
            body.text.substr(6'000'000, 5'000'000));
      REQUIRE(store->copy("parts", "copy"));
      CHECK(text_of(*store, "copy") == body.text);
    } else if (put) {
      CHECK(text_of(*store, "k") == "abc");
    } else {
      CHECK_MESSAGE(put.error().code() != ErrorCode::internal, put.error().to_string());
    }
  }
}

TEST_CASE_TEMPLATE("an object is copied whole, in parts, and onto itself", Server, SERVERS) {
  S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  REQUIRE(fresh_bucket(options));
  const std::string text = pattern(12U << 20U);
  const PutOptions described = {.content_type = "text/x-copy", .attributes = {{"who", "J\u00f6"}}};
  // As if an object of 6 MiB were larger than a server copies at once.
  auto small = open_s3_store(options, {.largest_copy = 6U << 20U, .copied_part = 5U << 20U});
  REQUIRE(small);
  const auto whole = opened(options);
  REQUIRE(put_text(*whole, "from +\u00e9%2F", text, described));
  for (S3Store* store : {whole.get(), small->get()}) {
    for (const std::string to : {"to", "to b+%/c"}) {
      const auto copied = store->copy("from +\u00e9%2F", to);
      REQUIRE_MESSAGE(copied, copied.error().to_string());
      CHECK(copied->size == text.size());
      CHECK(text_of(*whole, to) == text);
      const auto head = whole->head(to).value();
      CHECK(head.content_type == "text/x-copy");
      CHECK(head.attributes == described.attributes);
      CHECK(head.etag == copied->etag);
      CHECK((head.etag.find("-3") != std::string::npos) == (store != whole.get()));
    }
  }
  REQUIRE(whole->copy("to", "to"));
  CHECK(text_of(*whole, "to") == text);
  CHECK(whole->head("to")->attributes == described.attributes);
  CHECK(code_of((*small)->copy("none", "to")) == "not_found");
  CHECK(whole->list_multipart()->empty());
}

TEST_CASE_TEMPLATE("more than a thousand objects are removed at once, and those that are not there too", Server,
                   SERVERS) {
  if (Server::options().endpoint.empty()) return;
  const auto store = fresh_bucket(Server::options());
  std::vector<std::string> keys;
  for (int i = 0; i < 1'100; ++i) keys.push_back("many/" + std::to_string(i) + (i % 10 == 0 ? " & <\u00e9>" : ""));
  for (std::size_t i = 0; i < keys.size(); i += 7) REQUIRE(put_text(*store, keys[i], "x"));
  REQUIRE(put_text(*store, "kept", "x"));
  const auto failed = store->remove_many(keys);
  REQUIRE_MESSAGE(failed, failed.error().to_string());
  CHECK(failed->empty());
  const auto rest = store->list().value();
  REQUIRE(rest.objects.size() == 1);
  CHECK(rest.objects[0].key == "kept");
}

TEST_CASE_TEMPLATE("a form uploads what it allows, by curl, and nothing else", Server, SERVERS) {
  const S3Options options = Server::options();
  if (options.endpoint.empty()) return;
  const auto store = fresh_bucket(options);
  const TempDir folder;
  const auto upload = [&](const std::string& key, const std::string& text, const S3PostOptions& limits,
                          const std::string& change = "") {
    const std::string file = folder.write("up load.txt", text);
    const auto form = store->presign_post(key, limits);
    REQUIRE_MESSAGE(form, form.error().to_string());
    std::vector<std::string> arguments = {"--output", "/dev/null", "--write-out", "%{http_code}"};
    for (const auto& [name, value] : form->fields) {
      arguments.insert(arguments.end(),
                       {"--form-string", name + '=' + (name == change ? "changed" : std::string(value.expose()))});
    }
    arguments.insert(arguments.end(), {"--form", "file=@" + file, form->url});
    return curl(arguments);
  };
  CHECK(upload("a form+\u00e9", "typed", {.content_type = "text/x-form"}).starts_with("20"));
  CHECK(text_of(*store, "a form+\u00e9") == "typed");
  CHECK(store->head("a form+\u00e9")->content_type == "text/x-form");
  CHECK(upload("folder/${filename}", "named", {}).starts_with("20"));
  // versitygw takes the placeholder for a name.
  CHECK(text_of(*store, is_minio<Server>() ? "folder/up load.txt" : "folder/${filename}") == "named");
  CHECK(upload("large", std::string(1001, 'x'), {.maximum_size = 1000}).starts_with("4"));
  CHECK(upload("full", std::string(1000, 'x'), {.maximum_size = 1000}).starts_with("20"));
  CHECK(upload("other", "x", {}, "key") == "403");
  CHECK(upload("typed", "x", {.content_type = "text/plain"}, "Content-Type") == "403");
  CHECK(upload("forged", "x", {}, "x-amz-signature") == "403");
  CHECK(code_of(store->head("large")) == "not_found");
  CHECK(code_of(store->head("typed")) == "not_found");
  CHECK(store->list()->objects.size() == 3);
}
