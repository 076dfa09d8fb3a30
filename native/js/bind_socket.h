// bindSocket(protocol, address, port): a bound socket in the calling thread's namespace, as a descriptor for Node to
// adopt; one of TCP listens. Node's own listen() looks the address up first, and would open the socket after enter()
// has left again.
//
// duplicateSocket(fd): a further descriptor of a socket, for another thread to have and to close.
#pragma once

#include <napi.h>

namespace slipway::js {

// { fd }, which the caller then owns, or { failure }.
Napi::Value bind_socket(const Napi::CallbackInfo& info);
Napi::Value duplicate_socket(const Napi::CallbackInfo& info);

}  // namespace slipway::js
