#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include <docupilot/store/part_sender.h>
#include <docupilot/store/upload_gateway.h>

namespace docupilot::inline v1 {

/// When the URL stops working by its own words: X-Amz-Date and X-Amz-Expires, or Google's of the same kind. Nothing: it
/// does not say.
[[nodiscard]] std::optional<Timestamp> expiry_of(std::string_view url);

/// The URLs that a gateway gave and that were not used up yet, asked for in batches. Any thread; while one asks for an
/// upload's URLs, others that need one of the same upload wait for it.
class GatewayUrls {
 public:
  GatewayUrls(std::shared_ptr<UploadGateway> gateway, std::size_t batch, Duration margin, Clock& clock)
      : gateway_(std::move(gateway)), batch_(batch), margin_(margin), clock_(clock) {}

  struct Ticket {
    PartUrl url;
    std::uint64_t round = 0;  ///< In which it was asked for.
  };
  /// A URL that holds for a while. Errors: those of the gateway; unauthenticated when it gives one that does not.
  [[nodiscard]] Result<Ticket> get(const PartRequest& part, const Context& context);
  /// Whether `get` has one already.
  [[nodiscard]] bool has(const PartRequest& part) const;
  /// The store refused it: it and all that came with it are forgotten. False when it had refused one for this part
  /// before.
  [[nodiscard]] bool refuse(const PartRequest& part, const Ticket& ticket);
  /// This part needs none any more.
  void forget(const PartRequest& part);
  /// No part of this upload does.
  void forget(const MultipartUpload& upload);

 private:
  using Id = std::pair<std::string, std::string>;  // key and upload id
  struct Upload {
    std::map<int, Ticket> tickets;
    std::set<int> finished;  // need none any more
    std::map<int, int> refusals;
    std::uint64_t round = 0;
    bool asking = false;
  };

  [[nodiscard]] static Id id_of(const PartRequest& part) { return {part.key(), part.target->upload.upload_id}; }
  [[nodiscard]] bool holds(const PartUrl& url) const;
  /// Forgets uploads that ended unseen: all their URLs have expired.
  void tidy();
  /// Those that are worth asking for with this part.
  [[nodiscard]] std::vector<int> wanted(const Upload& upload, const PartRequest& part) const;
  [[nodiscard]] Result<std::vector<PartUrl>> ask(const PartRequest& part, const std::vector<int>& numbers,
                                                 const Context& context);

  const std::shared_ptr<UploadGateway> gateway_;
  const std::size_t batch_;
  const Duration margin_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Id, std::shared_ptr<Upload>> uploads_;
};

}  // namespace docupilot::inline v1
