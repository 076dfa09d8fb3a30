#include "js/fingerprints.h"

#include "executor/encode.h"
#include "js/read_plan.h"

namespace slipway::js {
namespace {

// JavaScript has whole numbers up to here.
constexpr uint64_t kNumbers = (uint64_t{1} << 53) - 1;

Napi::Value write_number(Napi::Env env, uint64_t number) {
  return Napi::Number::New(env, static_cast<double>(number & kNumbers));
}

// No link or namespace has a part in it.
class NoNames : public rtnl::Names {
 public:
  Status link_index(const std::string&, const std::string& name, int&) override {
    return Failure::of(ENODEV, "encode", name);
  }
  Status netns_fd(const std::string& path, int&) override { return Failure::of(ENOENT, "encode", path); }
};

}  // namespace

Napi::Object write_fingerprints(Napi::Env env, const nft::Fingerprints& prints, bool parts) {
  Napi::Array list = Napi::Array::New(env);
  for (std::size_t i = 0; parts && i < prints.parts.size(); ++i) {
    Napi::HandleScope scope(env);
    const auto& part = prints.parts[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", part.kind);
    object.Set("name", part.name);
    object.Set("comment", part.comment);
    object.Set("number", write_number(env, part.number));
    list.Set(static_cast<uint32_t>(i), object);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("whole", write_number(env, prints.whole()));
  object.Set("parts", list);
  return object;
}

Napi::Value fingerprint_plan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Plan plan;
  std::string wrong = read_plan(info[0].As<Napi::String>().Utf8Value(), plan);
  NoNames names;
  netlink::Batch batch;
  for (uint32_t index = 0; wrong.empty() && index < plan.size(); ++index) {
    if (encode(plan[index], batch, {index, 0}, names)) wrong = "operation " + std::to_string(index) + " has no message";
  }
  if (!wrong.empty()) {
    Napi::Error::New(env, wrong).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  nft::Fingerprints prints;
  nft::read_fingerprints(batch, prints);
  return write_fingerprints(env, prints, true);
}

}  // namespace slipway::js
