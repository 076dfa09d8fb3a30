// A run of netlink messages in one buffer, sent with one sendmsg. Every message remembers which operation
// of the plan it serves, so that an ack's sequence number leads back to it.
#pragma once

#include <libmnl/libmnl.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace slipway::netlink {

// Which operation of a plan a message serves; `part` counts the elements of one operation.
struct Origin {
  uint32_t operation = 0;
  uint32_t part = 0;
};

class Batch {
 public:
  // Room that begin() guarantees for one message. The largest we send (a rule with a comment, an element of
  // two concatenations) stays well below 4 KiB; JavaScript bounds every string before it gets here.
  static constexpr std::size_t kMessageRoom = 8192;

  // Starts a message; the pointer is good until the next begin().
  nlmsghdr* begin(uint16_t type, uint16_t flags, Origin origin);
  // Room and sequence number for a message that a library writes header and all; follow with commit().
  char* reserve(Origin origin);
  uint32_t sequence() const { return first_sequence_ + static_cast<uint32_t>(origins_.size()) - 1; }
  // Ends the message that begin() or reserve() started.
  void commit();

  bool empty() const { return origins_.empty(); }
  std::size_t count() const { return origins_.size(); }
  const char* data() const { return buffer_.data(); }
  std::size_t size() const { return used_; }
  uint32_t first_sequence() const { return first_sequence_; }
  uint32_t last_sequence() const { return sequence(); }
  const Origin* origin(uint32_t sequence) const;
  nlmsghdr* last() { return reinterpret_cast<nlmsghdr*>(buffer_.data() + last_offset_); }

  // Leaves the wish for an ack to the last message alone: each is a datagram for the kernel to make and for us to read.
  void ack_last();

  // Forgets the messages, keeps the memory and goes on counting: a late ack never meets a new message's number.
  void clear();

 private:
  std::vector<char> buffer_;
  std::vector<Origin> origins_;
  std::size_t used_ = 0;
  std::size_t last_offset_ = 0;
  uint32_t first_sequence_ = 1;
};

}  // namespace slipway::netlink
