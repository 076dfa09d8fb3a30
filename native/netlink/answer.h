// Reading what the kernel answers. Every length is looked at before what it measures: a header or an attribute of
// another length than the kernel's makes the whole answer malformed (EBADMSG). It is not passed over, because half an
// answer (a link without its alias, an address of zeros) would be taken for a whole one, and acted upon.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace slipway::netlink {

// The message that begins there, where it lies whole in `size` bytes; null where it does not. (libmnl takes lengths for
// signed numbers: one from 2^31 on is less than any room to it.)
inline const nlmsghdr* message_at(const char* at, std::size_t size) {
  auto* message = reinterpret_cast<const nlmsghdr*>(at);
  bool whole = size >= sizeof(nlmsghdr) && message->nlmsg_len >= sizeof(nlmsghdr) && message->nlmsg_len <= size;
  return whole ? message : nullptr;
}

// How far the next message is, or the end.
inline std::size_t step_over(const nlmsghdr* message, std::size_t size) {
  return std::min(NLMSG_ALIGN(static_cast<std::size_t>(message->nlmsg_len)), size);
}

// Walks attributes that lie in `size` bytes; false when one of them reaches past the end. What is left behind the last,
// shorter than the header of one, is padding.
template <typename Each>
bool walk_attributes(const char* at, std::size_t size, const Each& each) {
  while (size >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, at, sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > size) return false;
    each(static_cast<uint16_t>(header.nla_type & NLA_TYPE_MASK), at + sizeof header, header.nla_len - sizeof header);
    std::size_t step = NLA_ALIGN(static_cast<std::size_t>(header.nla_len));
    if (step >= size) break;
    at += step;
    size -= step;
  }
  return true;
}

// One attribute. What is read of one with a wrong length is zeros, and its answer is malformed.
class Attribute {
 public:
  Attribute(uint16_t type, const char* payload, std::size_t size, bool& malformed)
      : type_(type), payload_(payload), size_(size), malformed_(malformed) {}

  uint16_t type() const { return type_; }
  std::size_t size() const { return size_; }

  uint8_t u8() const { return exactly<uint8_t>(); }
  uint16_t u16() const { return exactly<uint16_t>(); }
  uint32_t u32() const { return exactly<uint32_t>(); }
  uint64_t u64() const { return exactly<uint64_t>(); }
  // As it came, for one who measures it.
  std::string_view view() const { return {payload_, size_}; }
  // A text, with or without its NUL.
  std::string text() const { return std::string(payload_, strnlen(payload_, size_)); }
  // Exactly `size` bytes.
  void bytes(void* into, std::size_t size) const {
    if (size_ == size) {
      std::memcpy(into, payload_, size);
    } else {
      malformed_ = true;
    }
  }
  // A structure that grows with the kernel's version: as much of it as both know, `least` bytes or more.
  template <typename Structure>
  Structure structure(std::size_t least) const {
    Structure value{};
    if (size_ < least) malformed_ = true;
    else std::memcpy(&value, payload_, std::min(size_, sizeof value));
    return value;
  }
  template <typename Each>
  void each(const Each& each) const {
    bool whole = walk_attributes(payload_, size_, [&](uint16_t type, const char* payload, std::size_t size) {
      each(Attribute(type, payload, size, malformed_));
    });
    if (!whole) malformed_ = true;
  }

 private:
  template <typename Number>
  Number exactly() const {
    Number number{};
    bytes(&number, sizeof number);
    return number;
  }

  uint16_t type_;
  const char* payload_;
  std::size_t size_;
  bool& malformed_;
};

// One message, which lies whole in its buffer (message_at).
class Answer {
 public:
  explicit Answer(const nlmsghdr* message) : message_(message) {}

  const nlmsghdr* message() const { return message_; }
  uint16_t type() const { return message_->nlmsg_type; }

  // The fixed header, and the attributes behind it.
  template <typename Header>
  Header header() {
    static_assert(std::is_trivially_copyable_v<Header>);
    Header header{};
    if (size() < sizeof header) malformed_ = true;
    else std::memcpy(&header, payload(), sizeof header);
    return header;
  }
  template <typename Header, typename Each>
  void each(const Each& each) {
    walk(sizeof(Header), each);
  }
  // Attributes from `offset` of the payload on.
  template <typename Each>
  void walk(std::size_t offset, const Each& each) {
    offset = NLMSG_ALIGN(offset);
    if (offset >= size()) return;
    bool whole =
        walk_attributes(payload() + offset, size() - offset, [&](uint16_t type, const char* bytes, std::size_t length) {
          each(Attribute(type, bytes, length, malformed_));
        });
    if (!whole) malformed_ = true;
  }

  void reject() { malformed_ = true; }
  bool malformed() const { return malformed_; }

 private:
  const char* payload() const { return reinterpret_cast<const char*>(message_) + NLMSG_HDRLEN; }
  std::size_t size() const { return message_->nlmsg_len - NLMSG_HDRLEN; }

  const nlmsghdr* message_;
  bool malformed_ = false;
};

}  // namespace slipway::netlink
