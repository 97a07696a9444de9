#pragma once

// The one place that includes RapidJSON, in a namespace of our own so that a program with another version of it can
// link this library. Parsing is iterative: the default recursion overflows the stack on nested input.
#define RAPIDJSON_NAMESPACE docupilot_rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN namespace docupilot_rapidjson {
#define RAPIDJSON_NAMESPACE_END }
#define RAPIDJSON_HAS_STDSTRING 1

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#ifdef __clang__
// Its empty stacks add an offset to a null pointer, only to find that they must grow.
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#ifdef __clang__
#pragma clang attribute pop
#endif
#pragma GCC diagnostic pop
