#include "fuzz/kernel.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

std::vector<char> datagram;
bool given = true;
void* last_into = nullptr;
std::size_t last_room = 0;
uint32_t requested = 0;

}  // namespace

extern "C" {

// The linker gives these names (--wrap).
// NOLINTBEGIN(bugprone-reserved-identifier)
ssize_t __wrap_send(int, const void* message, std::size_t size, int) {
  if (size >= sizeof(nlmsghdr)) requested = static_cast<const nlmsghdr*>(message)->nlmsg_seq;
  return static_cast<ssize_t>(size);
}

ssize_t __wrap_recvfrom(int, void* into, std::size_t room, int, sockaddr* from, socklen_t* from_size) {
  if (given) {
    // The datagram has been read. Where it lay in a function's own room, that is another's soon.
    ASAN_UNPOISON_MEMORY_REGION(last_into, last_room);
    errno = EAGAIN;
    return -1;
  }
  given = true;
  char* at = datagram.data();
  for (std::size_t left = datagram.size(); const nlmsghdr* message = slipway::netlink::message_at(at, left);) {
    reinterpret_cast<nlmsghdr*>(at)->nlmsg_seq = requested + message->nlmsg_seq % 4;
    std::size_t step = slipway::netlink::step_over(message, left);
    at += step;
    left -= step;
  }
  std::size_t size = std::min(room, datagram.size());
  // The room is larger: what is read behind the datagram's end is an error all the same.
  ASAN_UNPOISON_MEMORY_REGION(into, room);
  std::copy_n(datagram.data(), size, static_cast<char*>(into));
  last_into = into;
  last_room = room;
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(into) + size, room - size);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  std::memcpy(from, &kernel, sizeof kernel);
  *from_size = sizeof kernel;
  return static_cast<ssize_t>(datagram.size());
}

// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"

namespace slipway::fuzz {

void answer_with(const uint8_t* data, std::size_t size) {
  datagram.assign(data, data + size);
  given = false;
}

netlink::Socket& socket() {
  static netlink::Socket* opened = [] {
    auto* one = new netlink::Socket();
    if (netlink::Socket::open(NETLINK_ROUTE, *one)) std::abort();
    return one;
  }();
  return *opened;
}

}  // namespace slipway::fuzz
