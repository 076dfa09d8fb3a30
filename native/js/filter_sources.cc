#include "js/filter_sources.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "host/source_filter.h"
#include "js/convert.h"

namespace slipway::js {
namespace {

// A filter has no more instructions.
constexpr uint32_t kMost = 4096;  // BPF_MAXINSNS

std::vector<std::string> read_texts(const Napi::Value& value) {
  std::vector<std::string> texts;
  auto list = value.As<Napi::Array>();
  if (list.Length() > kMost) throw std::length_error("networks");
  for (uint32_t i = 0; i < list.Length(); i++) texts.push_back(list.Get(i).ToString().Utf8Value());
  return texts;
}

}  // namespace

Napi::Value filter_sources(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status =
      host::filter_sources(info[0].As<Napi::Number>().Int32Value(), read_texts(info[1]), read_texts(info[2]));
  return status ? write_failure(env, *status) : env.Undefined();
}

}  // namespace slipway::js
