#include "objects.h"

#include <charconv>
#include <cmath>
#include <map>

#include <docupilot/registry.h>
#include <docupilot/store/object_url.h>
#include <docupilot/store/s3_store.h>
#include <fmt/format.h>

#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::ObjectInfo;
using docupilot::Result;

Result<NamedObject> open_object(const std::string& url) {
  Result<docupilot::ObjectUrl> parsed = docupilot::ObjectUrl::parse(url);
  if (!parsed) return std::move(parsed).error();
  auto store = docupilot::Registry::with_builtins().open_store(parsed->store);
  if (!store) return std::move(store).error();
  return NamedObject{*std::move(store), std::move(parsed->key)};
}

Result<NamedObject> open_one(const std::string& url) {
  Result<NamedObject> object = open_object(url);
  if (object && object->key.empty()) {
    return Error(ErrorCode::invalid_argument, "this URL names a whole bucket")
        .target(docupilot::BackendUrl::redacted(url))
        .hint("put the object's key behind it: s3://BUCKET/KEY");
  }
  return object;
}

Result<docupilot::Duration> parse_time(const std::string& text, bool zero) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const double factor = unit.empty() || unit == "s" ? 1
                        : unit == "m"               ? 60
                        : unit == "h"               ? 3'600
                        : unit == "d"               ? 86'400
                                                    : 0;
  if (error != std::errc() || factor == 0 || !(zero ? number >= 0 : number > 0) || !std::isfinite(number)) {
    return Error(ErrorCode::invalid_argument, "this is no length of time")
        .target(text)
        .hint(zero ? "write 0, 90s, 10m, 2h or 7d" : "write 90s, 10m, 2h or 7d");
  }
  return docupilot::Duration::from_seconds(number * factor);
}

JsonLine object_line(const ObjectInfo& info) {
  JsonLine line;
  line.text("key", info.key).number("size", info.size).text("etag", info.etag);
  if (!info.version.empty()) line.text("version", info.version);
  if (info.modified != docupilot::Timestamp()) line.text("modified", info.modified.to_string());
  if (!info.content_type.empty()) line.text("content_type", info.content_type);
  return line;
}

namespace {

/// Removes them in one request, or few, where the store can. Returns what stays, and why.
Result<std::map<std::string, Error>> remove_all(docupilot::ObjectStore& store, const std::vector<std::string>& keys,
                                                const docupilot::Context& context) {
  std::map<std::string, Error> stay;
  auto* const s3 = dynamic_cast<docupilot::S3Store*>(&store);
  if (s3 != nullptr && keys.size() > 1) {
    auto failures = s3->remove_many(keys, context);
    if (!failures) return std::move(failures).error();
    for (docupilot::S3RemoveFailure& failure : *failures) stay.emplace(failure.key, std::move(failure.error));
    return stay;
  }
  for (const std::string& key : keys) {
    if (auto removed = store.remove(key, context); !removed) stay.emplace(key, std::move(removed).error());
  }
  return stay;
}

}  // namespace

int run_mb(const Session& session) {
  Result<NamedObject> bucket = open_object(session.arguments.mb.url);
  if (!bucket) return session.fail(bucket.error());
  auto* const store = dynamic_cast<docupilot::S3Store*>(bucket->store.get());
  if (store == nullptr || !bucket->key.empty()) {
    return session.fail(Error(ErrorCode::invalid_argument, "this URL does not name a bucket")
                            .target(docupilot::BackendUrl::redacted(session.arguments.mb.url))
                            .hint("write s3://BUCKET"));
  }
  const Result<void> made = store->create_bucket(session.context());
  if (!made) return session.fail(made.error());
  session.output.note("made the bucket");
  return exit_ok;
}

int run_ls(const Session& session) {
  const LsArguments& arguments = session.arguments.ls;
  Output& output = session.output;
  Result<NamedObject> object = open_object(arguments.url);
  if (!object) return session.fail(object.error());
  docupilot::ListOptions list{.prefix = object->key, .delimiter = arguments.delimiter};
  do {
    Result<docupilot::ObjectPage> page = object->store->list(list, session.context());
    if (!page) return session.fail(page.error());
    for (const std::string& prefix : page->prefixes) {
      output.line(output.json() ? JsonLine().text("prefix", prefix).str()
                                : fmt::format("{:>12}  {:20}  {}", "-", "", escaped(prefix)));
    }
    for (const ObjectInfo& info : page->objects) {
      output.line(output.json() ? object_line(info).str()
                                : fmt::format("{:>12}  {:20}  {}", info.size,
                                              info.modified.to_string().substr(0, 19) + 'Z', escaped(info.key)));
    }
    list.page_token = page->next_page_token;
  } while (!list.page_token.empty() && !output.broken_pipe());
  return exit_ok;
}

int run_rm(const Session& session) {
  const RmArguments& arguments = session.arguments.rm;
  Output& output = session.output;
  Result<NamedObject> object = arguments.recursive ? open_object(arguments.url) : open_one(arguments.url);
  if (!object) return session.fail(object.error());
  int outcome = exit_ok;
  const auto remove = [&](const std::vector<std::string>& keys) -> Result<void> {
    std::map<std::string, Error> stay;
    if (!arguments.dry_run) {
      auto left = remove_all(*object->store, keys, session.context());
      if (!left) return std::move(left).error();
      stay = *std::move(left);
    }
    for (const std::string& key : keys) {
      if (const auto failed = stay.find(key); failed != stay.end()) {
        outcome = session.fail(failed->second, key);
      } else if (output.json()) {
        output.line(JsonLine().text("key", key).text("outcome", arguments.dry_run ? "would_remove" : "removed").str());
      } else {
        output.note(fmt::format("{} '{}'", arguments.dry_run ? "would remove" : "removed", escaped(key)));
      }
    }
    return {};
  };
  if (!arguments.recursive) {
    const Result<void> removed = remove({object->key});
    return removed ? outcome : session.fail(removed.error());
  }
  docupilot::ListOptions list{.prefix = object->key};
  do {
    Result<docupilot::ObjectPage> page = object->store->list(list, session.context());
    if (!page) return session.fail(page.error());
    std::vector<std::string> keys;
    for (ObjectInfo& info : page->objects) keys.push_back(std::move(info.key));
    if (const Result<void> removed = remove(keys); !removed) return session.fail(removed.error());
    list.page_token = page->next_page_token;
  } while (!list.page_token.empty());
  return outcome;
}

int run_presign(const Session& session) {
  const PresignArguments& arguments = session.arguments.presign;
  Result<NamedObject> object = open_one(arguments.url);
  if (!object) return session.fail(object.error());
  Result<docupilot::Duration> expires = parse_time(arguments.expires);
  if (!expires) return session.fail(expires.error());
  using Method = docupilot::PresignOptions::Method;
  const docupilot::PresignOptions options{.method = arguments.method == "PUT" ? Method::put : Method::get,
                                          .expires = *expires,
                                          .content_type = arguments.content_type};
  Result<docupilot::Secret> url = object->store->presign(object->key, options, session.context());
  if (!url) return session.fail(url.error());
  if (session.output.json())
    session.output.line(JsonLine().text("url", url->expose()).text("method", arguments.method).str());
  else session.output.line(url->expose());
  return exit_ok;
}

}  // namespace docupilot_command
