// 5. A backend of your own.
//
// Each role (object store, metadata, search, summary) is a small abstract class. Write one, give it a scheme, and any
// library can use it by a URL. Here: an object store that keeps bytes in a map and counts what is asked of it.

#include <cstdio>
#include <map>
#include <mutex>

#include <docupilot/docupilot.h>

using namespace docupilot;

struct Shelf {  // outlives the store: this program looks at it afterwards
  std::mutex mutex;
  std::map<std::string, std::string> objects;
  int puts = 0, gets = 0;
};

class ShelfStore final : public ObjectStore {
 public:
  explicit ShelfStore(std::shared_ptr<Shelf> shelf) : shelf_(std::move(shelf)) {}
  std::string scheme() const override { return "shelf"; }
  StoreCapabilities capabilities() const override { return {.maximum_object_size = 1u << 30}; }

  Result<ObjectInfo> put(const std::string& key, Reader& body, const PutOptions&, const Context& context) override {
    auto bytes = read_all(body, capabilities().maximum_object_size, context);  // all or nothing
    if (!bytes) return bytes.error();
    const std::lock_guard lock(shelf_->mutex);
    ++shelf_->puts;
    return describe(key, shelf_->objects[key] = *std::move(bytes));
  }
  Result<ObjectInfo> get(const std::string& key, Writer& into, const GetOptions& options, const Context&) override {
    const std::lock_guard lock(shelf_->mutex);
    ++shelf_->gets;
    if (!shelf_->objects.contains(key)) return missing(key);
    const std::string_view bytes = shelf_->objects[key];
    if (options.offset > bytes.size()) return Error(ErrorCode::invalid_argument, "the offset is past the end");
    auto written = into.write(as_bytes(bytes.substr(options.offset, options.length.value_or(bytes.size()))));
    if (!written) return written.error();
    return describe(key, shelf_->objects[key]);
  }
  Result<ObjectInfo> head(const std::string& key, const Context&) override {
    const std::lock_guard lock(shelf_->mutex);
    if (!shelf_->objects.contains(key)) return missing(key);
    return describe(key, shelf_->objects[key]);
  }
  Result<ObjectPage> list(const ListOptions&, const Context&) override { return unsupported("list"); }
  Result<ObjectInfo> copy(const std::string&, const std::string&, const Context&) override {
    return unsupported("copy");
  }
  Result<void> remove(const std::string& key, const Context&) override {
    const std::lock_guard lock(shelf_->mutex);
    shelf_->objects.erase(key);
    return {};
  }

 private:
  static Error missing(const std::string& key) { return Error(ErrorCode::not_found, "no such object").target(key); }
  static ObjectInfo describe(const std::string& key, const std::string& bytes) {
    return {key, bytes.size(), to_hex(sha256(as_bytes(bytes))), {}, {}, {}, {}};  // the etag changes with the bytes
  }
  std::shared_ptr<Shelf> shelf_;
};

int main() {
  auto shelf = std::make_shared<Shelf>();
  ClientOptions options;
  options.registry.add_store("shelf",
                             [&](const BackendUrl&, const OpenMode&) { return std::make_unique<ShelfStore>(shelf); });
  Config config = Config::in_memory();
  config.store = "shelf:";  // everything else stays as it was
  Client client = Client::open(config, options).value();
  auto source = memory_source(std::string("Shelves hold books. This shelf holds this sentence."), "note.txt");
  const Document document = client.ingest(*source).value().document;
  MemoryWriter back;
  client.download(document.id, back).value();  // checked against its SHA-256 on the way
  std::printf("Came back:  %s\nStored as:  %s:%s\nThe shelf:  %zu object, %d put, %d get\n", back.text().c_str(),
              document.object.store.c_str(), document.object.key.c_str(), shelf->objects.size(), shelf->puts,
              shelf->gets);
}
