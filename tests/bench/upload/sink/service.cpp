#include "service.h"

#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

namespace sink {

namespace {

constexpr std::size_t most_in_memory = std::size_t{1} << 30U;
constexpr std::size_t most_breaches = 50;

int part_number(const Request& request) {
  const std::string text = parameter(request.query, "partNumber").value_or("0");
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_bucket(const std::string& path) {
  const std::size_t slash = path.find('/', 1);
  return slash == std::string::npos || slash + 1 == path.size();
}

bool brings_bytes(const Request& request) {
  return request.method == "PUT" && !is_bucket(request.path) && request.header("x-amz-copy-source").empty();
}

Store::Fields metadata_of(const Request& request) {
  Store::Fields fields;
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-amz-meta-")) fields.emplace_back(name, value);
  }
  return fields;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out += '"';
}

}  // namespace

void Service::serve(Channel& channel) {
  bool counted = false;
  for (;;) {
    std::size_t end = channel.ahead().find("\r\n\r\n");
    while (end == std::string_view::npos) {
      if (!channel.read_ahead()) return;
      end = channel.ahead().find("\r\n\r\n");
    }
    const auto request = parse_head(channel.ahead().substr(0, end + 4));
    channel.take(end + 4);
    if (!request) {
      static_cast<void>(channel.say(refuse({.code = "BadRequest", .message = "no request"}).text(false)));
      return;
    }
    const bool is_control = request->path.starts_with("/_");
    if (!is_control && !std::exchange(counted, true)) ++counters_.connections;
    const bool go_on = is_control ? answer_control(channel, *request) : answer(channel, *request);
    if (!go_on || request->last) return;
  }
}

bool Service::answer(Channel& channel, const Request& request) {
  std::shared_ptr<const Mode> mode;
  {
    const std::scoped_lock lock(mutex_);
    mode = mode_;
  }
  ++counters_.requests;
  if (request.expects) {
    ++counters_.expect;
    if (!channel.say("HTTP/1.1 100 Continue\r\n\r\n")) return false;
  }
  Body body(channel, request, brings_bytes(request) ? mode->rate : 0);
  const auto reply = brings_bytes(request) ? take_bytes(*mode, channel, body, request) : act(*mode, body, request);
  if (!reply) {
    channel.reset();
    return false;
  }
  if (!body.discard(UINT64_MAX) || !body.complete()) return false;
  if (mode->delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(mode->delay_ms));
  const bool said = channel.say(reply->text(request.method == "HEAD"));
  if (said && reply->status == 200 && brings_bytes(request)) {
    if (const auto upload = parameter(request.query, "uploadId")) store_.acknowledged(*upload, part_number(request));
  }
  return said && !reply->last;
}

std::optional<Reply> Service::take_bytes(const Mode& mode, Channel& channel, Body& body, const Request& request) {
  const int part = part_number(request);
  ++(part == 0 ? counters_.put_object : counters_.put_part);
  const int attempt = store_.next_attempt(request.path, part);
  const Fault fault = mode.draw(request.path, part, attempt);
  if (fault == Fault::reset || fault == Fault::stall) {
    const double place = mode.place(request.path, part, attempt);
    const auto until = static_cast<std::uint64_t>(place * static_cast<double>(request.length.value_or(0)));
    static_cast<void>(body.discard(until));
    ++(fault == Fault::reset ? counters_.reset : counters_.stall);
    if (fault == Fault::stall) std::this_thread::sleep_for(std::chrono::milliseconds(mode.stall_ms));
    counters_.body_bytes += body.taken() + channel.unread();
    return std::nullopt;
  }
  if (fault != Fault::none) {
    static_cast<void>(body.discard(UINT64_MAX));
    counters_.body_bytes += body.taken();
    ++(fault == Fault::error_500 ? counters_.error_500 : counters_.slow_down_503);
    const bool slow_down = fault == Fault::slow_down_503;
    return refuse({.status = slow_down ? 503 : 500,
                   .code = slow_down ? "SlowDown" : "InternalError",
                   .message = "a fault made on purpose"});
  }
  Content content;
  if (mode.verify) {
    Payload payload = check(mode, body, request, true);
    counters_.body_bytes += body.taken();
    if (payload.fault) return refuse(payload.fault);
    content = {.size = payload.bytes.size(), .bytes = std::move(payload.bytes), .checksums = payload.checksums};
  } else {
    const bool whole = body.discard(UINT64_MAX);
    counters_.body_bytes += body.taken();
    if (!whole) return std::nullopt;
    content.size = request.decoded_length().value_or(body.taken());
  }
  if (const auto upload = parameter(request.query, "uploadId")) {
    return store_.put_part(request.path, *upload, part, std::move(content), mode.verify);
  }
  return store_.put_object(request.path, std::move(content), mode.verify, metadata_of(request));
}

Payload Service::check(const Mode& mode, Body& body, const Request& request, bool of_object) {
  Verdict verdict = verify_signature(request, key_);
  Payload payload;
  std::string raw = body.read_all(most_in_memory);
  if (!body.complete()) payload.fault = {.code = "IncompleteBody", .message = "the body ended early"};
  else if (!verdict.fault.empty())
    payload.fault = {.status = 403, .code = "SignatureDoesNotMatch", .message = verdict.fault};
  else if (verdict.anonymous && !mode.anonymous)
    payload.fault = {.status = 403, .code = "AccessDenied", .message = "the request is not signed"};
  else payload = read_payload(request, std::move(raw), verdict.anonymous ? nullptr : &verdict.by, of_object);
  if (payload.fault) note_breach(request, payload.fault);
  return payload;
}

Reply Service::act(const Mode& mode, Body& body, const Request& request) {
  std::string bytes;
  if (mode.verify) {
    Payload payload = check(mode, body, request, false);
    if (payload.fault) return refuse(payload.fault);
    bytes = std::move(payload.bytes);
  } else {
    bytes = body.read_all(most_in_memory);
  }
  if (is_bucket(request.path)) return act_on_bucket(request);
  const auto upload = parameter(request.query, "uploadId");
  if (request.method == "POST" && upload) {
    ++counters_.complete;
    Reply reply = store_.complete(request.path, *upload, request, bytes, mode.verify);
    if (mode.verify && reply.status != 200) {
      note_breach(request, {.code = xml_element(reply.body, "Code"), .message = xml_element(reply.body, "Message")});
    }
    return reply;
  }
  if (request.method == "POST" && parameter(request.query, "uploads")) {
    ++counters_.create;
    return store_.create(request.path, metadata_of(request));
  }
  if (request.method == "DELETE" && upload) {
    ++counters_.abort;
    return store_.abort(request.path, *upload);
  }
  if (request.method == "GET" && upload) {
    ++counters_.list_parts;
    return store_.list_parts(request.path, *upload, request.query);
  }
  if (request.method == "DELETE") return store_.remove(request.path);
  if (request.method == "HEAD") return store_.head(request.path);
  return refuse({.status = 404, .code = "NoSuchKey", .message = "the sink keeps no bytes"});
}

Reply Service::act_on_bucket(const Request& request) {
  const std::string bucket = request.path.substr(0, request.path.find('/', 1));
  if (request.method != "GET") return {.status = request.method == "DELETE" ? 204 : 200};
  if (bucket.size() <= 1) return {.body = "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"};
  if (parameter(request.query, "location")) return {.body = "<LocationConstraint></LocationConstraint>"};
  if (parameter(request.query, "uploads")) return store_.list_uploads(bucket);
  return store_.list(bucket, parameter(request.query, "prefix").value_or(""));
}

void Service::note_breach(const Request& request, const Refusal& refusal) {
  ++counters_.breaches;
  const std::scoped_lock lock(mutex_);
  if (breaches_.size() < most_breaches) {
    breaches_.push_back(request.method + ' ' + request.path + ": " + refusal.code + ": " + refusal.message);
  }
}

bool Service::answer_control(Channel& channel, const Request& request) {
  Reply reply;
  if (request.path == "/_counters") {
    reply.body = counters_.json();
  } else if (request.path == "/_reset") {
    counters_.clear();
    store_.clear();
    const std::scoped_lock lock(mutex_);
    breaches_.clear();
  } else if (request.path == "/_mode") {
    auto mode = Mode::from_query(request.query);
    if (mode) {
      const std::scoped_lock lock(mutex_);
      mode_ = std::make_shared<const Mode>(*std::move(mode));
    } else {
      reply = refuse({.code = "InvalidArgument", .message = "no such mode: " + request.query});
    }
  } else if (request.path == "/_report") {
    std::string breaches;
    {
      const std::scoped_lock lock(mutex_);
      for (const std::string& breach : breaches_) breaches += (breaches.empty() ? "" : ",") + json_text(breach);
    }
    reply.body = "{\"stored\":" + store_.json() + ",\"breaches\":[" + breaches + "]}";
  } else {
    reply = refuse({.status = 404, .code = "NoSuchKey", .message = "no such control"});
  }
  Body body(channel, request, 0);
  return body.discard(UINT64_MAX) && channel.say(reply.text(false));
}

}  // namespace sink
