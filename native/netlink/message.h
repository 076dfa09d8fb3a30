// Writing a message. It cannot be written past its room: what does not fit, or is longer than the kernel takes it,
// makes the message fail, and neither overwrites what lies behind nor is cut off.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include "base/failure.h"

namespace slipway::netlink {

// Fails where a text is longer than `most` bytes (ENAMETOOLONG), or ends for the kernel before its end (EINVAL).
// `operation` and `what` are literals: "link.create", "name".
Status measure(const char* operation, const char* what, const std::string& text, std::size_t most);

class Message {
 public:
  // `room` is aligned as an nlmsghdr, and longer than one.
  Message(char* room, std::size_t size, const char* operation, uint16_t type, uint16_t flags);

  // A fixed header.
  template <typename Header>
  void header(const Header& header) {
    static_assert(std::is_trivially_copyable_v<Header>);
    append(&header, sizeof header);
  }
  void u8(uint16_t type, uint8_t value) { bytes(type, &value, sizeof value); }
  void u16(uint16_t type, uint16_t value) { bytes(type, &value, sizeof value); }
  void u32(uint16_t type, uint32_t value) { bytes(type, &value, sizeof value); }
  void bytes(uint16_t type, const void* bytes, std::size_t size);
  // Of `most` bytes at most; with its NUL, which counts for none, or without.
  void text(uint16_t type, const char* what, const std::string& text, std::size_t most);
  void text_with_nul(uint16_t type, const char* what, const std::string& text, std::size_t most);
  // Where the nest begins, for end().
  std::size_t nest(uint16_t type);
  void end(std::size_t nest);

  nlmsghdr* written() { return reinterpret_cast<nlmsghdr*>(room_); }
  // What went wrong first.
  const Status& status() const { return status_; }

 private:
  char* append(const void* bytes, std::size_t size);
  void fail(Status failure);

  char* room_;
  std::size_t size_;
  const char* operation_;
  std::size_t used_ = 0;
  Status status_;
};

}  // namespace slipway::netlink
