// A socket whose answers are the fuzzer's: libc's send and recvfrom are exchanged when this is linked (CMakeLists.txt),
// so all that reads what the kernel answers runs as it does with the kernel.
#pragma once

#include <cstddef>
#include <cstdint>

#include "netlink/socket.h"

namespace slipway::fuzz {

// What comes next: one datagram, and no answer after it. Its messages get the sequence number of the request, plus what
// they have themselves up to three: an answer to another message is a case of its own.
void answer_with(const uint8_t* data, std::size_t size);

// The same for all inputs, as the executor's is for many plans.
netlink::Socket& socket();

}  // namespace slipway::fuzz
