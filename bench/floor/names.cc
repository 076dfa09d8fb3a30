#include "names.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "netlink.h"
#include "since.h"

namespace bench {
namespace {

constexpr int kUnderWay = 100;
constexpr int kBatch = 64;
constexpr int kPatienceMs = 5000;

int connect_from(const std::string& netns, const std::string& host, uint16_t port) {
  int path = open(netns.c_str(), O_RDONLY | O_CLOEXEC);
  if (path < 0) give_up(netns, errno);
  if (setns(path, CLONE_NEWNET) != 0) give_up("setns " + netns, errno);
  close(path);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &place.sin_addr) != 1) give_up(host, EINVAL);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0) give_up(host, errno);
  return fd;
}

// A question for an address, recursion desired.
std::string question(const std::string& name) {
  std::string bytes{"\0\1\1\0\0\1\0\0\0\0\0\0", 12};
  bytes += static_cast<char>(name.size());
  bytes += name;
  return bytes + std::string{"\0\0\1\0\1", 5};
}

bool comes(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return poll(&waited, 1, kPatienceMs) > 0;
}

void ask_one_by_one(int fd, const std::string& asked, double seconds, std::vector<int64_t>& times) {
  auto end = Clock::now() + std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  std::array<char, 512> answer;
  while (Clock::now() < end) {
    auto began = Clock::now();
    send(fd, asked.data(), asked.size(), 0);
    if (!comes(fd)) give_up("answer", ETIMEDOUT);
    // Without an address: a nameserver that is not the one that is meant.
    if (recv(fd, answer.data(), answer.size(), 0) < 12 || answer[7] == 0) give_up("answer", ENOMSG);
    times.push_back(since(began));
  }
}

int64_t ask_many(int fd, std::string asked, double seconds) {
  std::array<mmsghdr, kBatch> questions{}, answers{};
  std::array<iovec, kBatch> parts{};
  std::array<std::array<char, 512>, kBatch> room;
  iovec part{asked.data(), asked.size()};
  for (int i = 0; i < kBatch; ++i) {
    questions[i].msg_hdr.msg_iov = &part;
    questions[i].msg_hdr.msg_iovlen = 1;
    parts[i] = {room[i].data(), room[i].size()};
    answers[i].msg_hdr.msg_iov = &parts[i];
    answers[i].msg_hdr.msg_iovlen = 1;
  }
  auto end = Clock::now() + std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  int64_t count = 0;
  int under_way = 0;
  while (Clock::now() < end) {
    while (under_way < kUnderWay) {
      int sent = sendmmsg(fd, questions.data(), static_cast<unsigned>(std::min(kUnderWay - under_way, kBatch)), 0);
      if (sent <= 0) break;
      under_way += sent;
    }
    if (!comes(fd)) under_way = 0;  // lost
    for (int got; (got = recvmmsg(fd, answers.data(), kBatch, MSG_DONTWAIT, nullptr)) > 0;) {
      count += got;
      under_way = std::max(under_way - got, 0);
    }
  }
  return count;
}

}  // namespace

Answers ask_for(double seconds, const std::string& client_netns, const std::string& host, uint16_t port,
                const std::string& name) {
  int fd = connect_from(client_netns, host, port);
  std::string asked = question(name);
  // What comes up with the first question is not counted.
  Answers answers{};
  ask_one_by_one(fd, asked, seconds / 10, answers.one_by_one);
  answers.one_by_one.clear();
  ask_one_by_one(fd, asked, seconds, answers.one_by_one);
  auto began = Clock::now();
  answers.count = ask_many(fd, asked, seconds);
  answers.nanoseconds = since(began);
  close(fd);
  return answers;
}

}  // namespace bench
