#pragma once

// Everything but asio.h, which names Boost.

#include <docupilot/base/version.h>
#include <docupilot/client.h>
#include <docupilot/metadata/memory_metadata.h>
#include <docupilot/metadata/sqlite_metadata.h>
#include <docupilot/search/sqlite_index.h>
#include <docupilot/store/local_store.h>
#include <docupilot/store/memory_store.h>
#include <docupilot/store/object_url.h>
#include <docupilot/summary/extractive_summarizer.h>
#include <docupilot/upload/downloader.h>
#include <docupilot/upload/uploader.h>
