// The addon's exports. Everything hangs on the environment that loads it, so worker threads load it side by side.
#include <napi.h>

#include "base/guard.h"
#include "js/bind_socket.h"
#include "js/convert.h"
#include "js/datagrams_wrap.h"
#include "js/describe_plan.h"
#include "js/encode_plan.h"
#include "js/enter.h"
#include "js/executor_wrap.h"
#include "js/filter_sources.h"
#include "js/fingerprints.h"
#include "js/folder_stamp.h"
#include "js/identity.h"
#include "js/local_datagram.h"
#include "js/news_wrap.h"
#include "js/small_files.h"
#include "js/user_socket.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  slipway::be_ready_to_throw();
  exports.Set("Executor", slipway::js::ExecutorWrap::define(env));
  exports.Set("News", slipway::js::NewsWrap::define(env));
  exports.Set("Datagrams", slipway::js::DatagramsWrap::define(env));
  exports.Set("enter", Napi::Function::New<slipway::js::guarded<slipway::js::enter>>(env, "enter"));
  exports.Set("identify", Napi::Function::New<slipway::js::guarded<slipway::js::identify>>(env, "identify"));
  exports.Set("bindSocket", Napi::Function::New<slipway::js::guarded<slipway::js::bind_socket>>(env, "bindSocket"));
  exports.Set("duplicateSocket",
              Napi::Function::New<slipway::js::guarded<slipway::js::duplicate_socket>>(env, "duplicateSocket"));
  exports.Set("openSocket", Napi::Function::New<slipway::js::guarded<slipway::js::open_socket>>(env, "openSocket"));
  exports.Set("refuseReuse", Napi::Function::New<slipway::js::guarded<slipway::js::refuse_reuse>>(env, "refuseReuse"));
  exports.Set("sourceFor", Napi::Function::New<slipway::js::guarded<slipway::js::source_for>>(env, "sourceFor"));
  exports.Set("filterSources",
              Napi::Function::New<slipway::js::guarded<slipway::js::filter_sources>>(env, "filterSources"));
  exports.Set("sendLocal", Napi::Function::New<slipway::js::guarded<slipway::js::send_local>>(env, "sendLocal"));
  exports.Set("folderStamp", Napi::Function::New<slipway::js::guarded<slipway::js::folder_stamp>>(env, "folderStamp"));
  exports.Set("smallFiles", Napi::Function::New<slipway::js::guarded<slipway::js::small_files>>(env, "smallFiles"));
  exports.Set("describePlan",
              Napi::Function::New<slipway::js::guarded<slipway::js::describe_plan>>(env, "describePlan"));
  exports.Set("fingerprintPlan",
              Napi::Function::New<slipway::js::guarded<slipway::js::fingerprint_plan>>(env, "fingerprintPlan"));
  exports.Set("encodePlan", Napi::Function::New<slipway::js::guarded<slipway::js::encode_plan>>(env, "encodePlan"));
  exports.Set(
      "encodeConnectionDelete",
      Napi::Function::New<slipway::js::guarded<slipway::js::encode_connection_delete>>(env, "encodeConnectionDelete"));
  return exports;
}

}  // namespace

NODE_API_MODULE(slipway, initialize)
