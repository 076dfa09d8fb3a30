// What C++ has read of a plan, for the test that compares it with what JavaScript has written.
#pragma once

#include <napi.h>

namespace slipway::js {

// (plan, before) → [{ op, channel, onCallerThread, inverse, fields }]. `before` is what inverse_of() is given;
// `inverse` is the name of what takes the operation back, empty for none. Fields that are empty, zero or false are left
// out.
Napi::Value describe_plan(const Napi::CallbackInfo& info);

}  // namespace slipway::js
