// 4. When things go wrong.
//
// A call that can fail returns a Result: the value, or an Error that a program can branch on (its code) and a person
// can act on (its hint). Nothing is thrown unless you ask for it with value(). This program fails on purpose.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stop_token>
#include <string>
#include <thread>

#include <docupilot/docupilot.h>

using docupilot::Client;
using docupilot::Error;
using docupilot::ErrorCode;
using namespace std::chrono_literals;

void show(const char* what, const Error& error) {
  std::printf("%s\n  code     %s%s\n  message  %s\n", what, std::string(to_string(error.code())).c_str(),
              error.retryable() ? " (may work later)" : "", error.message().c_str());
  if (!error.target().empty()) std::printf("  target   %s\n", error.target().c_str());
  if (!error.hint().empty()) std::printf("  hint     %s\n", error.hint().c_str());
  std::printf("\n");
}

int main() {
  auto client = Client::open("memory:").value();

  // A file that is not there.
  auto missing = client.ingest("/no/such/file.txt");
  if (!missing) show("Ingesting a missing file", missing.error());

  // Codes are few and say what you can do, so a switch over them stays short.
  auto unknown = client.document("nobody");
  if (!unknown && unknown.error().code() == ErrorCode::not_found) {
    std::printf("A document that is not there: not_found, so this program would make it now.\n\n");
  }

  // A filter that makes no sense says where.
  auto filter = docupilot::parse_filter("size > > 3");
  if (!filter) show("Reading a bad filter", filter.error());

  // Every call that may wait takes a deadline and a stop token. Here both end a read from a pipe that stays silent.
  int silent[2] = {-1, -1};
  if (pipe(silent) != 0) return 1;
  auto from_pipe = docupilot::fd_source(silent[0], "silent").value();
  auto late = client.ingest(*from_pipe, {}, {.deadline = docupilot::Deadline::after(50ms)});
  if (!late) show("Waiting for at most 50 ms", late.error());

  auto again = docupilot::fd_source(silent[0], "silent").value();
  std::jthread waiting([&](const std::stop_token& stop) {
    auto stopped = client.ingest(*again, {}, {.stop = stop});
    if (!stopped) show("Stopped by another thread", stopped.error());
  });
  waiting.request_stop();
  waiting.join();
  close(silent[0]);
  close(silent[1]);

  // Who prefers exceptions has them: value() throws docupilot::Exception, which holds the same Error.
  try {
    (void)client.document("nobody").value();
  } catch (const docupilot::Exception& exception) {
    std::printf("Thrown by value(): %s\n", exception.what());
  }
}
