// Between JavaScript's values and ours. JavaScript has checked the arguments: what is missing or of another type
// reads as empty.
#pragma once

#include <napi.h>

#include <optional>
#include <string>

#include "base/guard.h"
#include "base/unique_fd.h"
#include "plan/operation.h"

namespace slipway::js {

std::string read_string(const Napi::Object& object, const char* name);
std::optional<uint32_t> read_number(const Napi::Object& object, const char* name);
std::optional<bool> read_flag(const Napi::Object& object, const char* name);

// { errno, syscall, message, offset }
Napi::Object write_failure(Napi::Env env, const Failure& failure);
// { fd }, which JavaScript then owns, or { failure }.
Napi::Object write_descriptor(Napi::Env env, const Status& status, UniqueFd& fd);
// An Error with a `failure`; what a function that throws it returns.
Napi::Value throw_failure(Napi::Env env, const char* message, const Failure& failure);

// Around each function that JavaScript calls: what the standard library throws becomes JavaScript's.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return function(info);
  } catch (...) { return throw_failure(info.Env(), "what was asked for was refused", thrown()); }
}

}  // namespace slipway::js
