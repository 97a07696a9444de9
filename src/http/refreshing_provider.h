#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// Keeps what a source gave and fetches anew in time, one fetch at a time and without a lock meanwhile.
///
/// The fetch begins 5, 15 or 60 minutes before expiry, for credentials that live less than 1 hour, less than 6 hours or
/// longer (never more than half their life). The thread that finds this out does it; others get the old ones while
/// these hold, and wait only when there are none that do. When it fails, the old ones stay while they hold, and it is
/// tried again after 5 s, then 10, 20, 40 and every 60 s; those of instance metadata stay past their expiry too, and it
/// is tried again after 5 to 15 minutes. Without old ones the error is what everybody gets for up to 5 s.
class RefreshingProvider final : public CredentialsProvider {
 public:
  RefreshingProvider(std::unique_ptr<CredentialSource> source, const CredentialServices& services);

  [[nodiscard]] Result<SharedCredentials> get(const Context& context) override;
  void invalidate(const Credentials& stale) override;

 private:
  [[nodiscard]] bool usable(Timestamp now) const;
  [[nodiscard]] bool wants_others(Timestamp now, Duration steady) const;
  Result<FetchedCredentials> fetch(const Context& context);
  void store(FetchedCredentials fetched);
  void failed(const Error& error, Timestamp now, bool caller_ended);
  Result<void> wait_for_other(std::unique_lock<std::mutex>& lock, const Context& context);

  const std::unique_ptr<CredentialSource> source_;
  Clock& clock_;
  Sleeper& sleeper_;
  const std::function<double()> random_;

  std::mutex mutex_;
  std::condition_variable_any fetched_;
  SharedCredentials current_;
  bool outlives_expiry_ = false;
  bool refused_ = false;  // by the service: current_ must not be given any more
  bool fetching_ = false;
  std::uint64_t fetches_ = 0;
  std::optional<Timestamp> fetch_from_;  // wall clock, since expiry is; nothing: never
  Duration retry_from_;                  // steady clock, as the next
  unsigned failures_ = 0;
  std::optional<Error> error_;
  Duration error_until_;
};

}  // namespace docupilot::inline v1::http
