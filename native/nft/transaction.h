// A run of nf_tables messages that the kernel takes whole or not at all.
#pragma once

#include <vector>

#include "netlink/socket.h"
#include "plan/operation.h"

namespace slipway::nft {

// The number that each transaction of a namespace raises, whoever it is of.
Status get_generation(netlink::Socket& socket, uint32_t& generation);

// Starts one in an empty batch; the messages follow. With a generation, it is refused (ERESTART) when there has been
// another since.
void begin_transaction(netlink::Batch& batch, uint32_t generation = 0);

// No message: its generation goes into the one that begins the transaction.
inline Status encode(netlink::Batch&, netlink::Origin, const GenerationCheck&) { return kOk; }

// Ends the one in the batch and sends it. One ack, of the last message, tells that the whole has been committed;
// refusals come unasked. Returns a failure of the socket itself only.
Status commit_transaction(netlink::Socket& socket, netlink::Batch& batch, std::vector<netlink::Refusal>& refusals);

}  // namespace slipway::nft
