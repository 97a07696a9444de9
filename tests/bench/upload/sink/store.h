#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "counters.h"
#include "payload.h"
#include "reply.h"

namespace sink {

/// What came in one PUT: only its size, unless it was verified.
struct Content {
  std::uint64_t size = 0;
  std::string bytes;                             ///< When verified.
  std::map<std::string, std::string> checksums;  ///< When verified: those the client sent.
};

/// What the sink remembers of objects and uploads: no bytes, but for parts that are verified until their upload is
/// complete. Any thread. Paths are "/bucket/key" as they came.
class Store {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  explicit Store(Counters& counters) : counters_(counters) {}

  /// How often this body was tried before; each call is one try more. `part` is 0 for an object.
  [[nodiscard]] int next_attempt(const std::string& path, int part);

  [[nodiscard]] Reply put_object(const std::string& path, Content content, bool verified, Fields metadata);
  [[nodiscard]] Reply create(const std::string& path, Fields metadata);
  [[nodiscard]] Reply put_part(const std::string& path, const std::string& upload, int number, Content content,
                               bool verified);
  /// The reply to a part was sent.
  void acknowledged(const std::string& upload, int number);
  /// Joins the parts that `request` names. With `verified` every rule is looked at: consecutive numbers from 1 in
  /// ascending order, each part there under its etag and checksums, none left over, all but the last of 5 MiB or more,
  /// and the whole object's checksum and size where headers tell them.
  [[nodiscard]] Reply complete(const std::string& path, const std::string& upload, const Request& request,
                               const std::string& xml, bool verified);
  [[nodiscard]] Reply abort(const std::string& path, const std::string& upload);
  [[nodiscard]] Reply list_parts(const std::string& path, const std::string& upload, const std::string& query);
  [[nodiscard]] Reply list_uploads(const std::string& bucket);
  [[nodiscard]] Reply head(const std::string& path);
  [[nodiscard]] Reply list(const std::string& bucket, const std::string& prefix);
  [[nodiscard]] Reply remove(const std::string& path);

  /// {"objects":{"/bucket/key":{"size":1,"sha256":"...","parts":0}},"uploads":0}
  [[nodiscard]] std::string json();
  void clear();

 private:
  struct Part {
    Content content;
    std::string etag;
    bool acknowledged = false;
  };
  struct Upload {
    std::string path;
    Fields metadata;
    std::map<int, Part> parts;
  };
  struct Object {
    std::uint64_t size = 0;
    std::string etag;
    std::string sha256;     // when it was verified
    std::size_t parts = 0;  // 0: it came in one
    Fields metadata;
  };
  struct Named {  // a part, as a completion names it
    int number = 0;
    std::string etag;
    std::map<std::string, std::string> checksums;
  };

  [[nodiscard]] static std::vector<Named> named_parts(const std::string& xml);
  [[nodiscard]] static Refusal judge(const Upload& upload, const std::vector<Named>& named);
  [[nodiscard]] static Refusal judge_whole(const Upload& upload, const Request& request);
  [[nodiscard]] Upload* find(const std::string& path, const std::string& upload);
  [[nodiscard]] std::string etag_of(const Content& content, bool verified);

  Counters& counters_;
  std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  std::map<std::pair<std::string, int>, int> attempts_;
  std::uint64_t made_ = 0;
};

}  // namespace sink
