// Sockets of the calling thread's namespace, as descriptors for Node to adopt, and what is asked about them. For use
// within enter(): Node makes a socket of its own only when a name has been looked up, and has left the namespace by
// then.
#pragma once

#include <napi.h>

namespace slipway::js {

// openSocket({ udp, ipv6, ipv6Only, address, port, reuseAddress, backlog }): { fd }, which the caller then owns, or
// { failure }.
Napi::Value open_socket(const Napi::CallbackInfo& info);
// refuseReuse(fd): undefined, or the failure.
Napi::Value refuse_reuse(const Napi::CallbackInfo& info);
// sourceFor(address): the address that a packet to it would leave from; undefined where there is no way to it.
Napi::Value source_for(const Napi::CallbackInfo& info);

}  // namespace slipway::js
