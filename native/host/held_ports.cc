#include "host/held_ports.h"

#include <sys/resource.h>

#include <algorithm>
#include <climits>

namespace slipway::host {

HeldPorts::HeldPorts() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  budget_ = static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 2, INT_MAX));
}

std::string HeldPorts::key_of(const std::string& protocol, const std::string& address, uint16_t port) {
  return protocol + ' ' + address + ' ' + std::to_string(port);
}

Status HeldPorts::hold(const std::string& protocol, const std::string& address, uint16_t port, UniqueFd ahead) {
  std::string key = key_of(protocol, address, port);
  if (holds(key)) return Failure::of(EADDRINUSE, "bind");
  UniqueFd socket = std::move(ahead);
  if (auto failure = hold_port(protocol, address, port, socket)) return failure;
  if (!socket || socket.get() >= budget_) return kOk;
  room_.reach(socket.get());
  std::lock_guard lock(mutex_);
  sockets_.emplace(std::move(key), std::move(socket));
  return kOk;
}

UniqueFd HeldPorts::release(const std::string& key) {
  std::lock_guard lock(mutex_);
  auto node = sockets_.extract(key);
  return node.empty() ? UniqueFd() : std::move(node.mapped());
}

void HeldPorts::put_back(const std::string& key, UniqueFd socket) {
  std::lock_guard lock(mutex_);
  sockets_.insert_or_assign(key, std::move(socket));
}

// A socket takes some microseconds to close: not while another thread waits for the lock.
void HeldPorts::clear() {
  std::unordered_map<std::string, UniqueFd> closing;
  {
    std::lock_guard lock(mutex_);
    closing.swap(sockets_);
  }
}

bool HeldPorts::holds(const std::string& key) const {
  std::lock_guard lock(mutex_);
  return sockets_.contains(key);
}

std::size_t HeldPorts::size() const {
  std::lock_guard lock(mutex_);
  return sockets_.size();
}

}  // namespace slipway::host
