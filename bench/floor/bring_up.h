// Brings one endpoint up, with a clock between the steps.
//
// What is measured is the kernel's work, all of it and only it: the reserved port's socket, the transaction, the
// namespace with its socket and bind mount, both batches, and closing what was opened. Left out is what is
// Slipway's own affair: the record file that remembers a sandbox, and every lookup whose answer is known here.
// A link of a segment has no port, and nothing on the host that would have to be raised.
#pragma once

#include <array>
#include <cstdint>

#include "messages.h"

namespace bench {

constexpr std::array kPhases = {"reserve", "claims", "namespace", "link", "configure"};

struct Times {
  std::array<int64_t, kPhases.size()> phases;
  int64_t total;       // with what lies between and behind the phases
  int64_t first_byte;  // since the beginning; 0 when it was not asked for
};

// Nobody may listen on a published port: a socket that is held until it leads somewhere.
int reserve_port(uint16_t port);

class Host {
 public:
  Host();

  Times bring_up(Network& network, const Endpoint& endpoint, bool first_byte);
  // Gives the claims back and lets go of the namespace, which the kernel takes down later.
  void take_down(const Network& network, const Endpoint& endpoint);
  int home() const { return home_; }
  Socket& nft() { return nft_; }
  Messages& messages() { return messages_; }

 private:
  void talk(const Network& network, Socket& socket, const char* what);
  void take_off_segment(const Endpoint& endpoint);

  int home_;
  Socket rtnl_, nft_;
  Messages messages_;
};

}  // namespace bench
