#include "js/identity.h"

#include <cstdlib>

#include "js/convert.h"

namespace slipway::js {

netns::Identity read_identity(const Napi::Object& given) {
  auto number = [&](const char* name) {
    return static_cast<uint64_t>(Napi::Value(given.Get(name)).As<Napi::Number>().Int64Value());
  };
  return {number("device"), number("inode"), std::strtoull(read_string(given, "cookie").c_str(), nullptr, 10)};
}

void write_identity(Napi::Env env, const netns::Identity& identity, Napi::Object& object) {
  // Both are below 2^53.
  object.Set("device", Napi::Number::New(env, static_cast<double>(identity.device)));
  object.Set("inode", Napi::Number::New(env, static_cast<double>(identity.inode)));
  if (identity.cookie != 0) object.Set("cookie", Napi::String::New(env, std::to_string(identity.cookie)));
}

Napi::Value identify(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  UniqueFd place;
  netns::Identity found;
  bool lost = false;
  auto failure = netns::locate(info[0].As<Napi::String>().Utf8Value(), place, found);
  if (!failure) failure = netns::find_cookie(place.get(), found.cookie, lost);
  // As in enter(): whatever followed would be done in the wrong network.
  if (lost) Napi::Error::Fatal("slipway identify", "this thread could not return to its network namespace");
  if (failure) return throw_failure(env, "the namespace could not be told", *failure);
  Napi::Object identity = Napi::Object::New(env);
  write_identity(env, found, identity);
  return identity;
}

}  // namespace slipway::js
