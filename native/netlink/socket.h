// One netlink socket, bound for life to the network namespace of the thread that opened it.
#pragma once

#include <functional>

#include "base/failure.h"
#include "base/unique_fd.h"
#include "netlink/answer.h"
#include "netlink/batch.h"

namespace slipway::netlink {

// An answer of the kernel to one message of a batch.
struct Refusal {
  Origin origin;
  Failure failure;
};

class Socket {
 public:
  // Opens in the calling thread's namespace, with extended acks and buffers for large batches.
  static Status open(int protocol, Socket& socket);

  explicit operator bool() const { return static_cast<bool>(fd_); }
  // It has lost an answer, or got one that is none. What else may still come is not known: the socket is thrown away
  // and opened anew.
  bool surprised() const { return surprised_; }

  // The kernel answers within sendmsg, so an answer that is not there then is lost: no need to wait for it.
  Status expect_answers_at_once();

  // Sends the whole batch with one sendmsg, under numbers that this socket has not used before.
  Status send(Batch& batch);

  // Reads refusals until the answer to the last message, the only one that asked for an ack. The kernel goes on after a
  // refused message: what was not refused was done. Returns a failure of the socket itself only.
  Status collect(const Batch& batch, std::vector<Refusal>& refusals);

  // Of a batch that is done as a whole or not at all: reads refusals until the ack of its last acknowledged message
  // (`until`) or a refusal of the batch as such.
  Status collect_until(const Batch& batch, uint32_t until, std::vector<Refusal>& refusals);

  // Sends one request and hands every message of the answer to `each`, until the end of the dump or the ack.
  // A dump that the kernel could not do consistently (NLM_F_DUMP_INTR) ends with EINTR, one with a malformed answer
  // with EBADMSG.
  Status request(nlmsghdr* message, const std::function<void(Answer&)>& each);

  int fd() const { return fd_.get(); }
  // By which the kernel names who has asked; 0 where it does not say.
  uint32_t port() const;

  // Whether the kernel heeds what a dump's header asks for, and does not answer with all that there is. Kernels before
  // 4.20 never do.
  void heed_dump_headers(bool heed) const;

  // Number of a link in the socket's namespace. An ioctl, as RTM_GETLINK would fill in all that a bridge is first.
  Status link_index(const std::string& name, int& index) const;

 private:
  Status receive(std::size_t& length);
  // Hands over every message of one datagram, until `each` says that it is the last.
  template <typename Each>
  Status receive_messages(bool& ended, const Each& each);
  template <typename Each>
  Status read_messages(bool& ended, const Each& each);
  Status surprise(Failure failure);
  // Reads the acks that are for the batch, until `each` says that one is the last: sequence number, origin, refusal if
  // any.
  template <typename Each>
  Status receive_acks(const Batch& batch, const Each& each);

  UniqueFd fd_;
  std::vector<char> buffer_;
  uint32_t next_sequence_ = 1;
  bool surprised_ = false;
};

// The refusal that an NLMSG_ERROR message carries; nothing when it is a plain ack.
Status read_ack(Answer& answer);

}  // namespace slipway::netlink
