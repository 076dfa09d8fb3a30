// One netlink socket, bound for life to the network namespace of the thread that opened it.
#pragma once

#include <functional>

#include "base/failure.h"
#include "base/unique_fd.h"
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

  // The kernel answers within sendmsg, so an answer that is not there then is lost: no need to wait for it.
  Status expect_answers_at_once();

  // Sends the whole batch with one sendmsg.
  Status send(const Batch& batch);

  // Reads refusals until the answer to the last message, the only one that asked for an ack. The kernel goes on after a refused
  // message: what was not refused was done. Returns a failure of the socket itself only.
  Status collect(const Batch& batch, std::vector<Refusal>& refusals);

  // Reads refusals until the ack of the batch's last acknowledged message (`until`) or a refusal of the batch as such.
  Status collect_until(const Batch& batch, uint32_t until, std::vector<Refusal>& refusals);

  // Sends one request and hands every message of the answer to `each`, until the end of the dump or the ack.
  // A dump that the kernel could not do consistently (NLM_F_DUMP_INTR) ends with EINTR.
  Status request(nlmsghdr* message, const std::function<void(const nlmsghdr*)>& each);

  // Number of a link in the socket's namespace. An ioctl, as RTM_GETLINK would fill in all that a bridge is first.
  Status link_index(const std::string& name, int& index) const;

 private:
  Status receive(std::size_t& length);
  // Reads one datagram and hands over the acks in it that are for the batch: sequence number, origin, refusal if any.
  template <typename Each>
  Status receive_acks(const Batch& batch, const Each& each);

  UniqueFd fd_;
  std::vector<char> buffer_;
  uint32_t request_sequence_ = 0x80000000u;  // far from the batches' numbers
};

// The failure that an NLMSG_ERROR message carries; nothing when it is a plain ack.
Status read_ack(const nlmsghdr* message);

}  // namespace slipway::netlink
