#include "netlink/socket.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "base/guard.h"

namespace slipway::netlink {
namespace {

// nf_tables takes a transaction only whole, in one sendmsg: 1,000 published ports are 0.3 MB.
constexpr int kBufferBytes = 16 * 1024 * 1024;
static_assert(Batch::kMostBytes == 2 * kBufferBytes);  // the kernel counts twice of what is asked for
// The largest datagram the kernel sends in a dump is 32 KiB.
constexpr std::size_t kReceiveBytes = 64 * 1024;
// The kernel answers within sendmsg, and goes on with a dump within recvmsg: what is not there then never will be. Undo
// may have to find that out for one operation after the other.
constexpr timeval kPatience{1, 0};
// MAX_ERRNO of linux/err.h
constexpr int kMaxErrno = 4095;

void enlarge(int fd, int forced, int plain) {
  // Without CAP_NET_ADMIN in the initial user namespace only the plain option works, up to net.core.*mem_max.
  if (setsockopt(fd, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0) {
    setsockopt(fd, SOL_SOCKET, plain, &kBufferBytes, sizeof kBufferBytes);
  }
}

}  // namespace

Status Socket::open(int protocol, Socket& socket) {
  socket = Socket();
  UniqueFd opened(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!opened) return Failure::last("socket");
  int fd = opened.get();
  int on = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
  enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  // Connected to the kernel, it takes nothing from others: a process in a sandbox that sends to our socket there is
  // refused, and cannot fill its buffer. What comes in the instant in which connect() has given it a port and does not
  // yet take it for connected is skipped by receive().
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (connect(fd, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) != 0) return Failure::last("connect");
  socket.buffer_.resize(kReceiveBytes);
  socket.fd_ = std::move(opened);
  return kOk;
}

uint32_t Socket::port() const {
  sockaddr_nl own{};
  socklen_t size = sizeof own;
  return getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&own), &size) == 0 ? own.nl_pid : 0;
}

Status Socket::expect_answers_at_once() {
  int flags = fcntl(fd_.get(), F_GETFL);
  if (flags < 0 || fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK) != 0) return Failure::last("fcntl");
  return kOk;
}

Status Socket::surprise(Failure failure) {
  surprised_ = true;
  return failure;
}

Status Socket::send(Batch& batch) {
  batch.number(next_sequence_);
  next_sequence_ += static_cast<uint32_t>(batch.count());
  ssize_t sent;
  do { sent = ::send(fd_.get(), batch.data(), batch.size(), 0); } while (sent < 0 && errno == EINTR);
  if (sent < 0) return Failure::last("sendmsg");
  return kOk;
}

Status Socket::receive(std::size_t& length) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kPatience.tv_sec);
  ssize_t received;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    received =
        recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &size);
    // Of a socket that does not wait, an answer that is not there is lost, too.
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return surprise(Failure::of(ETIMEDOUT, "recvmsg"));
    if (received < 0 && errno != EINTR) return surprise(Failure::last("recvmsg"));
    // Nobody but the kernel, port 0, is believed, even if it should come to be heard.
    if (received >= 0 && size == sizeof sender && sender.nl_pid == 0) break;
    if (std::chrono::steady_clock::now() > deadline) return surprise(Failure::of(ETIMEDOUT, "recvmsg"));
  }
  if (static_cast<std::size_t>(received) > buffer_.size()) return surprise(Failure::of(EBADMSG, "recvmsg"));
  length = static_cast<std::size_t>(received);
  return kOk;
}

template <typename Each>
Status Socket::receive_messages(bool& ended, const Each& each) {
  // What is thrown while an answer is read is as an answer that is lost.
  try {
    return read_messages(ended, each);
  } catch (...) { return surprise(Failure::of(thrown().errnum, "recvmsg")); }
}

template <typename Each>
Status Socket::read_messages(bool& ended, const Each& each) {
  std::size_t length = 0;
  if (auto failure = receive(length)) return failure;
  const char* at = buffer_.data();
  while (!ended && length > 0) {
    const nlmsghdr* message = message_at(at, length);
    if (message == nullptr) return surprise(Failure::of(EBADMSG, "recvmsg"));
    Answer answer(message);
    ended = each(*message, answer);
    std::size_t step = step_over(message, length);
    at += step;
    length -= step;
  }
  return kOk;
}

template <typename Each>
Status Socket::receive_acks(const Batch& batch, const Each& each) {
  bool malformed = false;
  for (bool ended = false; !ended;) {
    auto failure = receive_messages(ended, [&](const nlmsghdr& message, Answer& answer) {
      const Origin* origin = batch.origin(message.nlmsg_seq);
      if (origin == nullptr || message.nlmsg_type != NLMSG_ERROR) return false;
      Status refused = read_ack(answer);
      malformed = malformed || answer.malformed();
      return each(message.nlmsg_seq, *origin, refused);
    });
    if (failure) return failure;
  }
  return malformed ? surprise(Failure::of(EBADMSG, "recvmsg")) : kOk;
}

Status Socket::collect(const Batch& batch, std::vector<Refusal>& refusals) {
  return receive_acks(batch, [&](uint32_t sequence, Origin origin, const Status& refused) {
    if (refused) refusals.push_back({origin, *refused});
    return sequence == batch.last_sequence();
  });
}

Status Socket::collect_until(const Batch& batch, uint32_t until, std::vector<Refusal>& refusals) {
  bool lost = false;
  auto read = [&](uint32_t sequence, Origin origin, const Status& refused) {
    bool envelope = sequence == batch.first_sequence() || sequence == batch.last_sequence();
    if (refused) refusals.push_back({origin, *refused});
    return sequence == until || (refused && (envelope || lost));
  };
  auto failure = receive_acks(batch, read);
  if (!failure || failure->errnum != ENOBUFS) return failure;
  // There were more refusals than have room, and the first are there still: one is enough to know that nothing was
  // done.
  lost = true;
  if (refusals.empty()) receive_acks(batch, read);
  return refusals.empty() ? failure : kOk;
}

Status Socket::request(nlmsghdr* message, const std::function<void(Answer&)>& each) {
  message->nlmsg_seq = next_sequence_++;
  bool dump = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  bool interrupted = false;
  bool malformed = false;
  Status status;
  ssize_t sent;
  do { sent = ::send(fd_.get(), message, message->nlmsg_len, 0); } while (sent < 0 && errno == EINTR);
  if (sent < 0) return Failure::last("sendmsg");
  for (bool ended = false; !ended;) {
    auto failure = receive_messages(ended, [&](const nlmsghdr& head, Answer& answer) {
      if (head.nlmsg_seq != message->nlmsg_seq) return false;
      if ((head.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
      if (head.nlmsg_type == NLMSG_ERROR) {
        status = read_ack(answer);
      } else if (head.nlmsg_type == NLMSG_DONE) {
        // What ended the dump before its end.
        int error = answer.header<int>();
        if (error < 0) status = Failure::of(-std::max(error, -kMaxErrno), "sendmsg");
        if (interrupted) status = Failure::of(EINTR, "recvmsg");
      } else {
        each(answer);
      }
      malformed = malformed || answer.malformed();
      bool one = !dump && (message->nlmsg_flags & NLM_F_ACK) == 0;
      return head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE || one;
    });
    if (failure) return failure;
  }
  return malformed ? surprise(Failure::of(EBADMSG, "recvmsg")) : status;
}

void Socket::heed_dump_headers(bool heed) const {
  const int on = heed ? 1 : 0;
  setsockopt(fd_.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
}

Status Socket::link_index(const std::string& name, int& index) const {
  // Cut off, it would be the name of another link.
  if (auto failure = measure("ioctl", "name of a link", name, IFNAMSIZ - 1)) return failure;
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd_.get(), SIOCGIFINDEX, &request) != 0) return Failure::last("ioctl");
  index = request.ifr_ifindex;
  return kOk;
}

Status read_ack(Answer& answer) {
  auto error = answer.header<nlmsgerr>();
  bool known = error.error <= 0 && error.error >= -kMaxErrno;
  if (!known) answer.reject();
  if (answer.malformed()) return Failure::of(EBADMSG, "recvmsg");
  if (error.error == 0) return kOk;
  Failure failure = Failure::of(-error.error, "sendmsg");
  uint16_t flags = answer.message()->nlmsg_flags;
  if ((flags & NLM_F_ACK_TLVS) == 0) return failure;
  // With NLM_F_CAPPED only the header of the refused message is echoed before the attributes.
  std::size_t echoed = (flags & NLM_F_CAPPED) != 0 || error.msg.nlmsg_len < sizeof(nlmsghdr)
                           ? 0
                           : error.msg.nlmsg_len - sizeof(nlmsghdr);
  answer.walk(sizeof(nlmsgerr) + NLMSG_ALIGN(echoed), [&](const Attribute& attribute) {
    if (attribute.type() == NLMSGERR_ATTR_MSG) failure.message = attribute.text();
    if (attribute.type() == NLMSGERR_ATTR_OFFS) failure.offset = attribute.u32();
  });
  return failure;
}

}  // namespace slipway::netlink
