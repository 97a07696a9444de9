#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <docupilot/store/object_store.h>

namespace docupilot_test {

/// Passes every call on to another store, unless `before` fails: the base of decorators for tests.
class ForwardingStore : public docupilot::ObjectStore {
 public:
  explicit ForwardingStore(std::unique_ptr<docupilot::ObjectStore> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] std::string scheme() const override { return inner_->scheme(); }
  [[nodiscard]] docupilot::StoreCapabilities capabilities() const override { return inner_->capabilities(); }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> put(const std::string& key, docupilot::Reader& body,
                                                             const docupilot::PutOptions& options,
                                                             const docupilot::Context& context) override {
    return pass("put", [&] { return inner_->put(key, body, options, context); });
  }
  [[nodiscard]] docupilot::Result<void> flush(const docupilot::Context& context) override {
    return pass("flush", [&] { return inner_->flush(context); });
  }
  [[nodiscard]] docupilot::Result<std::vector<std::string>> sweep_temporary(
      docupilot::Duration older_than, bool dry_run, const docupilot::Context& context) override {
    return pass("sweep_temporary", [&] { return inner_->sweep_temporary(older_than, dry_run, context); });
  }
  [[nodiscard]] std::vector<docupilot::Finding> examine(const docupilot::Context& context) override {
    return inner_->examine(context);
  }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> get(const std::string& key, docupilot::Writer& into,
                                                             const docupilot::GetOptions& options,
                                                             const docupilot::Context& context) override {
    return pass("get", [&] { return inner_->get(key, into, options, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> head(const std::string& key,
                                                              const docupilot::Context& context) override {
    return pass("head", [&] { return inner_->head(key, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::ObjectPage> list(const docupilot::ListOptions& options,
                                                              const docupilot::Context& context) override {
    return pass("list", [&] { return inner_->list(options, context); });
  }
  [[nodiscard]] docupilot::Result<void> remove(const std::string& key, const docupilot::Context& context) override {
    return pass("remove", [&] { return inner_->remove(key, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> copy(const std::string& from, const std::string& to,
                                                              const docupilot::Context& context) override {
    return pass("copy", [&] { return inner_->copy(from, to, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::MultipartUpload> begin_multipart(
      const std::string& key, const docupilot::PutOptions& options, const docupilot::Context& context) override {
    return pass("begin_multipart", [&] { return inner_->begin_multipart(key, options, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::PartInfo> put_part(const docupilot::MultipartUpload& upload, int number,
                                                                docupilot::Reader& body,
                                                                const docupilot::Context& context) override {
    return pass("put_part", [&] { return inner_->put_part(upload, number, body, context); });
  }
  [[nodiscard]] docupilot::Result<std::vector<docupilot::PartInfo>> list_parts(
      const docupilot::MultipartUpload& upload, const docupilot::Context& context) override {
    return pass("list_parts", [&] { return inner_->list_parts(upload, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> complete_multipart(
      const docupilot::MultipartUpload& upload, const std::vector<docupilot::PartInfo>& parts,
      const docupilot::Context& context) override {
    return pass("complete_multipart", [&] { return inner_->complete_multipart(upload, parts, context); });
  }
  [[nodiscard]] docupilot::Result<void> abort_multipart(const docupilot::MultipartUpload& upload,
                                                        const docupilot::Context& context) override {
    return pass("abort_multipart", [&] { return inner_->abort_multipart(upload, context); });
  }
  [[nodiscard]] docupilot::Result<std::vector<docupilot::MultipartUpload>> list_multipart(
      const std::string& prefix, const docupilot::Context& context) override {
    return pass("list_multipart", [&] { return inner_->list_multipart(prefix, context); });
  }
  [[nodiscard]] docupilot::Result<docupilot::Secret> presign(const std::string& key,
                                                             const docupilot::PresignOptions& options,
                                                             const docupilot::Context& context) override {
    return pass("presign", [&] { return inner_->presign(key, options, context); });
  }

  [[nodiscard]] docupilot::ObjectStore& inner() const { return *inner_; }

 protected:
  /// Called before each call, by the name of its function; an error is returned in the call's place.
  [[nodiscard]] virtual docupilot::Result<void> before(std::string_view /*operation*/) { return {}; }
  /// Ends the store below now, for decorators that own what it needs.
  void close() { inner_.reset(); }

 private:
  template <class Call>
  auto pass(std::string_view operation, const Call& call) -> decltype(call()) {
    if (auto allowed = before(operation); !allowed) return std::move(allowed).error();
    return call();
  }

  std::unique_ptr<docupilot::ObjectStore> inner_;
};

}  // namespace docupilot_test
