#pragma once

// What a C++ block of the documentation may take for granted; check_docs.py compiles each one behind this.
#include <docupilot/docupilot.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace docupilot;  // NOLINT(google-build-using-namespace): as in the reader's own program

extern Client client;   // an open library
extern std::string id;  // of a document in it
extern std::string text, title;
void report(const Error& error);
void show(const std::string& line);
