#pragma once

// The rows of this folder run twice: in faults_tests before an S3 in memory, and in live_tests before real servers.
#ifdef DOCUPILOT_LIVE_SERVERS

#include "live/s3_live.h"

TYPE_TO_STRING_AS("MinioServer", docupilot_test::MinioServer);
TYPE_TO_STRING_AS("VersitygwServer", docupilot_test::VersitygwServer);
#define UPLOAD_SERVERS docupilot_test::MinioServer, docupilot_test::VersitygwServer

namespace docupilot_test {
/// One that answers every sound request, however it was treated before: none of these is sure to.
using StrictServer = void;

template <class Server>
bool is_there(const Server& /*server*/) {
  return !Server::options().endpoint.empty();
}
}  // namespace docupilot_test

#else

#include <doctest/doctest.h>

#include "faults/upload/memory_server.h"

TYPE_TO_STRING_AS("MemoryServer", docupilot_test::MemoryServer);
#define UPLOAD_SERVERS docupilot_test::MemoryServer

namespace docupilot_test {
using StrictServer = MemoryServer;
}  // namespace docupilot_test

#endif
