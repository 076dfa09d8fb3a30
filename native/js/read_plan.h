// A plan from JavaScript: an array of objects as lib/plan/operation.ts declares them.
#pragma once

#include <napi.h>

#include "plan/operation.h"

namespace slipway::js {

// The name of an operation that is not known, or empty when all were read.
std::string read_plan(const Napi::Array& array, Plan& plan);

}  // namespace slipway::js
