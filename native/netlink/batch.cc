#include "netlink/batch.h"

#include <cstdlib>
#include <cstring>

namespace slipway::netlink {

char* Batch::reserve(Origin origin, std::size_t room) {
  if (buffer_.size() < used_ + room) buffer_.resize((used_ + room) * 2);
  origins_.push_back(origin);
  std::memset(buffer_.data() + used_, 0, sizeof(nlmsghdr));
  room_ = room;
  return buffer_.data() + used_;
}

Message Batch::begin(const char* operation, uint16_t type, uint16_t flags, Origin origin) {
  Message message(reserve(origin, kMessageRoom), kMessageRoom, operation, type, flags);
  message.written()->nlmsg_seq = sequence();
  return message;
}

Status Batch::commit(const Message& message) {
  if (message.status()) {
    origins_.pop_back();
    return message.status();
  }
  commit_reserved();
  return kOk;
}

Status Batch::room(const char* operation) const {
  return used_ < kMostBytes ? kOk : Status(Failure::of(EMSGSIZE, operation, "more than one transaction holds"));
}

void Batch::commit_reserved() {
  last_offset_ = used_;
  // A library has written where it must not: whatever lies there cannot be trusted any more.
  if (last()->nlmsg_len > room_) std::abort();
  used_ += NLMSG_ALIGN(last()->nlmsg_len);
}

void Batch::back_to(const Mark& mark) {
  origins_.resize(mark.count);
  used_ = mark.used;
  last_offset_ = mark.last_offset;
}

template <typename Each>
void Batch::for_each(const Each& each) {
  for (std::size_t at = 0; at < used_;) {
    auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data() + at);
    each(*message);
    at += NLMSG_ALIGN(message->nlmsg_len);
  }
}

void Batch::ack_last() {
  for_each([](nlmsghdr& message) { message.nlmsg_flags &= static_cast<uint16_t>(~NLM_F_ACK); });
  acknowledge_last();
}

void Batch::number(uint32_t first) {
  first_sequence_ = first;
  for_each([&](nlmsghdr& message) { message.nlmsg_seq = first++; });
}

const Origin* Batch::origin(uint32_t sequence) const {
  uint32_t index = sequence - first_sequence_;
  return index < origins_.size() ? &origins_[index] : nullptr;
}

void Batch::clear() {
  first_sequence_ = 1;
  origins_.clear();
  used_ = 0;
  last_offset_ = 0;
}

}  // namespace slipway::netlink
