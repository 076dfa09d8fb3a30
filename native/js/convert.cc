#include "js/convert.h"

namespace slipway::js {

std::string read_string(const Napi::Object& object, const char* name) {
  Napi::Value value = object.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::optional<uint32_t> read_number(const Napi::Object& object, const char* name) {
  Napi::Value value = object.Get(name);
  if (!value.IsNumber()) return std::nullopt;
  return value.As<Napi::Number>().Uint32Value();
}

std::optional<bool> read_flag(const Napi::Object& object, const char* name) {
  Napi::Value value = object.Get(name);
  if (!value.IsBoolean()) return std::nullopt;
  return value.As<Napi::Boolean>().Value();
}

Napi::Object write_failure(Napi::Env env, const Failure& failure) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("errno", failure.errnum);
  object.Set("syscall", failure.syscall);
  object.Set("message", failure.message);
  object.Set("offset", failure.offset);
  return object;
}

Napi::Object write_descriptor(Napi::Env env, const Status& status, UniqueFd& fd) {
  Napi::Object result = Napi::Object::New(env);
  if (status) {
    result.Set("failure", write_failure(env, *status));
  } else {
    result.Set("fd", fd.release());
  }
  return result;
}

Napi::Value throw_failure(Napi::Env env, const char* message, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("failure", write_failure(env, failure));
  error.ThrowAsJavaScriptException();
  return env.Undefined();
}

}  // namespace slipway::js
