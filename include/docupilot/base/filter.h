#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/document.h>
#include <docupilot/base/export.h>
#include <docupilot/base/result.h>
#include <docupilot/base/value.h>

namespace docupilot::inline v1 {

/// A condition on documents, as data: every backend translates the same tree into its own language, with all
/// values bound as parameters. It lives in base because metadata stores and search indexes both take it.
///
///     Filter recent = Filter::all_of({field("content_type") == "application/pdf",
///                                     field("created") >= Timestamp::parse("2026-01-01T00:00:00Z").value(),
///                                     field("attributes.customer") == "ACME"});
///
/// Fields: id, title, name, size, content_type, sha256, created, updated, tags, summary, and attributes.NAME
/// (attributes.NAME.INNER reaches into maps). Values of different kinds are never equal, less or greater, so that only
/// `!=` is true between them; but integers and doubles compare as numbers, exactly. A missing field makes every
/// comparison false (also `!=`); empty text, a zero time, no tags and null count as missing. Text compares by UTF-8
/// bytes.
struct DOCUPILOT_EXPORT Filter {
  enum class Kind {
    everything,  ///< True for every document; the default.
    all_of,      ///< True when all children are; true for none.
    any_of,      ///< True when one child is; false for none.
    negate,      ///< True when the one child is not.
    equal,       ///< field == value
    not_equal,   ///< field is there and != value
    less,        ///< field < value, and so on; for numbers, text and times
    less_equal,
    greater,
    greater_equal,
    one_of,       ///< field equals one of `values`
    exists,       ///< field is there and not null
    contains,     ///< a list field (such as tags) has an element equal to value
    starts_with,  ///< text field begins with the text value, byte by byte
  };

  Kind kind = Kind::everything;
  std::string field = {};
  std::vector<Value> values = {};  ///< One for comparisons, any number for one_of.
  std::vector<Filter> children = {};

  [[nodiscard]] static Filter all_of(std::vector<Filter> children);
  [[nodiscard]] static Filter any_of(std::vector<Filter> children);
  [[nodiscard]] static Filter negate(Filter child);

  /// Whether the tree is well formed: known field names, right number of values and children, comparable kinds,
  /// nested at most 32 deep with at most 1,000 nodes. Errors: invalid_argument. Every backend calls it first.
  [[nodiscard]] Result<void> check() const;
  /// Evaluates it on one document: the reference that every backend is tested against.
  [[nodiscard]] bool matches(const Document& document) const;

  bool operator==(const Filter&) const;
};

/// Names a field, to be compared: `field("size") > 1024`.
class DOCUPILOT_EXPORT field {  // NOLINT(readability-identifier-naming): reads as a word of the query
 public:
  explicit field(std::string_view name) : name_(name) {}

  [[nodiscard]] Filter operator==(Value v) const;
  [[nodiscard]] Filter operator!=(Value v) const;
  [[nodiscard]] Filter operator<(Value v) const;
  [[nodiscard]] Filter operator<=(Value v) const;
  [[nodiscard]] Filter operator>(Value v) const;
  [[nodiscard]] Filter operator>=(Value v) const;
  [[nodiscard]] Filter one_of(std::vector<Value> values) const;
  [[nodiscard]] Filter exists() const;
  [[nodiscard]] Filter contains(Value element) const;
  [[nodiscard]] Filter starts_with(std::string_view prefix) const;

 private:
  [[nodiscard]] Filter make(Filter::Kind kind, Value value) const;
  std::string name_;
};

[[nodiscard]] DOCUPILOT_EXPORT Filter operator&&(Filter a, Filter b);
[[nodiscard]] DOCUPILOT_EXPORT Filter operator||(Filter a, Filter b);
[[nodiscard]] DOCUPILOT_EXPORT Filter operator!(Filter a);

/// The value of a field of a document as filters and orders see it; null when it is missing.
[[nodiscard]] DOCUPILOT_EXPORT Value field_value(const Document& document, std::string_view name);

/// From text such as `size > 1024 and tags has "draft" and (name ^= "a/" or not exists attributes.customer)`.
/// The grammar is in docs/formats/filter.md. Errors: invalid_argument, with the place in the text.
[[nodiscard]] DOCUPILOT_EXPORT Result<Filter> parse_filter(std::string_view text);

}  // namespace docupilot::inline v1
