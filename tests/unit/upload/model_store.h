#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <docupilot/source/content_hash.h>
#include <docupilot/store/part_sender.h>

namespace docupilot_test {

/// A small random source (splitmix64) that gives the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t end) { return next() % end; }
  double part() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  bool chance(double of_one) { return part() < of_one; }

 private:
  std::uint64_t state_;
};

/// A store as far as one upload sees it: uploads, their parts, and the object at one key. Bytes are the numbers of the
/// parts they belong to. It does only what it is told; faults are its user's matter.
class ModelStore {
 public:
  struct Object {
    std::string etag;
    std::vector<int> contents = {};  ///< Numbers of the parts it was made of; 0: of the whole.
    std::uint64_t size = 0;
    bool ours = false;
    std::string upload = {};
    std::uint64_t crc64nvme = 0;
  };
  using Parts = std::map<int, docupilot::PartInfo>;

  bool if_absent = false;  ///< The condition under which objects are made.
  bool replays = false;    ///< A completion that was done before succeeds again, as on some servers.

  std::map<std::string, Parts> uploads;
  std::optional<Object> object;  ///< At the key.
  std::vector<Object> ever;      ///< All of ours that there ever were.
  unsigned replayed = 0;

  std::string begin() {
    std::string id = "upload-" + std::to_string(++begun_);
    uploads[id];
    return id;
  }
  std::optional<docupilot::PartInfo> put_part(const std::string& id, int number, std::uint64_t size) {
    const auto there = uploads.find(id);
    if (there == uploads.end()) return std::nullopt;
    docupilot::PartInfo part{
        .number = number, .size = size, .etag = "etag-" + std::to_string(number), .crc64nvme = crc_of(number)};
    there->second[number] = part;
    return part;
  }
  docupilot::Result<docupilot::ObjectInfo> put_whole(std::uint64_t size) {
    if (if_absent && object) return exists();
    return make({.etag = {}, .contents = {0}, .size = size, .ours = true, .upload = {}, .crc64nvme = crc_of(0)});
  }
  docupilot::Result<docupilot::ObjectInfo> complete(const std::string& id,
                                                    const std::vector<docupilot::PartInfo>& parts) {
    const auto there = uploads.find(id);
    if (there == uploads.end()) {
      if (!replays || !object || object->upload != id) {
        return docupilot::Error(docupilot::ErrorCode::not_found, "no such upload");
      }
      ++replayed;
      return info(*object);
    }
    if (if_absent && object) return exists();
    Object made{.etag = {}, .ours = true, .upload = id};
    for (const docupilot::PartInfo& part : parts) {
      const auto has = there->second.find(part.number);
      if (has == there->second.end() || has->second.etag != part.etag) {
        return docupilot::Error(docupilot::ErrorCode::corrupted, "a part is not what it was");
      }
      made.contents.push_back(part.number);
      made.size += has->second.size;
      made.crc64nvme = docupilot::crc64nvme_combine(made.crc64nvme, crc_of(part.number), has->second.size);
    }
    uploads.erase(there);
    return make(std::move(made));
  }
  [[nodiscard]] std::vector<docupilot::PartInfo> parts(const std::string& id) const {
    std::vector<docupilot::PartInfo> all;
    if (const auto there = uploads.find(id); there != uploads.end()) {
      for (const auto& [number, part] : there->second) all.push_back(part);
    }
    return all;
  }
  /// The object at the key, when it is ours.
  [[nodiscard]] std::optional<docupilot::ObjectInfo> look() const {
    return object && object->ours ? std::optional(info(*object)) : std::nullopt;
  }
  /// Somebody else's object takes the place.
  void put_decoy() { object = Object{.etag = "decoy-" + std::to_string(++objects_), .size = 7}; }

  static std::uint64_t crc_of(int number) { return 0x123456789abcdefULL * static_cast<std::uint64_t>(number + 1); }

 private:
  static docupilot::Error exists() { return {docupilot::ErrorCode::already_exists, "there is one"}; }
  static docupilot::ObjectInfo info(const Object& made) {
    return {.key = "key",
            .size = made.size,
            .etag = made.etag,
            .version = {},
            .modified = {},
            .content_type = {},
            .attributes = {},
            .crc64nvme = made.crc64nvme};
  }
  docupilot::ObjectInfo make(Object made) {
    made.etag = "object-" + std::to_string(++objects_);
    object = made;
    ever.push_back(std::move(made));
    return info(*object);
  }

  unsigned begun_ = 0;
  unsigned objects_ = 0;
};

}  // namespace docupilot_test
