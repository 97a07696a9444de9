#include <docupilot/testing/fault_proxy.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include <cstdint>
#include <iostream>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace docupilot::testing;

namespace {

// The program under test: asks until it has a whole reply, at most three times. Returns its body, or nothing.
std::string fetch(std::uint16_t port) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const std::string request = "GET /greeting HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    std::string reply;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
        ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
      char room[4096];
      for (ssize_t count = 0; (count = ::recv(fd, room, sizeof room, 0)) > 0;) reply.append(room, room + count);
    }
    ::close(fd);
    const auto length = reply.find("Content-Length: ");
    const auto body = reply.find("\r\n\r\n");
    if (body == std::string::npos || length > body || !reply.starts_with("HTTP/1.1 200 ")) continue;
    if (reply.size() - body - 4 == std::stoul(reply.substr(length + 16))) return reply.substr(body + 4);
  }
  return {};
}

bool survives_an_overload_and_a_cut_reply() {
  ScriptedServer server;
  server.push({.reply = {.status = 503}});
  server.push({.reply = {.body = "hello"}, .faults = {Fault::reset(Fault::Place::reply_body, 3)}});
  server.push({.reply = {.body = "hello"}});
  const std::string text = fetch(server.port());
  const Record record = server.ledger().snapshot();
  return text == "hello" && record.requests.size() == 3 && record.faults_fired() == 1;
}

bool asks_again_when_a_reply_is_lost() {
  ScriptedServer real([](const RecordedRequest&) { return Script{.reply = {.body = "hello"}}; });
  FaultProxy proxy("127.0.0.1", real.port());
  proxy.script(0, {.faults = {Fault::close(Fault::Place::reply, 0)}, .server_first = true});
  const std::string text = fetch(proxy.port());
  return text == "hello" && real.ledger().snapshot().requests.size() == 2 && proxy.ledger().faults_fired() == 1;
}

bool speaks_tls_before_http() {
  const TestAuthority authority;
  ScriptedServer server({.tls = authority.server(TestAuthority::Kind::expired)});
  return fetch(server.port()).empty() && server.ledger().snapshot().requests.empty();
}

}  // namespace

int main() {
  std::cout << survives_an_overload_and_a_cut_reply() << asks_again_when_a_reply_is_lost() << speaks_tls_before_http()
            << '\n';
}
