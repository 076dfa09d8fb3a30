// The host ports that this executor keeps from other processes, each with a socket.
//
// Thread: any. Two that hold the same port at once are told apart by the kernel, which binds it once. Owner: the
// executor and not its Kernel, since a thread that is lost must not take the ports with it.
#pragma once

#include <mutex>
#include <unordered_map>

#include "host/descriptor_room.h"
#include "host/port.h"

namespace slipway::host {

class HeldPorts {
 public:
  HeldPorts();
  HeldPorts(const HeldPorts&) = delete;
  HeldPorts& operator=(const HeldPorts&) = delete;

  static std::string key_of(const std::string& protocol, const std::string& address, uint16_t port);

  // EADDRINUSE when it is held here already, else as hold_port(). Past the budget, a port that is free is seen to be
  // free, and not kept.
  Status hold(const std::string& protocol, const std::string& address, uint16_t port, UniqueFd ahead);
  // The socket of a port, to close or to put back; none when it is not held here.
  UniqueFd release(const std::string& key);
  void put_back(const std::string& key, UniqueFd socket);
  void clear();

  bool holds(const std::string& key) const;
  std::size_t size() const;

 private:
  // Sockets whose number reaches this are not kept: half of the descriptors that the process may have (RLIMIT_NOFILE,
  // as it was at first). The kernel gives the lowest number that is free, so the number tells how many the process has,
  // whoever opened them, other executors and the program itself too: the upper half is never ours.
  int budget_;
  DescriptorRoom room_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, UniqueFd> sockets_;
};

}  // namespace slipway::host
