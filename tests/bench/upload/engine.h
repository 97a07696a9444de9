#pragma once

#include <docupilot/source/source.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What upload_client is told of how to upload.
struct EngineOptions {
  std::string endpoint;
  std::string bucket;
  std::string ca_file;
  std::string journal;  ///< A folder in which an upload is remembered, for a later run; empty: it is not.
  unsigned connections = 16;
  unsigned most_connections = 64;  ///< That it may grow to.
  std::uint64_t part_size = 0;     ///< 0: as the library chooses.
  std::uint64_t memory = 0;        ///< Likewise.
  bool checksums = true;           ///< CRC64NVME with everything; else only what the server insists on.
  bool sign_payload = true;        ///< Over HTTP; over HTTPS it never is.
};

/// One file of a run.
struct EngineJob {
  std::string key;
  std::string path;  ///< "-": standard input.
};

/// The part of the library that is measured. This is the one place that names it.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Uploads all of them. On an error some may be there.
  [[nodiscard]] virtual docupilot::Result<void> upload(const std::vector<EngineJob>& jobs) = 0;

  /// With the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
  [[nodiscard]] static docupilot::Result<std::unique_ptr<Engine>> make(const EngineOptions& options);
  /// What it is and can do, as JSON; the run measures by it. name: the call that is measured. connections, resume,
  /// unsigned: whether it knows `connections`, `journal` and `sign_payload`; what it does not know it passes over.
  [[nodiscard]] static const char* description();
};
