#include "netlink/socket.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>

#include "netlink/attributes.h"

namespace slipway::netlink {
namespace {

// nf_tables takes a transaction only whole, in one sendmsg: 1,000 published ports are 0.3 MB.
constexpr int kBufferBytes = 16 * 1024 * 1024;
// The largest datagram the kernel sends in a dump is 32 KiB.
constexpr std::size_t kReceiveBytes = 64 * 1024;
// A dump or ack that does not come for this long never will.
constexpr timeval kPatience{30, 0};

void enlarge(int fd, int forced, int plain) {
  // Without CAP_NET_ADMIN in the initial user namespace only the plain option works, up to net.core.*mem_max.
  if (setsockopt(fd, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0) {
    setsockopt(fd, SOL_SOCKET, plain, &kBufferBytes, sizeof kBufferBytes);
  }
}

}  // namespace

Status Socket::open(int protocol, Socket& socket) {
  socket.fd_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!socket.fd_) return Failure::last("socket");
  int fd = socket.fd_.get();
  int on = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
  enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Failure::last("bind");
  socket.buffer_.resize(kReceiveBytes);
  return kOk;
}

Status Socket::expect_answers_at_once() {
  int flags = fcntl(fd_.get(), F_GETFL);
  if (flags < 0 || fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK) != 0) return Failure::last("fcntl");
  return kOk;
}

Status Socket::send(const Batch& batch) {
  ssize_t sent;
  do {
    sent = ::send(fd_.get(), batch.data(), batch.size(), 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return Failure::last("sendmsg");
  return kOk;
}

Status Socket::receive(std::size_t& length) {
  // A process in a sandbox may send to our socket there: only the kernel, port 0, is believed. Others' datagrams
  // start no new wait, so they cannot keep us here.
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kPatience.tv_sec);
  ssize_t received;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    received = recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &size);
    if (received < 0 && errno != EINTR) return Failure::last("recvmsg");
    if (received >= 0 && size == sizeof sender && sender.nl_pid == 0) break;
    if (std::chrono::steady_clock::now() > deadline) return Failure::of(ETIMEDOUT, "recvmsg");
  }
  if (static_cast<std::size_t>(received) > buffer_.size()) return Failure::of(EMSGSIZE, "recvmsg");
  length = static_cast<std::size_t>(received);
  return kOk;
}

template <typename Each>
Status Socket::receive_acks(const Batch& batch, const Each& each) {
  std::size_t length = 0;
  if (auto failure = receive(length)) return failure;
  int left = static_cast<int>(length);
  for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    const Origin* origin = batch.origin(message->nlmsg_seq);
    if (origin != nullptr && message->nlmsg_type == NLMSG_ERROR) each(message->nlmsg_seq, *origin, read_ack(message));
  }
  return kOk;
}

Status Socket::collect(const Batch& batch, std::vector<Refusal>& refusals) {
  for (bool done = false; !done;) {
    auto failure = receive_acks(batch, [&](uint32_t sequence, Origin origin, const Status& refused) {
      done = sequence == batch.last_sequence();
      if (refused) refusals.push_back({origin, *refused});
    });
    if (failure) return failure;
  }
  return kOk;
}

Status Socket::collect_until(const Batch& batch, uint32_t until, std::vector<Refusal>& refusals) {
  for (bool done = false; !done;) {
    auto failure = receive_acks(batch, [&](uint32_t sequence, Origin origin, const Status& refused) {
      bool envelope = sequence == batch.first_sequence() || sequence == batch.last_sequence();
      done = done || sequence == until || (refused && envelope);
      if (refused) refusals.push_back({origin, *refused});
    });
    if (failure) return failure;
  }
  return kOk;
}

Status Socket::request(nlmsghdr* message, const std::function<void(const nlmsghdr*)>& each) {
  message->nlmsg_seq = ++request_sequence_;
  bool dump = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  bool interrupted = false;
  if (::send(fd_.get(), message, message->nlmsg_len, 0) < 0) return Failure::last("sendmsg");
  for (;;) {
    std::size_t length = 0;
    if (auto failure = receive(length)) return failure;
    int left = static_cast<int>(length);
    for (auto* answer = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(answer, left);
         answer = mnl_nlmsg_next(answer, &left)) {
      if (answer->nlmsg_seq != message->nlmsg_seq) continue;
      if ((answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
      if (answer->nlmsg_type == NLMSG_ERROR) return read_ack(answer);
      if (answer->nlmsg_type == NLMSG_DONE) return interrupted ? Status(Failure::of(EINTR, "recvmsg")) : kOk;
      each(answer);
      if (!dump && (message->nlmsg_flags & NLM_F_ACK) == 0) return kOk;
    }
  }
}

Status Socket::link_index(const std::string& name, int& index) const {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd_.get(), SIOCGIFINDEX, &request) != 0) return Failure::last("ioctl");
  index = request.ifr_ifindex;
  return kOk;
}

Status read_ack(const nlmsghdr* message) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr)) return Failure::of(EBADMSG, "recvmsg");
  auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  if (error->error == 0) return kOk;
  Failure failure = Failure::of(-error->error, "sendmsg");
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return failure;
  // With NLM_F_CAPPED only the header of the refused message is echoed before the attributes.
  std::size_t echoed = (message->nlmsg_flags & NLM_F_CAPPED) != 0 ? 0 : error->msg.nlmsg_len - sizeof(nlmsghdr);
  for_each_attribute(message, sizeof(nlmsgerr) + MNL_ALIGN(echoed), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG) failure.message = text_of(attribute);
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_OFFS) failure.offset = mnl_attr_get_u32(attribute);
  });
  return failure;
}

}  // namespace slipway::netlink
