// A plan from JavaScript, as lib/plan/wire.ts writes it.
#pragma once

#include <string>
#include <string_view>

#include "plan/operation.h"

namespace slipway::js {

// What is wrong with the text, or empty when the plan was read.
std::string read_plan(std::string_view text, Plan& plan);

}  // namespace slipway::js
