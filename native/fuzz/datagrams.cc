// libFuzzer: slots as JavaScript fills them, sent and filled anew. The first byte says how many are sent, the second
// how the kernel takes them; the rest is what stands at the beginning of each slot.
#include "host/datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using slipway::host::kLongestDatagram;
using slipway::host::kSlotMessage;
using slipway::host::kSlots;
using slipway::host::kSlotSize;
using slipway::host::kSlotsSize;

constexpr int kErrors[] = {EPERM, EAGAIN, EINVAL, EHOSTUNREACH};

uint8_t manner = 0;

// So many of what is given, as the kernel may take fewer, and none.
int some(unsigned count) {
  manner = static_cast<uint8_t>(manner * 5 + 3);
  if (manner % 4 == 0) {
    errno = kErrors[manner / 4 % std::size(kErrors)];
    return -1;
  }
  return static_cast<int>(1 + manner % count);
}

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" {

// The linker gives these names (--wrap): nothing leaves this process.
// NOLINTBEGIN(bugprone-reserved-identifier)
int __wrap_sendmmsg(int, mmsghdr* messages, unsigned count, int) {
  check(count > 0 && count <= kSlots);
  for (unsigned index = 0; index < count; ++index) {
    const msghdr& header = messages[index].msg_hdr;
    check(header.msg_iovlen == 1 && header.msg_iov->iov_len <= kLongestDatagram);
    // Each byte is read, so that ASan sees where it lies.
    std::vector<char> copy(header.msg_iov->iov_len + header.msg_namelen);
    std::memcpy(copy.data(), header.msg_iov->iov_base, header.msg_iov->iov_len);
    std::memcpy(copy.data() + header.msg_iov->iov_len, header.msg_name, header.msg_namelen);
  }
  return some(count);
}

int __wrap_recvmmsg(int, mmsghdr* messages, unsigned count, int, timespec*) {
  for (unsigned index = 0; index < count; ++index) {
    msghdr& header = messages[index].msg_hdr;
    std::memset(header.msg_iov->iov_base, manner, header.msg_iov->iov_len);
    std::memset(header.msg_name, manner, header.msg_namelen);
    messages[index].msg_len = static_cast<unsigned>(header.msg_iov->iov_len) / (1 + (manner + index) % 4);
    header.msg_flags = manner % 2 == 0 ? MSG_TRUNC : 0;
  }
  return some(count);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  manner = data[1];
  std::vector<uint8_t> slots(kSlotsSize);
  std::size_t left = size - 2;
  for (std::size_t index = 0; index < kSlots && left > 0; ++index) {
    std::size_t length = std::min(left, kSlotMessage);
    std::memcpy(slots.data() + index * kSlotSize, data + size - left, length);
    left -= length;
  }
  check(slipway::host::send_datagrams(0, slots.data(), data[0]) <= kSlots);
  std::size_t count = slipway::host::receive_datagrams(0, slots.data());
  check(count <= kSlots);
  for (std::size_t index = 0; index < count; ++index) {
    uint16_t length = 0;
    std::memcpy(&length, slots.data() + index * kSlotSize, sizeof length);
    check(length <= kLongestDatagram);
  }
  return 0;
}
