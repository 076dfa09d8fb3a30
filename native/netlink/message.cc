#include "netlink/message.h"

#include <cstring>
#include <limits>

namespace slipway::netlink {

Status measure(const char* operation, const char* what, const std::string& text, std::size_t most) {
  if (text.size() > most) {
    return Failure::of(ENAMETOOLONG, operation,
                       std::string(what) + " of " + std::to_string(text.size()) + " bytes, where " +
                           std::to_string(most) + " are the most");
  }
  if (text.find('\0') != std::string::npos)
    return Failure::of(EINVAL, operation, std::string(what) + " with a NUL in it");
  return kOk;
}

Message::Message(char* room, std::size_t size, const char* operation, uint16_t type, uint16_t flags)
    : room_(room), size_(size), operation_(operation) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  append(&header, sizeof header);
}

void Message::fail(Status failure) {
  if (!status_) status_ = std::move(failure);
}

// Padded with zeros; null when there is no room.
char* Message::append(const void* bytes, std::size_t size) {
  std::size_t padded = NLMSG_ALIGN(size);
  if (status_) return nullptr;
  if (size > size_ || padded > size_ - used_) {
    fail(Failure::of(EMSGSIZE, operation_, "more than one message holds"));
    return nullptr;
  }
  char* at = room_ + used_;
  if (size > 0) std::memcpy(at, bytes, size);
  std::memset(at + size, 0, padded - size);
  used_ += padded;
  written()->nlmsg_len = static_cast<uint32_t>(used_);
  return at;
}

void Message::bytes(uint16_t type, const void* bytes, std::size_t size) {
  nlattr header{};
  if (size > std::numeric_limits<uint16_t>::max() - sizeof header) {
    fail(Failure::of(EMSGSIZE, operation_, "more than one attribute holds"));
    return;
  }
  header.nla_len = static_cast<uint16_t>(sizeof header + size);
  header.nla_type = type;
  append(&header, sizeof header);
  append(bytes, size);
}

void Message::text(uint16_t type, const char* what, const std::string& text, std::size_t most) {
  fail(measure(operation_, what, text, most));
  bytes(type, text.data(), text.size());
}

void Message::text_with_nul(uint16_t type, const char* what, const std::string& text, std::size_t most) {
  fail(measure(operation_, what, text, most));
  bytes(type, text.c_str(), text.size() + 1);
}

std::size_t Message::nest(uint16_t type) {
  std::size_t begin = used_;
  bytes(type | NLA_F_NESTED, nullptr, 0);
  return begin;
}

void Message::end(std::size_t nest) {
  if (status_) return;
  std::size_t size = used_ - nest;
  if (size > std::numeric_limits<uint16_t>::max()) {
    fail(Failure::of(EMSGSIZE, operation_, "more than one attribute holds"));
    return;
  }
  auto length = static_cast<uint16_t>(size);
  std::memcpy(room_ + nest + offsetof(nlattr, nla_len), &length, sizeof length);
}

}  // namespace slipway::netlink
