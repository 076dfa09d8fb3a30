#include "netlink/news.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace slipway::netlink {
namespace {

// What the kernel says of one thing, with room to spare: it sends no longer datagram unasked.
constexpr std::size_t kDatagramBytes = 32 * 1024;
// So many are read at a time: the event loop has other work, too.
constexpr int kDatagrams = 64;
// And so many where it rests after that: a thousand links may go at once.
constexpr int kDatagramsBeforeRest = 4096;
// What a socket holds of datagrams is less.
constexpr int kLostDatagrams = 4096;

}  // namespace

Status News::open(int protocol, std::initializer_list<int> groups, const sock_fprog* filter, int room) {
  UniqueFd opened(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!opened) return Failure::last("socket");
  // Connected to the kernel, it takes nothing that another process sends to its port.
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (connect(opened.get(), reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) != 0) return Failure::last("connect");
  if (filter != nullptr && setsockopt(opened.get(), SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) != 0)
    return Failure::last("setsockopt");
  if (room > 0 && setsockopt(opened.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    setsockopt(opened.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  for (int group : groups) {
    if (setsockopt(opened.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return Failure::last("setsockopt");
  }
  fd_ = std::move(opened);
  return kOk;
}

Status News::filter(const sock_fprog& filter) {
  if (setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    return Failure::last("setsockopt");
  return kOk;
}

bool News::read(std::set<std::string>& told) {
  alignas(nlmsghdr) std::array<char, kDatagramBytes> room;
  bool lost = false;
  bool more = true;
  for (int left = rest() > 0 ? kDatagramsBeforeRest : kDatagrams; left > 0 && more; --left) {
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    ssize_t received =
        recvfrom(fd_.get(), room.data(), room.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &size);
    int error = received < 0 ? errno : 0;
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    auto length = static_cast<std::size_t>(received);
    bool ours = size == sizeof sender && sender.nl_pid == 0;
    if (error == ENOBUFS || (error == 0 && ours && length > room.size())) {
      // What is there still is older than what was lost, and is read to its end.
      lost = true;
      left = kLostDatagrams;
    } else if (error == 0) {
      if (ours && !lost) read_datagram(room.data(), length, told);
    } else if (error != EINTR) {
      more = false;
    }
  }
  if (lost || !more) miss(told);
  return more;
}

void News::read_datagram(const char* at, std::size_t size, std::set<std::string>& told) {
  while (size > 0) {
    const nlmsghdr* message = message_at(at, size);
    if (message == nullptr) return;
    Answer news(message);
    hear(news, told);
    std::size_t step = step_over(message, size);
    at += step;
    size -= step;
  }
}

}  // namespace slipway::netlink
