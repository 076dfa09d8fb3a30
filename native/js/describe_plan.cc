#include "js/describe_plan.h"

#include <algorithm>
#include <cctype>
#include <type_traits>

#include "js/read_plan.h"
#include "plan/inverse.h"

namespace slipway::js {
namespace {

// "multicast_snooping" → "multicastSnooping", "namespace_" → "namespace"
std::string name_in_javascript(std::string_view name) {
  std::string spelled;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] != '_') {
      spelled += name[at];
    } else if (++at < name.size()) {
      spelled += static_cast<char>(std::toupper(static_cast<unsigned char>(name[at])));
    }
  }
  return spelled;
}

// Takes the names of a struct's fields one after the other. What is empty, zero or false is left out.
class Writer {
 public:
  Writer(Napi::Env env, std::string_view names) : object_(Napi::Object::New(env)), names_(names) {}

  template <typename Struct>
  static Napi::Object write(Napi::Env env, const Struct& from) {
    Writer writer(env, Struct::kFieldNames);
    std::apply([&](const auto&... field) { (writer.write_next(field), ...); }, from.fields());
    return writer.object_;
  }

 private:
  static constexpr uint64_t kLargestNumber = (uint64_t{1} << 53) - 1;

  void set(Napi::Value value) {
    std::string_view name = names_.substr(0, names_.find(", "));
    names_.remove_prefix(std::min(names_.size(), name.size() + 2));
    if (!value.IsEmpty()) object_.Set(name_in_javascript(name), value);
  }
  void set_number(double number) { set(Napi::Number::New(object_.Env(), number)); }

  void write_next(const std::string& text) {
    set(text.empty() ? Napi::Value() : Napi::String::New(object_.Env(), text));
  }
  void write_next(const std::optional<std::string>& text) { write_next(text.value_or("")); }
  void write_next(bool flag) { set(flag ? Napi::Boolean::New(object_.Env(), true) : Napi::Value()); }
  void write_next(const std::optional<bool>& flag) {
    set(flag ? Napi::Boolean::New(object_.Env(), *flag) : Napi::Value());
  }
  template <typename Number>
  requires std::is_integral_v<Number>
  void write_next(Number number) {
    if (number == 0) return set({});
    // JavaScript has no number for it: there, it is a text.
    if constexpr (sizeof number == sizeof(uint64_t)) {
      if (number > kLargestNumber) return set(Napi::String::New(object_.Env(), std::to_string(number)));
    }
    set_number(static_cast<double>(number));
  }
  template <typename Number>
  requires std::is_integral_v<Number>
  void write_next(const std::optional<Number>& number) { number ? set_number(static_cast<double>(*number)) : set({}); }
  template <typename Struct>
  requires std::is_class_v<Struct>
  void write_next(const std::optional<Struct>& part) { set(part ? write(object_.Env(), *part) : Napi::Value()); }
  template <typename Item>
  void write_next(const std::vector<Item>& items) {
    Napi::Array list = Napi::Array::New(object_.Env());
    for (const auto& item : items) {
      if constexpr (std::is_same_v<Item, std::string>) {
        list.Set(list.Length(), item);
      } else {
        list.Set(list.Length(), write(object_.Env(), item));
      }
    }
    set(items.empty() ? Napi::Value() : list);
  }

  Napi::Object object_;
  std::string_view names_;
};

const char* name_of(Channel channel) {
  return channel == Channel::kRtnl ? "rtnl" : channel == Channel::kNft ? "nft" : "direct";
}

}  // namespace

Napi::Value describe_plan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Plan plan;
  std::string wrong = read_plan(info[0].As<Napi::String>().Utf8Value(), plan);
  if (!wrong.empty()) {
    Napi::Error::New(env, wrong).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Array described = Napi::Array::New(env);
  for (const auto& operation : plan) {
    const Traits& traits = traits_of(operation);
    auto inverse = inverse_of(operation, info[1].As<Napi::String>().Utf8Value());
    Napi::Object one = Napi::Object::New(env);
    one.Set("op", std::string(traits.name));
    one.Set("channel", name_of(traits.channel));
    one.Set("onCallerThread", is_for_caller_thread(operation));
    one.Set("inverse", inverse ? std::string(traits_of(*inverse).name) : std::string());
    one.Set("fields", std::visit([&](const auto& op) { return Writer::write(env, op); }, operation));
    described.Set(described.Length(), one);
  }
  return described;
}

}  // namespace slipway::js
