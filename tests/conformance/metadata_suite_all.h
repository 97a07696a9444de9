#pragma once

#include "conformance/metadata_limits_suite.h"
#include "conformance/metadata_query_suite.h"
#include "conformance/metadata_suite.h"

/// Runs every case of the suite on each of the backends named.
#define DOCUPILOT_METADATA_SUITE(...)                                \
  TEST_CASE_TEMPLATE_INVOKE(metadata_every_member, __VA_ARGS__);     \
  TEST_CASE_TEMPLATE_INVOKE(metadata_random_documents, __VA_ARGS__); \
  TEST_CASE_TEMPLATE_INVOKE(metadata_revisions, __VA_ARGS__);        \
  TEST_CASE_TEMPLATE_INVOKE(metadata_absence, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(metadata_absent, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(metadata_unchanged, __VA_ARGS__);        \
  TEST_CASE_TEMPLATE_INVOKE(metadata_races, __VA_ARGS__);            \
  TEST_CASE_TEMPLATE_INVOKE(metadata_patch, __VA_ARGS__);            \
  TEST_CASE_TEMPLATE_INVOKE(metadata_attributes, __VA_ARGS__);       \
  TEST_CASE_TEMPLATE_INVOKE(metadata_bad_patch, __VA_ARGS__);        \
  TEST_CASE_TEMPLATE_INVOKE(metadata_patch_races, __VA_ARGS__);      \
  TEST_CASE_TEMPLATE_INVOKE(metadata_counters, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(metadata_counter_range, __VA_ARGS__);    \
  TEST_CASE_TEMPLATE_INVOKE(metadata_counter_names, __VA_ARGS__);    \
  TEST_CASE_TEMPLATE_INVOKE(metadata_put_many, __VA_ARGS__);         \
  TEST_CASE_TEMPLATE_INVOKE(metadata_atomic_batch, __VA_ARGS__);     \
  TEST_CASE_TEMPLATE_INVOKE(metadata_batch_conditions, __VA_ARGS__); \
  TEST_CASE_TEMPLATE_INVOKE(metadata_context, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(metadata_ids, __VA_ARGS__);              \
  TEST_CASE_TEMPLATE_INVOKE(metadata_text, __VA_ARGS__);             \
  TEST_CASE_TEMPLATE_INVOKE(metadata_tags, __VA_ARGS__);             \
  TEST_CASE_TEMPLATE_INVOKE(metadata_attribute_names, __VA_ARGS__);  \
  TEST_CASE_TEMPLATE_INVOKE(metadata_attribute_depth, __VA_ARGS__);  \
  TEST_CASE_TEMPLATE_INVOKE(metadata_attribute_size, __VA_ARGS__);   \
  TEST_CASE_TEMPLATE_INVOKE(metadata_ranges, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(metadata_large_text, __VA_ARGS__);       \
  TEST_CASE_TEMPLATE_INVOKE(metadata_filters, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(metadata_random_filters, __VA_ARGS__);   \
  TEST_CASE_TEMPLATE_INVOKE(metadata_bad_filters, __VA_ARGS__);      \
  TEST_CASE_TEMPLATE_INVOKE(metadata_default_order, __VA_ARGS__);    \
  TEST_CASE_TEMPLATE_INVOKE(metadata_order, __VA_ARGS__);            \
  TEST_CASE_TEMPLATE_INVOKE(metadata_orders, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(metadata_number_order, __VA_ARGS__);     \
  TEST_CASE_TEMPLATE_INVOKE(metadata_pages, __VA_ARGS__);            \
  TEST_CASE_TEMPLATE_INVOKE(metadata_churn, __VA_ARGS__);            \
  TEST_CASE_TEMPLATE_INVOKE(metadata_removed_end, __VA_ARGS__);      \
  TEST_CASE_TEMPLATE_INVOKE(metadata_tokens, __VA_ARGS__);           \
  TEST_CASE_TEMPLATE_INVOKE(metadata_query_limits, __VA_ARGS__);     \
  TEST_CASE_TEMPLATE_INVOKE(metadata_hostile, __VA_ARGS__);          \
  TEST_CASE_TEMPLATE_INVOKE(metadata_unicode, __VA_ARGS__)
