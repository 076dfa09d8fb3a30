// A run of netlink messages in one buffer, sent with one sendmsg. Every message remembers which operation
// of the plan it serves, so that an ack's sequence number leads back to it.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlink/message.h"

namespace slipway::netlink {

// Which operation of a plan a message serves; `part` counts the elements of one operation.
struct Origin {
  uint32_t operation = 0;
  uint32_t part = 0;
};

class Batch {
 public:
  // Room for one message. The largest we send (an element of two concatenations, with a comment) stays well below 4
  // KiB.
  static constexpr std::size_t kMessageRoom = 8192;
  // The kernel takes a batch only whole, and no larger one than the send buffer of its socket.
  static constexpr std::size_t kMostBytes = 32 * 1024 * 1024;

  // Starts a message, which is good until the next; `operation` is the name that a failure of it bears.
  Message begin(const char* operation, uint16_t type, uint16_t flags, Origin origin);
  // Ends it. One that failed is not in the batch.
  Status commit(const Message& message);
  // EMSGSIZE where the kernel would not take one message more: known before memory is asked for.
  Status room(const char* operation) const;

  // For a message that a library writes, header and all, and does not measure: `room` holds whatever it may write.
  char* reserve(Origin origin, std::size_t room);
  // Numbered from 1 until the batch is sent.
  uint32_t sequence() const { return first_sequence_ + static_cast<uint32_t>(origins_.size()) - 1; }
  void commit_reserved();

  // What is in the batch so far, and back to it: an operation is written with all its messages or with none.
  struct Mark {
    std::size_t count, used, last_offset;
  };
  Mark mark() const { return {origins_.size(), used_, last_offset_}; }
  void back_to(const Mark& mark);

  nlmsghdr* last() { return reinterpret_cast<nlmsghdr*>(buffer_.data() + last_offset_); }
  bool empty() const { return origins_.empty(); }
  std::size_t count() const { return origins_.size(); }
  const char* data() const { return buffer_.data(); }
  std::size_t size() const { return used_; }
  uint32_t first_sequence() const { return first_sequence_; }
  uint32_t last_sequence() const { return sequence(); }
  const Origin* origin(uint32_t sequence) const;

  // Asks for an ack of the last message.
  void acknowledge_last() { last()->nlmsg_flags |= NLM_F_ACK; }
  // Leaves the wish for an ack to the last message alone: each is a datagram for the kernel to make and for us to read.
  void ack_last();
  // Gives the messages the numbers from `first` on: the socket that sends them counts.
  void number(uint32_t first);

  // Forgets the messages and keeps the memory.
  void clear();

 private:
  template <typename Each>
  void for_each(const Each& each);

  std::vector<char> buffer_;
  std::vector<Origin> origins_;
  std::size_t used_ = 0;
  std::size_t last_offset_ = 0;
  std::size_t room_ = 0;  // of the message at hand
  uint32_t first_sequence_ = 1;
};

}  // namespace slipway::netlink
