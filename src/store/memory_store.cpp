#include "store/memory_object_store.h"

#include <algorithm>
#include <new>

#include "base/try.h"
#include "store/page_builder.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view backend = "memory";

Error no_memory(const StoreCall& call) {
  return call.error(ErrorCode::exhausted, "there is not enough memory", "keep large objects in a folder instead");
}

Result<std::shared_ptr<const std::string>> read_body(Reader& body, const StoreCall& call) {
  BodyCounter counter(body);
  auto bytes = std::make_shared<std::string>();
  try {
    for (;;) {
      DOCUPILOT_CHECK(call.check());
      const std::size_t filled = bytes->size();
      const std::size_t room = counter.block();
      bytes->resize(filled + room);
      DOCUPILOT_TRY(const std::size_t count,
                    body.read({reinterpret_cast<std::byte*>(bytes->data()) + filled, room}, call.context));
      DOCUPILOT_CHECK(call.named(counter.add(count, room)));
      bytes->resize(filled + count);
      if (count == 0) break;
    }
    DOCUPILOT_CHECK(call.named(counter.finish()));
    bytes->shrink_to_fit();
    return std::shared_ptr<const std::string>(std::move(bytes));
  } catch (const std::bad_alloc&) {
    return no_memory(call);
  }
}

}  // namespace

std::unique_ptr<ObjectStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

std::string MemoryStore::scheme() const { return std::string(backend); }

std::string MemoryStore::location() const { return scheme() + ':' + name_; }

StoreCapabilities MemoryStore::capabilities() const {
  return {
      .conditional_put = true, .attributes = true, .multipart = true, .maximum_object_size = std::string().max_size()};
}

std::string MemoryStore::next_etag() { return "m" + std::to_string(++sequence_); }

std::optional<MemoryStore::Object> MemoryStore::find(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

Result<ObjectInfo> MemoryStore::publish(const std::string& key, Bytes bytes, const PutOptions& options,
                                        const StoreCall& call) {
  Object object;
  object.info = {.key = key,
                 .size = bytes->size(),
                 .etag = next_etag(),
                 .version = {},
                 .modified = Timestamp::now(),
                 .content_type = options.content_type,
                 .attributes = with_lower_names(options.attributes)};
  object.bytes = std::move(bytes);
  ObjectInfo info = object.info;
  const std::scoped_lock lock(mutex_);
  const auto there = objects_.find(key);
  if (options.if_absent && there != objects_.end()) return call.already_exists();
  if (!options.if_match.empty() && (there == objects_.end() || there->second.info.etag != options.if_match)) {
    return call.precondition_failed();
  }
  objects_.insert_or_assign(key, std::move(object));
  return info;
}

Result<ObjectInfo> MemoryStore::put(const std::string& key, Reader& body, const PutOptions& options,
                                    const Context& context) {
  const StoreCall call{backend, "put", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_TRY(Bytes bytes, read_body(body, call));
  return publish(key, std::move(bytes), options, call);
}

Result<ObjectInfo> MemoryStore::get(const std::string& key, Writer& into, const GetOptions& options,
                                    const Context& context) {
  const StoreCall call{backend, "get", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.check());
  auto object = find(key);
  if (!object) return call.not_found();
  if (!options.if_match.empty() && options.if_match != object->info.etag) return call.precondition_failed();
  DOCUPILOT_TRY(const std::uint64_t end, call.named(end_of_range(options, object->info.size)));
  for (std::uint64_t at = options.offset; at < end;) {
    DOCUPILOT_CHECK(call.check());
    const std::uint64_t count = std::min<std::uint64_t>(store_block, end - at);
    DOCUPILOT_CHECK(into.write(as_bytes(std::string_view(*object->bytes).substr(at, count))));
    at += count;
  }
  return std::move(object->info);
}

Result<ObjectInfo> MemoryStore::head(const std::string& key, const Context& context) {
  const StoreCall call{backend, "head", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.check());
  auto object = find(key);
  if (!object) return call.not_found();
  return std::move(object->info);
}

Result<ObjectPage> MemoryStore::list(const ListOptions& options, const Context& context) {
  const StoreCall call{backend, "list", options.prefix, context};
  DOCUPILOT_CHECK(call.named(check_list_options(options)));
  DOCUPILOT_CHECK(call.check());
  PageBuilder page(options);
  const std::scoped_lock lock(mutex_);
  for (auto at = objects_.lower_bound(page.from()); at != objects_.end();) {
    const auto step = page.offer(at->first);
    if (step == PageBuilder::Step::stop) break;
    if (step == PageBuilder::Step::skip) {
      at = objects_.lower_bound(page.from());
      continue;
    }
    ObjectInfo info = at->second.info;
    info.attributes.clear();
    page.add(std::move(info));
    ++at;
  }
  return std::move(page).finish();
}

Result<void> MemoryStore::remove(const std::string& key, const Context& context) {
  const StoreCall call{backend, "remove", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.check());
  const std::scoped_lock lock(mutex_);
  objects_.erase(key);
  return {};
}

Result<ObjectInfo> MemoryStore::copy(const std::string& from, const std::string& to, const Context& context) {
  const StoreCall call{backend, "copy", from, context};
  DOCUPILOT_CHECK(call.named(check_object_key(from)));
  DOCUPILOT_CHECK(call.named(check_object_key(to)));
  DOCUPILOT_CHECK(call.check());
  const auto object = find(from);
  if (!object) return call.not_found();
  return publish(to, object->bytes, {.content_type = object->info.content_type, .attributes = object->info.attributes},
                 call);
}

MemoryStore::Upload* MemoryStore::find_upload(const MultipartUpload& upload) {
  const auto found = uploads_.find(upload.upload_id);
  return found != uploads_.end() && found->second.upload.key == upload.key ? &found->second : nullptr;
}

Result<MultipartUpload> MemoryStore::begin_multipart(const std::string& key, const PutOptions& options,
                                                     const Context& context) {
  const StoreCall call{backend, "begin_multipart", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_CHECK(call.check());
  MultipartUpload upload{.key = key, .upload_id = "u" + std::to_string(++sequence_), .started = Timestamp::now()};
  const std::scoped_lock lock(mutex_);
  uploads_.emplace(upload.upload_id, Upload{upload, options, {}});
  return upload;
}

Result<PartInfo> MemoryStore::put_part(const MultipartUpload& upload, int number, Reader& body,
                                       const Context& context) {
  const StoreCall call{backend, "put_part", upload.key, context};
  DOCUPILOT_CHECK(call.named(check_part_number(number)));
  {
    const std::scoped_lock lock(mutex_);
    if (find_upload(upload) == nullptr) return call.no_upload();
  }
  DOCUPILOT_TRY(Bytes bytes, read_body(body, call));
  PartInfo info{.number = number, .size = bytes->size(), .etag = next_etag()};
  const std::scoped_lock lock(mutex_);
  Upload* const found = find_upload(upload);
  if (found == nullptr) return call.no_upload();
  found->parts.insert_or_assign(number, Part{info, std::move(bytes)});
  return info;
}

Result<std::vector<PartInfo>> MemoryStore::list_parts(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{backend, "list_parts", upload.key, context};
  DOCUPILOT_CHECK(call.check());
  const std::scoped_lock lock(mutex_);
  const Upload* const found = find_upload(upload);
  if (found == nullptr) return call.no_upload();
  std::vector<PartInfo> parts;
  for (const auto& [number, part] : found->parts) parts.push_back(part.info);
  return parts;
}

Result<ObjectInfo> MemoryStore::complete_multipart(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                   const Context& context) {
  const StoreCall call{backend, "complete_multipart", upload.key, context};
  DOCUPILOT_TRY(const auto ordered, call.named(parts_in_order(parts)));
  DOCUPILOT_CHECK(call.check());
  std::vector<Bytes> pieces;
  PutOptions options;
  {
    const std::scoped_lock lock(mutex_);
    const Upload* const found = find_upload(upload);
    if (found == nullptr) return call.no_upload();
    options = found->options;
    for (const PartInfo& part : ordered) {
      const auto has = found->parts.find(part.number);
      if (has == found->parts.end() || has->second.info.etag != part.etag) return call.wrong_part(part.number);
      pieces.push_back(has->second.bytes);
    }
  }
  auto whole = std::make_shared<std::string>();
  try {
    for (const Bytes& piece : pieces) {
      DOCUPILOT_CHECK(call.check());
      whole->append(*piece);
    }
  } catch (const std::bad_alloc&) {
    return no_memory(call);
  }
  DOCUPILOT_TRY(ObjectInfo info, publish(upload.key, std::move(whole), options, call));
  const std::scoped_lock lock(mutex_);
  uploads_.erase(upload.upload_id);
  return info;
}

Result<void> MemoryStore::abort_multipart(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{backend, "abort_multipart", upload.key, context};
  DOCUPILOT_CHECK(call.check());
  const std::scoped_lock lock(mutex_);
  if (find_upload(upload) != nullptr) uploads_.erase(upload.upload_id);
  return {};
}

Result<std::vector<MultipartUpload>> MemoryStore::list_multipart(const std::string& prefix, const Context& context) {
  const StoreCall call{backend, "list_multipart", prefix, context};
  DOCUPILOT_CHECK(call.check());
  const std::scoped_lock lock(mutex_);
  std::vector<MultipartUpload> uploads;
  for (const auto& [id, upload] : uploads_) {
    if (upload.upload.key.starts_with(prefix)) uploads.push_back(upload.upload);
  }
  std::sort(uploads.begin(), uploads.end(),
            [](const auto& a, const auto& b) { return std::tie(a.key, a.upload_id) < std::tie(b.key, b.upload_id); });
  return uploads;
}

}  // namespace docupilot::inline v1
