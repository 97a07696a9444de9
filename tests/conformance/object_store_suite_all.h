#pragma once

#include "object_store_keys_suite.h"
#include "object_store_multipart_suite.h"
#include "object_store_portable_suite.h"
#include "object_store_suite.h"

/// Runs every case of the suite for the builder types given, at the top of a file that says `using namespace
/// docupilot_test`.
#define DOCUPILOT_OBJECT_STORE_SUITE(...)                          \
  TEST_CASE_TEMPLATE_INVOKE(object_store_objects, __VA_ARGS__);    \
  TEST_CASE_TEMPLATE_INVOKE(object_store_transfers, __VA_ARGS__);  \
  TEST_CASE_TEMPLATE_INVOKE(object_store_ranges, __VA_ARGS__);     \
  TEST_CASE_TEMPLATE_INVOKE(object_store_conditions, __VA_ARGS__); \
  TEST_CASE_TEMPLATE_INVOKE(object_store_durability, __VA_ARGS__); \
  TEST_CASE_TEMPLATE_INVOKE(object_store_keys, __VA_ARGS__);       \
  TEST_CASE_TEMPLATE_INVOKE(object_store_listing, __VA_ARGS__);    \
  TEST_CASE_TEMPLATE_INVOKE(object_store_portable, __VA_ARGS__);   \
  TEST_CASE_TEMPLATE_INVOKE(object_store_multipart, __VA_ARGS__)
