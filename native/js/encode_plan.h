// encodePlan(operations, numbers): the messages of operations as bytes, without a kernel. For the golden tests.
#pragma once

#include <napi.h>

namespace slipway::js {

Napi::Value encode_plan(const Napi::CallbackInfo& info);

}  // namespace slipway::js
