// As little netlink as a program needs that knows beforehand what it will send.
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <string>

namespace bench {

// Ends the program with a sentence: a floor that limps measures nothing.
[[noreturn]] void give_up(const std::string& what, int number);

// Messages that go to the kernel with one sendmsg.
class Messages {
 public:
  nlmsghdr* begin(uint16_t type, uint16_t flags);
  // Closes the last message and returns how much there is to send.
  std::size_t end();
  // Only the last that wants an ack gets one: refusals come unasked.
  void ack_last();
  void clear();

  char* data() { return buffer_; }
  nlmsghdr* last() { return last_; }
  unsigned acks() const { return acks_; }

 private:
  alignas(nlmsghdr) char buffer_[1 << 18];
  std::size_t used_ = 0;
  nlmsghdr* last_ = nullptr;
  unsigned acks_ = 0;
};

class Socket {
 public:
  // Bound for life to the namespace that the thread is in.
  explicit Socket(int protocol);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  // For transactions of hundreds of messages.
  void enlarge();
  // Sends the messages and reads the acks that they asked for.
  void talk(Messages& messages, const char* what);
  // The same with a sendmsg for each.
  void talk_one_by_one(Messages& messages, const char* what);
  // Number of the link that a message with NLM_F_ECHO has made last.
  uint32_t made() const { return made_; }
  int fd() const { return fd_; }

 private:
  void read_acks(unsigned count, const char* what);

  int fd_;
  uint32_t made_ = 0;
};

}  // namespace bench
