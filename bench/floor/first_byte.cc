#include "first_byte.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "netlink.h"

namespace bench {
namespace {

sockaddr_in place(uint32_t address, uint16_t port) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(address);
  place.sin_port = htons(port);
  return place;
}

void check(bool good, const char* what) {
  if (!good) give_up(what, errno);
}

}  // namespace

int listen_in(int netns, int home, uint16_t container_port) {
  check(setns(netns, CLONE_NEWNET) == 0, "setns");
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any = place(INADDR_ANY, container_port);
  check(bind(server, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0, "bind in the sandbox");
  check(listen(server, 1) == 0, "listen in the sandbox");
  check(setns(home, CLONE_NEWNET) == 0, "setns");
  return server;
}

int listen_inside(const std::string& path, int home, uint16_t container_port) {
  int netns = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (netns < 0) give_up(path, errno);
  int server = listen_in(netns, home, container_port);
  close(netns);
  return server;
}

void byte_from(int server, uint16_t host_port) {
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in published = place(INADDR_LOOPBACK, host_port);
  check(connect(client, reinterpret_cast<sockaddr*>(&published), sizeof published) == 0,
        "connect to the published port");
  int served = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
  char byte = '!';
  check(send(served, &byte, 1, 0) == 1, "send from the sandbox");
  check(recv(client, &byte, 1, 0) == 1, "receive from the sandbox");
  close(client);
  close(served);
}

void first_byte(int netns, int home, uint16_t host_port, uint16_t container_port) {
  int server = listen_in(netns, home, container_port);
  byte_from(server, host_port);
  close(server);
}

}  // namespace bench
