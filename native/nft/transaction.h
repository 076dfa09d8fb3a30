// A run of nf_tables messages that the kernel takes whole or not at all.
#pragma once

#include <vector>

#include "netlink/socket.h"

namespace slipway::nft {

// Starts one in an empty batch; the messages follow.
void begin_transaction(netlink::Batch& batch);

// Ends the one in the batch and sends it. One ack, of the last message, tells that the whole has been committed; refusals come
// unasked. Returns a failure of the socket itself only.
Status commit_transaction(netlink::Socket& socket, netlink::Batch& batch, std::vector<netlink::Refusal>& refusals);

}  // namespace slipway::nft
