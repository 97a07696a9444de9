#include "http/refreshing_provider.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>

#include "base/try.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::int64_t second = 1'000'000'000;  // nanoseconds
constexpr std::int64_t minute = 60 * second;
constexpr Duration error_kept(5 * second);

Duration after(Duration time, std::int64_t nanoseconds) { return Duration(time.nanoseconds() + nanoseconds); }

/// How long before expiry others are fetched, for a life of so many microseconds; in microseconds.
std::int64_t window(std::int64_t life) {
  constexpr std::int64_t minute_us = 60'000'000;
  const std::int64_t wished = life < 60 * minute_us ? 5 : life < 360 * minute_us ? 15 : 60;
  return std::min(wished * minute_us, std::max<std::int64_t>(0, life / 2));
}

}  // namespace

RefreshingProvider::RefreshingProvider(std::unique_ptr<CredentialSource> source, const CredentialServices& services)
    : source_(std::move(source)), clock_(*services.clock), sleeper_(*services.sleeper), random_(services.random) {}

bool RefreshingProvider::usable(Timestamp now) const {
  if (!current_ || refused_) return false;
  return outlives_expiry_ || !current_->expires || now < *current_->expires;
}

bool RefreshingProvider::wants_others(Timestamp now, Duration steady) const {
  return fetch_from_ && now >= *fetch_from_ && steady >= retry_from_;
}

Result<SharedCredentials> RefreshingProvider::get(const Context& context) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Timestamp now = clock_.now();
    const Duration steady = sleeper_.now();
    if (usable(now) && (fetching_ || !wants_others(now, steady))) break;
    if (error_ && !usable(now) && steady < error_until_) return *error_;
    if (!fetching_) {
      fetching_ = true;
      lock.unlock();
      Result<FetchedCredentials> fetched = fetch(context);
      const bool caller_ended = !context.check("credentials");
      lock.lock();
      fetching_ = false;
      ++fetches_;
      std::optional<Error> failure;
      if (fetched) {
        store(*std::move(fetched));
      } else {
        failure = std::move(fetched).error();
        failed(*failure, clock_.now(), caller_ended);
      }
      fetched_.notify_all();
      if (failure && !usable(clock_.now())) return *std::move(failure);
      break;
    }
    DOCUPILOT_CHECK(wait_for_other(lock, context));
  }
  return current_;
}

Result<FetchedCredentials> RefreshingProvider::fetch(const Context& context) {
  try {
    DOCUPILOT_TRY(FetchedCredentials fetched, source_->fetch(context));
    const auto& expires = fetched.credentials.expires;
    if (fetched.outlives_expiry || !expires || clock_.now() < *expires) return fetched;
    return Error(ErrorCode::unauthenticated,
                 "the credentials of " + fetched.credentials.source + " expired at " + expires->to_string())
        .operation("credentials")
        .hint("renew them, or set the clock of this machine");
  } catch (const std::exception& thrown) {  // whoever waits for this fetch must not wait for ever
    return Error(ErrorCode::internal, std::string("a source of credentials threw: ") + thrown.what())
        .operation("credentials");
  }
}

Result<void> RefreshingProvider::wait_for_other(std::unique_lock<std::mutex>& lock, const Context& context) {
  const std::uint64_t before = fetches_;
  while (fetches_ == before) {
    DOCUPILOT_CHECK(context.check("credentials"));
    const auto left = std::chrono::nanoseconds(context.deadline.remaining().nanoseconds());
    fetched_.wait_for(lock, context.stop, std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(250)),
                      [&] { return fetches_ != before; });
  }
  return {};
}

void RefreshingProvider::store(FetchedCredentials fetched) {
  const Timestamp now = clock_.now();
  current_ = std::make_shared<const Credentials>(std::move(fetched.credentials));
  outlives_expiry_ = fetched.outlives_expiry;
  refused_ = false;
  failures_ = 0;
  error_.reset();
  retry_from_ = {};
  fetch_from_.reset();
  if (!current_->expires) return;
  const std::int64_t life = current_->expires->microseconds - now.microseconds;
  fetch_from_ = Timestamp{current_->expires->microseconds - window(life)};
  // Handed out as good as expired: asking again at once would give the same.
  if (life <= 0) retry_from_ = after(sleeper_.now(), 5 * minute + static_cast<std::int64_t>(10.0 * minute * random_()));
}

void RefreshingProvider::failed(const Error& error, Timestamp now, bool caller_ended) {
  if (caller_ended) return;  // that was the caller's own end, and says nothing of the source
  const Duration steady = sleeper_.now();
  error_ = error;
  error_until_ = after(steady, error_kept.nanoseconds());
  const bool expired = current_ && current_->expires && now >= *current_->expires;
  const std::int64_t wait = expired ? 5 * minute + static_cast<std::int64_t>(10.0 * minute * random_())
                                    : std::min(minute, (5 * second) << std::min(failures_, 4U));
  retry_from_ = after(steady, wait);
  ++failures_;
}

void RefreshingProvider::invalidate(const Credentials& stale) {
  const std::lock_guard lock(mutex_);
  if (!current_ || current_->access_key_id != stale.access_key_id ||
      !(current_->session_token == stale.session_token) || !(current_->secret_access_key == stale.secret_access_key)) {
    return;
  }
  refused_ = true;
}

}  // namespace docupilot::inline v1::http
