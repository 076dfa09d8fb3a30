// Between JavaScript's values and ours. JavaScript has checked the arguments: what is missing or of another type
// reads as empty.
#pragma once

#include <napi.h>

#include <optional>
#include <string>

#include "base/failure.h"
#include "plan/operation.h"

namespace slipway::js {

std::string read_string(const Napi::Object& object, const char* name);
std::optional<uint32_t> read_number(const Napi::Object& object, const char* name);
std::optional<bool> read_flag(const Napi::Object& object, const char* name);

// { errno, syscall, message, offset }
Napi::Object write_failure(Napi::Env env, const Failure& failure);

}  // namespace slipway::js
