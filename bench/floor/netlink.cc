#include "netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

void give_up(const std::string& what, int number) {
  std::fprintf(stderr, "floor: %s: %s\n", what.c_str(), std::strerror(number));
  std::exit(1);
}

nlmsghdr* Messages::begin(uint16_t type, uint16_t flags) {
  end();
  last_ = mnl_nlmsg_put_header(buffer_ + used_);
  last_->nlmsg_type = type;
  last_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  if ((flags & NLM_F_ACK) != 0) ++acks_;
  return last_;
}

std::size_t Messages::end() {
  if (last_ != nullptr) used_ += MNL_ALIGN(last_->nlmsg_len);
  last_ = nullptr;
  return used_;
}

void Messages::ack_last() {
  int left = static_cast<int>(end());
  nlmsghdr* acked = nullptr;
  for (auto* message = reinterpret_cast<nlmsghdr*>(buffer_); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if ((message->nlmsg_flags & NLM_F_ACK) == 0) continue;
    if (acked != nullptr) acked->nlmsg_flags &= static_cast<uint16_t>(~NLM_F_ACK);
    acked = message;
  }
  acks_ = acked == nullptr ? 0 : 1;
}

void Messages::clear() {
  used_ = 0;
  last_ = nullptr;
  acks_ = 0;
}

Socket::Socket(int protocol) : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  if (fd_ < 0) give_up("socket", errno);
}

Socket::~Socket() { close(fd_); }

void Socket::enlarge() {
  int room = 4 << 20;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  setsockopt(fd_, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
}

void Socket::talk(Messages& messages, const char* what) {
  messages.ack_last();
  std::size_t length = messages.end();
  if (send(fd_, messages.data(), length, 0) < 0) give_up(what, errno);
  read_acks(messages.acks(), what);
  messages.clear();
}

void Socket::talk_one_by_one(Messages& messages, const char* what) {
  int left = static_cast<int>(messages.end());
  for (auto* message = reinterpret_cast<nlmsghdr*>(messages.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if (send(fd_, message, message->nlmsg_len, 0) < 0) give_up(what, errno);
    if ((message->nlmsg_flags & NLM_F_ACK) != 0) read_acks(1, what);
  }
  messages.clear();
}

void Socket::read_acks(unsigned count, const char* what) {
  alignas(nlmsghdr) char answer[8192];
  while (count > 0) {
    ssize_t received = recv(fd_, answer, sizeof answer, 0);
    if (received < 0) give_up(what, errno);
    int left = static_cast<int>(received);
    for (auto* message = reinterpret_cast<nlmsghdr*>(answer); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type == RTM_NEWLINK)
        made_ = static_cast<uint32_t>(static_cast<ifinfomsg*>(mnl_nlmsg_get_payload(message))->ifi_index);
      if (message->nlmsg_type != NLMSG_ERROR) continue;
      auto* error = static_cast<nlmsgerr*>(mnl_nlmsg_get_payload(message));
      if (error->error != 0) give_up(what, -error->error);
      --count;
    }
  }
}

}  // namespace bench
