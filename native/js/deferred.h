// A promise and what settles it.
//
// Napi::Promise::Deferred leaves its members undefined when the environment refuses, as one does that is being
// terminated (worker.terminate(), at any moment). Here the promise is empty then, and resolving it does nothing.
#pragma once

#include <napi.h>

namespace slipway::js {

class Deferred {
 public:
  explicit Deferred(Napi::Env env) : env_(env) {
    if (napi_create_promise(env, &deferred_, &promise_) != napi_ok) {
      deferred_ = nullptr;
      promise_ = nullptr;
    }
  }
  // For the call that made it: the promise is a handle of its scope.
  Napi::Value promise() const { return {env_, promise_}; }
  void resolve(Napi::Value value) {
    if (deferred_ != nullptr && !value.IsEmpty()) napi_resolve_deferred(env_, deferred_, value);
  }

 private:
  napi_env env_;
  napi_deferred deferred_ = nullptr;
  napi_value promise_ = nullptr;
};

}  // namespace slipway::js
