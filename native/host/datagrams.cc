#include "host/datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace slipway::host {
namespace {

static_assert(kSlotAddress + sizeof(sockaddr_in6) <= kSlotMessage);
static_assert(kLongestDatagram <= UINT16_MAX);

// What the kernel is told of each slot.
struct Messages {
  std::array<mmsghdr, kSlots> headers{};
  std::array<iovec, kSlots> parts{};

  void add(std::size_t index, uint8_t* slot, std::size_t length, socklen_t address_length) {
    parts[index] = {slot + kSlotMessage, length};
    msghdr& header = headers[index].msg_hdr;
    header.msg_name = slot + kSlotAddress;
    header.msg_namelen = address_length;
    header.msg_iov = &parts[index];
    header.msg_iovlen = 1;
  }
};

uint16_t read_word(const uint8_t* at) {
  uint16_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

socklen_t length_of_address(const uint8_t* slot) {
  return read_word(slot + kSlotAddress) == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

}  // namespace

std::size_t receive_datagrams(int fd, uint8_t* slots) {
  Messages messages;
  for (std::size_t index = 0; index < kSlots; ++index)
    messages.add(index, slots + index * kSlotSize, kLongestDatagram, sizeof(sockaddr_in6));
  int count = recvmmsg(fd, messages.headers.data(), kSlots, MSG_DONTWAIT, nullptr);
  if (count < 0) return 0;
  for (std::size_t index = 0; index < static_cast<std::size_t>(count); ++index) {
    uint8_t* slot = slots + index * kSlotSize;
    auto length = static_cast<uint16_t>(messages.headers[index].msg_len);
    std::memcpy(slot, &length, sizeof length);
    slot[kSlotCut] = (messages.headers[index].msg_hdr.msg_flags & MSG_TRUNC) != 0 ? 1 : 0;
  }
  return static_cast<std::size_t>(count);
}

std::size_t send_datagrams(int fd, uint8_t* slots, std::size_t count) {
  count = std::min(count, kSlots);
  Messages messages;
  for (std::size_t index = 0; index < count; ++index) {
    uint8_t* slot = slots + index * kSlotSize;
    std::size_t length = std::min<std::size_t>(read_word(slot), kLongestDatagram);
    messages.add(index, slot, length, length_of_address(slot));
  }
  std::size_t sent = 0;
  for (std::size_t at = 0; at < count;) {
    int done = sendmmsg(fd, &messages.headers[at], static_cast<unsigned>(count - at), MSG_DONTWAIT);
    if (done > 0) sent += static_cast<std::size_t>(done);
    if (done < 0 && (errno == EAGAIN || errno == ENOBUFS)) break;
    // The kernel stops at the one that it refuses, and says why only when that is the first.
    at += done > 0 ? static_cast<std::size_t>(done) : 1;
  }
  return sent;
}

}  // namespace slipway::host
