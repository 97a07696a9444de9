#pragma once

// Marks what the shared library exports. Everything else is hidden, by compiler flag and by linker
// version script; see docs/decisions/0002-symbols.md.
#if defined(DOCUPILOT_STATIC)
#define DOCUPILOT_EXPORT
#elif defined(_WIN32)
#if defined(DOCUPILOT_BUILDING)
#define DOCUPILOT_EXPORT __declspec(dllexport)
#else
#define DOCUPILOT_EXPORT __declspec(dllimport)
#endif
#else
#define DOCUPILOT_EXPORT __attribute__((visibility("default")))
#endif
