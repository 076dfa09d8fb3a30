// Many datagrams of a UDP socket with one system call: received into the slots of a buffer, and sent from them.
//
// Thread: the one that has the buffer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace slipway::host {

// A slot, byte by byte:
//
//     0        2       4           8                        64
//     length   cut     (nothing)   socket address ...       message ...
//
// `length` is that of the message, in this machine's order. `cut` is 1 when the message was longer than a slot has room
// for. The socket address says who has sent it, or who gets it.
inline constexpr std::size_t kSlotCut = 2;
inline constexpr std::size_t kSlotAddress = 8;
inline constexpr std::size_t kSlotMessage = 64;
inline constexpr std::size_t kLongestDatagram = 4096;
inline constexpr std::size_t kSlotSize = kSlotMessage + kLongestDatagram;
inline constexpr std::size_t kSlots = 64;
inline constexpr std::size_t kSlotsSize = kSlots * kSlotSize;

// Returns how many slots are filled: 0 when nothing has come. Never waits.
std::size_t receive_datagrams(int fd, uint8_t* slots);

// Sends the first `count` slots. Never waits: what the kernel has no room for, or refuses (a firewall, no route), is
// lost, as a datagram may be. Returns how many were sent.
std::size_t send_datagrams(int fd, uint8_t* slots, std::size_t count);

}  // namespace slipway::host
