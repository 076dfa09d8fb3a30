#include "js/encode_plan.h"

#include <arpa/inet.h>

#include "conntrack/flush.h"
#include "executor/encode.h"
#include "js/convert.h"
#include "js/read_plan.h"

namespace slipway::js {
namespace {

// Link and namespace numbers from a JavaScript object: { docker0: 3, '/run/netns/app': 7 }.
class GivenNames : public rtnl::Names {
 public:
  explicit GivenNames(Napi::Object numbers) : numbers_(numbers) {}
  Status link_index(const std::string&, const std::string& name, int& index) override {
    return find(name, ENODEV, index);
  }
  Status netns_fd(const std::string& path, int& fd) override { return find(path, ENOENT, fd); }

 private:
  Status find(const std::string& name, int errnum, int& number) {
    auto given = read_number(numbers_, name.c_str());
    if (!given) return Failure::of(errnum, "encode", name);
    number = static_cast<int>(*given);
    return kOk;
  }
  Napi::Object numbers_;
};

}  // namespace

Napi::Value encode_plan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Plan plan;
  std::string wrong = read_plan(info[0].As<Napi::String>().Utf8Value(), plan);
  if (!wrong.empty()) {
    Napi::Error::New(env, wrong).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  GivenNames names(info[1].As<Napi::Object>());
  netlink::Batch batch;
  for (uint32_t index = 0; index < plan.size(); ++index) {
    if (auto failure = encode(plan[index], batch, {index, 0}, names)) {
      Napi::Error error = Napi::Error::New(env, "operation " + std::to_string(index) + " has no message");
      error.Set("failure", write_failure(env, *failure));
      error.ThrowAsJavaScriptException();
      return env.Undefined();
    }
  }
  return Napi::Buffer<char>::Copy(env, batch.data(), batch.size());
}

Napi::Value encode_connection_delete(const Napi::CallbackInfo& info) {
  auto given = info[0].As<Napi::Object>();
  auto port = [&](const char* name) { return htons(static_cast<uint16_t>(read_number(given, name).value_or(0))); };
  conntrack::Connection connection;
  conntrack::Tuple& tuple = connection.original;
  tuple.protocol = static_cast<uint8_t>(read_number(given, "protocol").value_or(0));
  rtnl::parse_ip(read_string(given, "source"), tuple.source);
  tuple.source_port = port("sourcePort");
  rtnl::parse_ip(read_string(given, "destination"), tuple.destination);
  tuple.destination_port = port("destinationPort");
  alignas(nlmsghdr) char room[conntrack::kDeleteRoom];
  connection.id = htonl(read_number(given, "id").value_or(0));
  const nlmsghdr* message = conntrack::build_delete(room, sizeof room, connection).written();
  return Napi::Buffer<char>::Copy(info.Env(), room, message->nlmsg_len);
}

}  // namespace slipway::js
