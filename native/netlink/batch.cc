#include "netlink/batch.h"

#include <cstring>

namespace slipway::netlink {

char* Batch::reserve(Origin origin) {
  if (buffer_.size() < used_ + kMessageRoom) buffer_.resize((used_ + kMessageRoom) * 2);
  std::memset(buffer_.data() + used_, 0, sizeof(nlmsghdr));
  last_offset_ = used_;
  origins_.push_back(origin);
  return buffer_.data() + used_;
}

nlmsghdr* Batch::begin(uint16_t type, uint16_t flags, Origin origin) {
  nlmsghdr* header = mnl_nlmsg_put_header(reserve(origin));
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence();
  return header;
}

void Batch::commit() { used_ = last_offset_ + MNL_ALIGN(last()->nlmsg_len); }

void Batch::ack_last() {
  for (std::size_t at = 0; at < last_offset_;) {
    auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data() + at);
    message->nlmsg_flags &= static_cast<uint16_t>(~NLM_F_ACK);
    at += MNL_ALIGN(message->nlmsg_len);
  }
  last()->nlmsg_flags |= NLM_F_ACK;
}

const Origin* Batch::origin(uint32_t sequence) const {
  uint32_t index = sequence - first_sequence_;
  return index < origins_.size() ? &origins_[index] : nullptr;
}

void Batch::clear() {
  first_sequence_ += static_cast<uint32_t>(origins_.size());
  origins_.clear();
  used_ = 0;
  last_offset_ = 0;
}

}  // namespace slipway::netlink
