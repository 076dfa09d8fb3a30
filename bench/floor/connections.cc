#include "connections.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "netlink.h"
#include "since.h"

namespace bench {
namespace {

// As many wait for an answer at a time.
constexpr int kClients = 4;

void enter(const std::string& path) {
  int netns = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (netns < 0) give_up(path, errno);
  if (setns(netns, CLONE_NEWNET) != 0) give_up("setns " + path, errno);
  close(netns);
}

sockaddr_in place(const std::string& address, uint16_t port) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &place.sin_addr) != 1) give_up(address, EINVAL);
  return place;
}

// Says a byte and hangs up, until the socket is shut down.
void serve(int server) {
  for (;;) {
    int client = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0 && errno == EINVAL) return;
    if (client < 0) continue;
    send(client, "!", 1, MSG_NOSIGNAL);
    close(client);
  }
}

int64_t fetch(const sockaddr_in& target, Clock::time_point end) {
  // Closed by a reset, so that no port waits for two minutes before it is used again.
  linger reset{1, 0};
  int64_t count = 0;
  while (Clock::now() < end) {
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0) give_up("socket", errno);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    char byte;
    if (connect(client, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0 &&
        recv(client, &byte, 1, 0) == 1)
      ++count;
    close(client);
  }
  return count;
}

}  // namespace

Connections connect_for(double seconds, const std::string& server_netns, const std::string& client_netns,
                        const std::string& host, uint16_t port, uint16_t container_port) {
  int server = -1;
  std::thread([&] {
    enter(server_netns);
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in any = place("0.0.0.0", container_port);
    if (bind(server, reinterpret_cast<sockaddr*>(&any), sizeof any) != 0) give_up("bind in the sandbox", errno);
    if (listen(server, 128) != 0) give_up("listen in the sandbox", errno);
  }).join();
  std::thread serving(serve, server);

  auto began = Clock::now();
  auto end = began + std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  std::atomic<int64_t> count = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      enter(client_netns);
      count += fetch(place(host, port), end);
    });
  }
  for (std::thread& client : clients) client.join();
  auto took = since(began);
  shutdown(server, SHUT_RDWR);
  serving.join();
  close(server);
  return {count, took};
}

}  // namespace bench
