#include "cni/io.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/uninterrupted.h"

namespace slipway::cni {
int read_all(int fd, Bytes& into, size_t most, const Deadline& deadline) {
  for (;;) {
    if (!deadline.wait(fd, POLLIN)) return ETIMEDOUT;
    ssize_t got = uninterrupted([&] { return read(fd, into.reserve(kPart), kPart); });
    if (got < 0) return errno;
    if (got == 0) return 0;
    into.grow(static_cast<size_t>(got));
    if (into.size() > most) return EMSGSIZE;
  }
}

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t put = uninterrupted([&] { return write(fd, text.data(), text.size()); });
    // The program at the other end is slow; this one has nothing else to do than to wait.
    pollfd one{fd, POLLOUT, 0};
    if (put < 0 && errno == EAGAIN && poll(&one, 1, -1) >= 0) continue;
    if (put < 0) return errno;
    text.remove_prefix(static_cast<size_t>(put));
  }
  return 0;
}

}  // namespace slipway::cni
