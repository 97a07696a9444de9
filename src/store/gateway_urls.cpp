#include "store/gateway_urls.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/try.h"
#include "http/url_parts.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::chrono::milliseconds look_around(20);  // for a caller's cancellation while another one asks

std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

std::optional<Timestamp> expiry_of(std::string_view url) {
  const auto parts = http::UrlParts::split(url);
  if (!parts) return std::nullopt;
  std::string date(parameter(parts->query, "X-Amz-Date"));
  std::string_view length = parameter(parts->query, "X-Amz-Expires");
  if (date.empty()) {
    date = parameter(parts->query, "X-Goog-Date");
    length = parameter(parts->query, "X-Goog-Expires");
  }
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), seconds);
  constexpr std::int64_t longest = 7LL * 24 * 3600;
  if (error != std::errc() || end != length.data() + length.size() || seconds < 0 || seconds > longest) {
    return std::nullopt;
  }
  if (date.size() != 16 || date[8] != 'T' || date[15] != 'Z') return std::nullopt;
  const auto from = Timestamp::parse(date.substr(0, 4) + '-' + date.substr(4, 2) + '-' + date.substr(6, 2) + 'T' +
                                     date.substr(9, 2) + ':' + date.substr(11, 2) + ':' + date.substr(13, 2) + 'Z');
  if (!from) return std::nullopt;
  return Timestamp{from->microseconds + seconds * 1'000'000};
}

bool GatewayUrls::holds(const PartUrl& url) const {
  const std::int64_t needed = clock_.now().microseconds + margin_.nanoseconds() / 1000;
  return url.expires.microseconds == 0 || url.expires.microseconds > needed;
}

bool GatewayUrls::has(const PartRequest& part) const {
  const std::lock_guard lock(mutex_);
  const auto upload = uploads_.find(id_of(part));
  if (upload == uploads_.end()) return false;
  const auto ticket = upload->second->tickets.find(part.number);
  return ticket != upload->second->tickets.end() && holds(ticket->second.url);
}

std::vector<int> GatewayUrls::wanted(const Upload& upload, const PartRequest& part) const {
  std::vector<int> numbers{part.number};
  if (part.number == 0) return numbers;
  const int last = part.last > 0 ? part.last : most_parts;
  for (int next = part.number + 1; next <= last && numbers.size() < batch_; ++next) {
    const auto there = upload.tickets.find(next);
    const bool has = there != upload.tickets.end() && holds(there->second.url);
    if (!has && !upload.finished.contains(next)) numbers.push_back(next);
  }
  return numbers;
}

void GatewayUrls::tidy() {
  const auto holds_one = [this](const auto& ticket) { return holds(ticket.second.url); };
  std::erase_if(uploads_, [&](const auto& entry) {
    return !entry.second->asking && std::ranges::none_of(entry.second->tickets, holds_one);
  });
}

Result<std::vector<PartUrl>> GatewayUrls::ask(const PartRequest& part, const std::vector<int>& numbers,
                                              const Context& context) {
  std::vector<PartUrl> urls;
  if (part.number != 0) {
    DOCUPILOT_TRY(urls, gateway_->part_urls(part.target->upload, numbers, context));
  } else {
    DOCUPILOT_TRY(PartUrl url, gateway_->put_url(part.key(), part.target->options, context));
    url.number = 0;
    urls.push_back(std::move(url));
  }
  for (PartUrl& url : urls) {
    const auto said = expiry_of(url.url.expose());
    if (said && (url.expires == Timestamp() || *said < url.expires)) url.expires = *said;
  }
  return urls;
}

Result<GatewayUrls::Ticket> GatewayUrls::get(const PartRequest& part, const Context& context) {
  std::unique_lock lock(mutex_);
  if (!uploads_.contains(id_of(part))) {
    tidy();
    uploads_[id_of(part)] = std::make_shared<Upload>();
  }
  const std::shared_ptr<Upload> upload = uploads_[id_of(part)];  // stays while it is forgotten
  for (;;) {
    const auto there = upload->tickets.find(part.number);
    if (there != upload->tickets.end() && holds(there->second.url)) return there->second;
    if (!upload->asking) break;
    DOCUPILOT_CHECK(context.check("put_part"));
    changed_.wait_for(lock, look_around);
  }
  const std::vector<int> numbers = wanted(*upload, part);
  upload->asking = true;
  lock.unlock();
  auto urls = ask(part, numbers, context);
  lock.lock();
  upload->asking = false;
  changed_.notify_all();
  if (!urls) return std::move(urls).error();
  ++upload->round;
  for (PartUrl& url : *urls) {
    const int number = url.number;
    if (std::ranges::find(numbers, number) == numbers.end()) continue;
    upload->tickets.insert_or_assign(number, Ticket{.url = std::move(url), .round = upload->round});
  }
  const auto got = upload->tickets.find(part.number);
  if (got == upload->tickets.end() || got->second.round != upload->round) {
    return Error(ErrorCode::corrupted, "the gateway gave no URL for part " + std::to_string(part.number))
        .hint("mend UploadGateway::part_urls: it answers for each number");
  }
  if (holds(got->second.url)) return got->second;
  return Error(ErrorCode::unauthenticated, "the gateway gave a URL that has expired or is about to")
      .hint("let its URLs hold longer than GatewayOptions::margin, and check the clocks of both machines");
}

bool GatewayUrls::refuse(const PartRequest& part, const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id_of(part));
  if (found == uploads_.end()) return false;
  std::erase_if(found->second->tickets, [&](const auto& entry) { return entry.second.round <= ticket.round; });
  return ++found->second->refusals[part.number] == 1;
}

void GatewayUrls::forget(const PartRequest& part) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id_of(part));
  if (found == uploads_.end()) return;
  found->second->tickets.erase(part.number);
  found->second->refusals.erase(part.number);
  found->second->finished.insert(part.number);
  if (part.number == 0 && !found->second->asking) uploads_.erase(found);
}

void GatewayUrls::forget(const MultipartUpload& upload) {
  const std::lock_guard lock(mutex_);
  uploads_.erase({upload.key, upload.upload_id});
}

}  // namespace docupilot::inline v1
