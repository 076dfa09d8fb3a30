#include "host/local_datagram.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"

namespace slipway::host {

Status send_local_datagram(const std::string& address, const std::string& text) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  if (address.size() < 2) return Failure::of(EINVAL, "address");
  // The zero at the end of a path is one of its bytes here; an abstract name has none.
  if (address.size() >= sizeof place.sun_path) return Failure::of(ENAMETOOLONG, "address");
  memcpy(place.sun_path, address.data(), address.size());
  if (address.front() == '@') place.sun_path[0] = '\0';
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return Failure::last("socket");
  ssize_t sent = sendto(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                        reinterpret_cast<const sockaddr*>(&place), length);
  return sent < 0 ? Status(Failure::last("sendto")) : kOk;
}

}  // namespace slipway::host
