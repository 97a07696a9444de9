#pragma once

#include <docupilot/base/log.h>
#include <docupilot/base/retry.h>
#include <docupilot/base/url.h>
#include <docupilot/http/credentials.h>
#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// When checksums of the service's own kind travel with the bytes.
enum class S3Checksums {
  automatic,       ///< when_supported on AWS, when_required elsewhere.
  when_supported,  ///< CRC64NVME with every write, until the server refuses it; verified with every whole read.
  when_required,   ///< Only where the service insists. Many S3-like servers reject what they do not know.
};

/// How the bucket is named in a URL.
enum class S3Addressing {
  automatic,  ///< In the host on AWS, where the bucket's name allows it; in the path elsewhere.
  path,
  virtual_host,
};

/// How objects are encrypted where they rest.
struct S3Encryption {
  enum class Kind { bucket_default, aes256, kms };
  Kind kind = Kind::bucket_default;
  std::string kms_key_id;  ///< Of kms. Default: the service's own key.
};

struct S3Options {
  std::string bucket;    ///< 3 to 63 of [a-z0-9.-]; older names with upper case or '_' work by path.
  std::string prefix;    ///< Put before every key, as it is: "team-a/". Default: none.
  std::string region;    ///< Default: found out from the server, beginning with us-east-1.
  std::string endpoint;  ///< "https://minio.example:9000". Default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS by
                         ///< the region.
  std::string
      public_endpoint;  ///< Where presigned URLs lead, when others reach the server elsewhere. Default: endpoint.
  std::string quirks;   ///< "aws", "minio", "r2", "versitygw", "ceph", "gcs-interop", "generic". Default: guessed from
                        ///< the endpoint.
  S3Addressing addressing = S3Addressing::automatic;
  S3Checksums checksums = S3Checksums::automatic;
  bool dual_stack = false;  ///< AWS over IPv6 too.
  bool fips = false;        ///< AWS's FIPS endpoints.

  std::string storage_class;                ///< Of objects written here: "STANDARD_IA". Default: the bucket's.
  std::map<std::string, std::string> tags;  ///< Of objects written here; at most 10.
  S3Encryption encryption;                  ///< Likewise.

  /// Bodies up to this size are kept in memory while they are sent, so that they can be sent again; so are the parts in
  /// which a body of unknown size goes. 5 MiB to 1 GiB. Default 8 MiB.
  std::uint64_t part_size = std::uint64_t{8} << 20U;
  /// Larger bodies of known size go in parts. Up to it they are streamed in one request, which cannot be made again
  /// once bytes were read. Default and most: 5 GiB.
  std::uint64_t single_put = std::uint64_t{5} << 30U;

  /// Leaves bodies out of the signatures over plain http too, which saves hashing them: whoever is in between can then
  /// change them. For networks that nobody else is on. Over https they never are in.
  bool insecure_unsigned_payload = false;

  bool read_only = false;  ///< Every write fails with permission_denied, without a request.
  std::string profile;     ///< Of the credentials files, for the default `credentials`.
  /// Default: the standard chain over `transport`, which reads the environment.
  std::shared_ptr<http::CredentialsProvider> credentials;
  /// Default: one of its own, set up as `network` says.
  std::shared_ptr<http::Transport> transport;
  /// For the default `transport`: trusted authorities (ca_file; default: AWS_CA_BUNDLE), proxy, whether plain http may
  /// go to other machines.
  http::TransportOptions network;
  RetryPolicy retry;
  Hooks hooks;

  /// From "s3://bucket/prefix?region=&endpoint=&public_endpoint=&profile=&quirks=&path_style=&checksums=
  /// &ca_file=&proxy=&allow_plaintext=". The prefix gets a '/' at its end. Errors: invalid_argument, also for a
  /// parameter that is none of these.
  [[nodiscard]] DOCUPILOT_EXPORT static Result<S3Options> from_url(const BackendUrl& url);
};

/// One key that could not be removed.
struct S3RemoveFailure {
  std::string key;
  Error error;
};

/// A form by which a browser uploads one file; the field "file" goes last. A secret until it expires.
struct S3PostForm {
  std::string url;
  std::vector<std::pair<std::string, Secret>> fields;
};

struct S3PostOptions {
  Duration expires = Duration::milliseconds(600'000);  ///< Default 10 minutes.
  std::string content_type = {};                       ///< What the form must say. Default: anything.
  std::uint64_t maximum_size = std::uint64_t{5} << 30U;
};

/// What S3 and its likes have beyond ObjectStore.
///
/// A server that refuses an optional part of a request (a checksum, a conditional write, encoding-type) gets the
/// request once more without it, and the store remembers. Without conditional writes, conditions are looked at before
/// the write, which leaves a gap; `capabilities()` says so from then on.
///
/// A conditional write and every multipart upload carries a random mark in the object's metadata ("docupilot-write",
/// hidden by head and get), by which a write that was made, but whose reply was lost, is told from somebody else's.
class DOCUPILOT_EXPORT S3Store : public ObjectStore {
 public:
  ~S3Store() override;

  /// Removes up to any number of keys, 1,000 a request; those that are not there count as removed. What could not be
  /// removed is returned.
  [[nodiscard]] virtual Result<std::vector<S3RemoveFailure>> remove_many(const std::vector<std::string>& keys,
                                                                         const Context& context = {}) = 0;

  /// Replaces the tags of an object. At most 10, names 1 to 128 characters, values to 256. Errors: not_found.
  [[nodiscard]] virtual Result<void> set_tags(const std::string& key, const std::map<std::string, std::string>& tags,
                                              const Context& context = {}) = 0;
  [[nodiscard]] virtual Result<std::map<std::string, std::string>> tags(const std::string& key,
                                                                        const Context& context = {}) = 0;

  /// Makes the bucket in the store's region. Errors: already_exists, also when it is one's own.
  [[nodiscard]] virtual Result<void> create_bucket(const Context& context = {}) = 0;
  /// Errors: permission_denied when it is there and somebody else's.
  [[nodiscard]] virtual Result<bool> bucket_exists(const Context& context = {}) = 0;
  /// The bucket's policy as JSON; "" when there is none.
  [[nodiscard]] virtual Result<std::string> bucket_policy(const Context& context = {}) = 0;
  /// Replaces it; "" removes it.
  [[nodiscard]] virtual Result<void> set_bucket_policy(std::string_view json, const Context& context = {}) = 0;

  /// A form for an upload under `key`, which may end in "${filename}".
  [[nodiscard]] virtual Result<S3PostForm> presign_post(const std::string& key, const S3PostOptions& options = {},
                                                        const Context& context = {}) = 0;
};

/// Opens a bucket without a request; the first call shows whether it is there. Errors: invalid_argument for an option
/// that cannot be right.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<S3Store>> open_s3_store(S3Options options);

}  // namespace docupilot::inline v1
