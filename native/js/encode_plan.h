// Messages as bytes, without a kernel. For the golden tests.
#pragma once

#include <napi.h>

namespace slipway::js {

// encodePlan(plan, numbers)
Napi::Value encode_plan(const Napi::CallbackInfo& info);
// encodeConnectionDelete({ protocol, source, sourcePort, destination, destinationPort }): what conntrack.flush sends
// for each connection that it finds. `protocol` is a number, as IP has it.
Napi::Value encode_connection_delete(const Napi::CallbackInfo& info);

}  // namespace slipway::js
