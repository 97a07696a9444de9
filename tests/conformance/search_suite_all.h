#pragma once

#include "conformance/search_limits_suite.h"
#include "conformance/search_query_suite.h"
#include "conformance/search_suite.h"

/// Runs every case of the suite on each of the backends named; to be used in namespace docupilot_test::search_suite.
#define DOCUPILOT_SEARCH_SUITE(...)                               \
  TEST_CASE_TEMPLATE_INVOKE(search_fields, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(search_replace, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_twice, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_remove, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(search_nothing, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_ids, __VA_ARGS__);             \
  TEST_CASE_TEMPLATE_INVOKE(search_bare, __VA_ARGS__);            \
  TEST_CASE_TEMPLATE_INVOKE(search_large, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_bad_entries, __VA_ARGS__);     \
  TEST_CASE_TEMPLATE_INVOKE(search_context, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_threads, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_all_words, __VA_ARGS__);       \
  TEST_CASE_TEMPLATE_INVOKE(search_most_words, __VA_ARGS__);      \
  TEST_CASE_TEMPLATE_INVOKE(search_order, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_title_rank, __VA_ARGS__);      \
  TEST_CASE_TEMPLATE_INVOKE(search_newest, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(search_phrases, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_prefixes, __VA_ARGS__);        \
  TEST_CASE_TEMPLATE_INVOKE(search_operators, __VA_ARGS__);       \
  TEST_CASE_TEMPLATE_INVOKE(search_only_not, __VA_ARGS__);        \
  TEST_CASE_TEMPLATE_INVOKE(search_title, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_stray_operators, __VA_ARGS__); \
  TEST_CASE_TEMPLATE_INVOKE(search_folding, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_names, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_typos, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_snippets, __VA_ARGS__);        \
  TEST_CASE_TEMPLATE_INVOKE(search_hostile, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(search_filter, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(search_random_filters, __VA_ARGS__);  \
  TEST_CASE_TEMPLATE_INVOKE(search_facets, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(search_pages, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(search_limits, __VA_ARGS__)
