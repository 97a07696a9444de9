#pragma once

#include "object_store_suite.h"

namespace docupilot_test {

inline Result<PartInfo> put_part_text(ObjectStore& store, const MultipartUpload& upload, int number,
                                      std::string_view text) {
  MemoryReader body(as_bytes(text));
  return store.put_part(upload, number, body);
}

TEST_CASE_TEMPLATE_DEFINE("object store: multipart uploads", Builder, object_store_multipart) {
  DOCUPILOT_STORE(Builder);
  const auto unit = static_cast<std::size_t>(std::max<std::uint64_t>(store.capabilities().minimum_part_size, 300'000));
  if (!store.capabilities().multipart) {
    CHECK(code_of(store.begin_multipart("k")) == "unsupported");
    return;
  }
  const auto begun = store.begin_multipart("big/file");
  REQUIRE_MESSAGE(begun, begun.error().to_string());
  const MultipartUpload& upload = *begun;
  CHECK(upload.key == "big/file");

  SUBCASE("parts sent in any order join in the order of their numbers") {
    const std::string one = pattern(unit, 1);
    const std::string two = pattern(unit, 2);
    const std::string last = pattern(77, 3);
    const auto third = put_part_text(store, upload, 30, last).value();
    const auto first = put_part_text(store, upload, 1, one).value();
    const auto second = put_part_text(store, upload, 2, two).value();
    CHECK(first.number == 1);
    CHECK(first.size == unit);
    CHECK(code_of(store.head("big/file")) == "not_found");
    CHECK(list_all(store, {}).first.empty());
    const auto done = store.complete_multipart(upload, {third, first, second});
    REQUIRE_MESSAGE(done, done.error().to_string());
    CHECK(done->key == "big/file");
    CHECK(done->size == 2 * unit + 77);
    CHECK(text_of(store, "big/file") == one + two + last);
    CHECK(store.head("big/file")->etag == done->etag);
    CHECK(store.list_multipart()->empty());
  }
  SUBCASE("a part sent again replaces the earlier one, whose etag no longer counts") {
    const auto old = put_part_text(store, upload, 1, "old").value();
    const auto fresh = put_part_text(store, upload, 1, "fresh").value();
    CHECK(old.etag != fresh.etag);
    CHECK(store.list_parts(upload)->size() == 1);
    CHECK(code_of(store.complete_multipart(upload, {old})) == "corrupted");
    REQUIRE(store.complete_multipart(upload, {fresh}));
    CHECK(text_of(store, "big/file") == "fresh");
  }
  SUBCASE("parts that are not named are left out") {
    const auto one = put_part_text(store, upload, 1, "one").value();
    REQUIRE(put_part_text(store, upload, 2, "two"));
    REQUIRE(store.complete_multipart(upload, {one}));
    CHECK(text_of(store, "big/file") == "one");
  }
  SUBCASE("completing with a wrong etag, an unknown part, none or one twice fails and loses nothing") {
    auto one = put_part_text(store, upload, 1, "one").value();
    CHECK(code_of(store.complete_multipart(upload, {{.number = 1, .size = 3, .etag = "x"}})) == "corrupted");
    CHECK(code_of(store.complete_multipart(upload, {one, {.number = 2, .size = 3, .etag = one.etag}})) == "corrupted");
    CHECK(code_of(store.complete_multipart(upload, {})) == "invalid_argument");
    CHECK(code_of(store.complete_multipart(upload, {one, one})) == "invalid_argument");
    CHECK(code_of(store.head("big/file")) == "not_found");
    REQUIRE(store.complete_multipart(upload, {one}));
    CHECK(text_of(store, "big/file") == "one");
  }
  SUBCASE("part numbers are 1 to 10,000") {
    CHECK(code_of(put_part_text(store, upload, 0, "x")) == "invalid_argument");
    CHECK(code_of(put_part_text(store, upload, -1, "x")) == "invalid_argument");
    CHECK(put_part_text(store, upload, 1, "x"));
    CHECK(put_part_text(store, upload, 10'000, "x"));
    CHECK(code_of(put_part_text(store, upload, 10'001, "x")) == "invalid_argument");
  }
  SUBCASE("the parts are listed by number, with their sizes and etags") {
    CHECK(store.list_parts(upload)->empty());
    const auto nine = put_part_text(store, upload, 9, "nine").value();
    const auto two = put_part_text(store, upload, 2, "").value();
    const auto ten = put_part_text(store, upload, 10, "ten").value();
    const auto parts = store.list_parts(upload);
    REQUIRE(parts);
    REQUIRE(parts->size() == 3);
    const PartInfo expected[] = {two, nine, ten};
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK((*parts)[i].number == expected[i].number);
      CHECK((*parts)[i].size == expected[i].size);
      CHECK((*parts)[i].etag == expected[i].etag);
    }
  }
  SUBCASE("an unknown upload is not found, and aborting it is no error") {
    MultipartUpload unknown = upload;
    unknown.upload_id = "../../etc";
    CHECK(code_of(put_part_text(store, unknown, 1, "x")) == "not_found");
    CHECK(code_of(store.list_parts(unknown)) == "not_found");
    CHECK(code_of(store.complete_multipart(unknown, {{.number = 1, .size = 1, .etag = "x"}})) == "not_found");
    CHECK(store.abort_multipart(unknown));
    MultipartUpload other_key = upload;
    other_key.key = "another";
    CHECK(code_of(put_part_text(store, other_key, 1, "x")) == "not_found");
  }
  SUBCASE("aborting forgets the parts and leaves an object of that key alone") {
    REQUIRE(put_text(store, "big/file", "kept"));
    const auto one = put_part_text(store, upload, 1, "one").value();
    REQUIRE(store.abort_multipart(upload));
    CHECK(store.abort_multipart(upload));
    CHECK(code_of(put_part_text(store, upload, 1, "x")) == "not_found");
    CHECK(code_of(store.complete_multipart(upload, {one})) == "not_found");
    CHECK(store.list_multipart()->empty());
    CHECK(text_of(store, "big/file") == "kept");
  }
  SUBCASE("uploads that are under way are listed under their prefix") {
    const auto other = store.begin_multipart("other").value();
    const auto same = store.begin_multipart("big/file").value();
    CHECK(same.upload_id != upload.upload_id);
    CHECK(store.list_multipart()->size() == 3);
    const auto some = store.list_multipart("big/");
    REQUIRE(some);
    REQUIRE(some->size() == 2);
    CHECK((*some)[0].key == "big/file");
    // A store may write what it needs itself behind an id, with a blank before it.
    const auto bare = [](const MultipartUpload& one) { return one.upload_id.substr(0, one.upload_id.find(' ')); };
    CHECK(std::set<std::string>{bare((*some)[0]), bare((*some)[1])} == std::set<std::string>{bare(upload), bare(same)});
    CHECK(std::abs((*some)[0].started.microseconds - Timestamp::now().microseconds) < 120'000'000);
    CHECK(store.list_multipart("none")->empty());
  }
  SUBCASE("a completed object has the content type and attributes that the upload began with") {
    if (!store.capabilities().attributes) return;
    const auto typed =
        store.begin_multipart("typed", {.content_type = "application/pdf", .attributes = {{"N", "v \"q\""}}}).value();
    const auto part = put_part_text(store, typed, 1, "x").value();
    REQUIRE(store.complete_multipart(typed, {part}));
    const auto head = store.head("typed");
    REQUIRE(head);
    CHECK(head->content_type == "application/pdf");
    CHECK(head->attributes == std::map<std::string, std::string>{{"n", "v \"q\""}});
  }
  SUBCASE("the conditions that the upload began with are decided when it completes") {
    if (!store.capabilities().conditional_put) return;
    const auto careful = store.begin_multipart("late", {.if_absent = true}).value();
    const auto part = put_part_text(store, careful, 1, "x").value();
    REQUIRE(put_text(store, "late", "first"));
    CHECK(code_of(store.complete_multipart(careful, {part})) == "already_exists");
    CHECK(text_of(store, "late") == "first");
    REQUIRE(store.remove("late"));
    CHECK(store.complete_multipart(careful, {part}));
  }
  SUBCASE("a part whose reader fails or lies leaves the earlier part") {
    const auto good = put_part_text(store, upload, 1, "good").value();
    ScriptedReader failing(pattern(400'000));
    failing.fails = Error(ErrorCode::unavailable, "the test's reader fails");
    const auto failed = store.put_part(upload, 1, failing);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message() == "the test's reader fails");
    ScriptedReader lying("four");
    lying.says = 5;
    CHECK(code_of(store.put_part(upload, 1, lying)) == "corrupted");
    REQUIRE(store.complete_multipart(upload, {good}));
    CHECK(text_of(store, "big/file") == "good");
  }
  SUBCASE("eight threads send parts of one upload at a time") {
    std::vector<PartInfo> parts(8);
    std::atomic<int> failed = 0;
    in_threads(8, [&](int i) {
      const auto part = put_part_text(store, upload, i + 1, pattern(unit, static_cast<unsigned>(i)));
      if (part) parts[static_cast<std::size_t>(i)] = *part;
      else ++failed;
    });
    REQUIRE(failed == 0);
    REQUIRE(store.complete_multipart(upload, parts));
    std::string whole;
    for (unsigned i = 0; i < 8; ++i) whole += pattern(unit, i);
    CHECK(text_of(store, "big/file") == whole);
  }
  SUBCASE("a stopped part or completion leaves the upload as it was") {
    std::stop_source stop;
    stop.request_stop();
    const Context stopped{.deadline = {}, .stop = stop.get_token()};
    const auto part = put_part_text(store, upload, 1, "one").value();
    MemoryReader body(as_bytes("two"));
    CHECK(code_of(store.put_part(upload, 1, body, stopped)) == "cancelled");
    CHECK(code_of(store.complete_multipart(upload, {part}, stopped)) == "cancelled");
    CHECK(code_of(store.abort_multipart(upload, stopped)) == "cancelled");
    CHECK(store.list_parts(upload)->size() == 1);
    CHECK(store.complete_multipart(upload, {part}));
  }
}

}  // namespace docupilot_test
