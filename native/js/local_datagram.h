// For what tells systemd how this service is.
#pragma once

#include <napi.h>

namespace slipway::js {

// sendLocal(address, text): undefined, or the failure.
Napi::Value send_local(const Napi::CallbackInfo& info);

}  // namespace slipway::js
