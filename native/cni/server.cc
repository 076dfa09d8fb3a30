#include "cni/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/uninterrupted.h"
#include "base/unique_fd.h"
#include "cni/deadline.h"
#include "cni/io.h"

namespace slipway::cni {
namespace {

// Its backlog is full: it is busy, and may be so no longer a moment later.
constexpr long kConnectMs = 5000;
constexpr long kAgainMs = 5;
constexpr long kAnswerMs = 90'000;
constexpr size_t kMost = 64 << 20;

UniqueFd connect_to(const char* path) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof place.sun_path) return UniqueFd();
  memcpy(place.sun_path, path, length);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Deadline deadline(kConnectMs);
  while (fd && connect(fd.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
    if ((errno != EAGAIN && errno != EINTR) || deadline.left() == 0) return UniqueFd();
    Deadline::sleep(kAgainMs);
  }
  return fd;
}

bool send_all(int fd, std::string_view text, const Deadline& deadline) {
  while (!text.empty()) {
    if (!deadline.wait(fd, POLLOUT)) return false;
    ssize_t sent = uninterrupted([&] { return send(fd, text.data(), text.size(), MSG_NOSIGNAL); });
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// What stands behind a header's name, in a head that ends with an empty line. Names are as the server writes them.
std::string_view header(std::string_view head, std::string_view name) {
  size_t at = head.find(name);
  if (at == std::string_view::npos) return {};
  std::string_view rest = after(head, at + name.size());
  return first(rest, rest.find("\r\n"));
}

// Its length, or more than there may be where it has none.
size_t length_of(std::string_view digits) {
  size_t value = 0;
  if (digits.empty()) return kMost + 1;
  for (char digit : digits) {
    if (digit < '0' || digit > '9' || value > kMost) return kMost + 1;
    value = value * 10 + static_cast<size_t>(digit - '0');
  }
  return value;
}

// Reads until the body is whole. False where it does not come, or is no answer of HTTP.
bool receive(int fd, Bytes& answer, std::string_view& head, std::string_view& body) {
  Deadline deadline(kAnswerMs);
  for (;;) {
    std::string_view text = answer.view();
    size_t end = text.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      head = first(text, end + 2);
      body = after(text, end + 4);
      size_t length = length_of(header(head, "\r\nContent-Length: "));
      if (length > kMost) return false;
      if (body.size() >= length) {
        body = first(body, length);
        return first(head, 9) == "HTTP/1.1 ";
      }
    }
    if (text.size() > kMost || !deadline.wait(fd, POLLIN)) return false;
    ssize_t got = uninterrupted([&] { return recv(fd, answer.reserve(kPart), kPart, 0); });
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    if (got > 0) answer.grow(static_cast<size_t>(got));
  }
}

}  // namespace

ServerAnswer ask_server(const char* socket, const Question& question, Bytes& answer) {
  UniqueFd fd = connect_to(socket);
  if (!fd) return {Asked::kAbsent, {}};
  Bytes whole;
  whole.add("POST ").add(question.path).add(" HTTP/1.1\r\nHost: slipway\r\nConnection: close\r\n");
  whole.add("Content-Type: application/octet-stream\r\nContent-Length: ").number(question.body.size());
  whole.add("\r\n\r\n").add(question.body);
  // One that closes before it has read all of it may have answered: that its answer is missing, the next step sees.
  send_all(fd.get(), whole.view(), Deadline(kAnswerMs));
  std::string_view head;
  std::string_view body;
  if (!receive(fd.get(), answer, head, body)) return {Asked::kSilent, {}};
  std::string_view status = first(after(head, 9), 3);
  if (status == "421" || header(head, "\r\nContent-Type: ") != question.type) return {Asked::kLeft, {}};
  return {status == "200" ? Asked::kDone : status == "503" ? Asked::kBusy : Asked::kRefused, body};
}

}  // namespace slipway::cni
