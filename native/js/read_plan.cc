#include "js/read_plan.h"

#include <string_view>

#include "js/convert.h"
#include "rtnl/address_text.h"

namespace slipway::js {
namespace {

// Reads one operation's fields; short names keep the table below legible.
class Fields {
 public:
  explicit Fields(Napi::Object object) : object_(object) {}

  std::string text(const char* name) const { return read_string(object_, name); }
  std::optional<uint32_t> number(const char* name) const { return read_number(object_, name); }
  std::optional<bool> flag(const char* name) const { return read_flag(object_, name); }
  bool is(const char* name) const { return flag(name).value_or(false); }
  uint16_t port(const char* name) const { return static_cast<uint16_t>(number(name).value_or(0)); }
  std::optional<std::string> maybe(const char* name) const {
    Napi::Value value = object_.Get(name);
    if (!value.IsString()) return std::nullopt;
    return value.As<Napi::String>().Utf8Value();
  }
  // "172.17.0.2/16" → its two halves
  std::string address(uint8_t& prefix) const {
    std::string whole = text("address");
    rtnl::IpAddress ip;
    rtnl::parse_cidr(whole, ip, prefix);
    return whole.substr(0, whole.find('/'));
  }
  Napi::Value get(const char* name) const { return object_.Get(name); }

 private:
  Napi::Object object_;
};

template <typename Each>
void for_each_object(const Napi::Value& value, const Each& each) {
  if (!value.IsArray()) return;
  Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    Napi::HandleScope scope(value.Env());
    each(Fields(array.Get(i).As<Napi::Object>()));
  }
}

std::optional<VethPeer> read_peer(const Fields& op) {
  Napi::Value value = op.get("peer");
  if (!value.IsObject()) return std::nullopt;
  Fields peer(value.As<Napi::Object>());
  return VethPeer{peer.text("netns"), peer.text("name"), peer.text("address")};
}

Statement read_statement(const Fields& from) {
  Statement statement{{}, from.text("operation"), from.text("value"), from.text("verdict"),
                      from.is("counter"), from.is("masquerade"), from.is("dnat")};
  Napi::Value match = from.get("match");
  if (match.IsArray()) {
    Napi::Array names = match.As<Napi::Array>();
    for (uint32_t i = 0; i < names.Length(); ++i) {
      statement.match.push_back(names.Get(i).As<Napi::String>().Utf8Value());
    }
  }
  return statement;
}

RuleAdd read_rule(const Fields& op) {
  RuleAdd rule{op.text("family"), op.text("table"), op.text("chain"), op.text("comment"), {}};
  for_each_object(op.get("statements"), [&](const Fields& from) { rule.statements.push_back(read_statement(from)); });
  return rule;
}

std::vector<Element> read_elements(const Fields& op) {
  std::vector<Element> elements;
  for_each_object(op.get("elements"), [&](const Fields& from) {
    elements.push_back({from.text("key"), from.text("data"), from.text("comment")});
  });
  return elements;
}

AddressAdd read_address_add(const Fields& op) {
  AddressAdd add{op.text("netns"), op.text("link"), {}, op.text("broadcast"), 0};
  add.address = op.address(add.prefix);
  return add;
}

AddressDelete read_address_delete(const Fields& op) {
  AddressDelete remove{op.text("netns"), op.text("link"), {}, 0};
  remove.address = op.address(remove.prefix);
  return remove;
}

struct Reader {
  std::string_view name;
  Operation (*read)(const Fields&);
};

constexpr Reader kReaders[] = {
    {"netns.create", [](const Fields& op) -> Operation { return NetnsCreate{op.text("path")}; }},
    {"netns.delete", [](const Fields& op) -> Operation { return NetnsDelete{op.text("path")}; }},
    {"link.create",
     [](const Fields& op) -> Operation {
       return LinkCreate{op.text("netns"),   op.text("name"), op.text("kind"),    op.text("address"),
                         op.text("master"), op.number("mtu"), op.number("group"), op.number("queues"),
                         read_peer(op)};
     }},
    {"link.set",
     [](const Fields& op) -> Operation {
       return LinkSet{op.text("netns"),         op.text("name"),   op.flag("up"),         op.flag("hairpin"),
                      op.flag("routeLocalnet"), op.maybe("alias"), op.is("noIpv6Address")};
     }},
    {"link.delete", [](const Fields& op) -> Operation { return LinkDelete{op.text("netns"), op.text("name")}; }},
    {"address.add", [](const Fields& op) -> Operation { return read_address_add(op); }},
    {"address.delete", [](const Fields& op) -> Operation { return read_address_delete(op); }},
    {"route.add",
     [](const Fields& op) -> Operation {
       return RouteAdd{op.text("netns"), op.text("destination"), op.text("gateway"), op.text("link")};
     }},
    {"route.delete",
     [](const Fields& op) -> Operation {
       return RouteDelete{op.text("netns"), op.text("destination"), op.text("gateway"), op.text("link")};
     }},
    {"neighbor.add",
     [](const Fields& op) -> Operation {
       return NeighborAdd{op.text("netns"), op.text("link"), op.text("address"), op.text("lladdr")};
     }},
    {"neighbor.delete",
     [](const Fields& op) -> Operation {
       return NeighborDelete{op.text("netns"), op.text("link"), op.text("address")};
     }},
    {"sysctl.write",
     [](const Fields& op) -> Operation { return SysctlWrite{op.text("netns"), op.text("key"), op.text("value")}; }},
    {"file.create", [](const Fields& op) -> Operation { return FileCreate{op.text("path"), op.text("content")}; }},
    {"file.replace", [](const Fields& op) -> Operation { return FileReplace{op.text("path"), op.text("content"), op.text("expected")}; }},
    {"file.check", [](const Fields& op) -> Operation { return FileCheck{op.text("path"), op.text("expected")}; }},
    {"file.delete", [](const Fields& op) -> Operation { return FileDelete{op.text("path")}; }},
    {"port.reserve",
     [](const Fields& op) -> Operation {
       return PortReserve{op.text("protocol"), op.text("address"), op.port("port")};
     }},
    {"conntrack.flush",
     [](const Fields& op) -> Operation {
       return ConntrackFlush{op.text("protocol"), op.text("address"), op.text("toAddress"), op.port("port"),
                             op.port("toPort")};
     }},
    {"table.add",
     [](const Fields& op) -> Operation { return TableAdd{op.text("family"), op.text("table"), op.text("comment")}; }},
    {"table.delete", [](const Fields& op) -> Operation { return TableDelete{op.text("family"), op.text("table")}; }},
    {"chain.add",
     [](const Fields& op) -> Operation {
       Napi::Value priority = op.get("priority");
       return ChainAdd{op.text("family"), op.text("table"), op.text("chain"), op.text("comment"),
                       op.text("type"),   op.text("hook"),  op.text("policy"),
                       priority.IsNumber() ? priority.As<Napi::Number>().Int32Value() : 0};
     }},
    {"chain.delete",
     [](const Fields& op) -> Operation { return ChainDelete{op.text("family"), op.text("table"), op.text("chain")}; }},
    {"rule.add", [](const Fields& op) -> Operation { return read_rule(op); }},
    {"set.add",
     [](const Fields& op) -> Operation {
       return SetAdd{op.text("family"), op.text("table"),    op.text("set"),   op.text("comment"),
                     op.text("type"),   op.text("dataType"), op.is("interval"), op.is("counter")};
     }},
    {"set.delete",
     [](const Fields& op) -> Operation { return SetDelete{op.text("family"), op.text("table"), op.text("set")}; }},
    {"element.add",
     [](const Fields& op) -> Operation {
       return ElementAdd{op.text("family"),   op.text("table"),  op.text("set"),   op.text("type"),
                         op.text("dataType"), op.is("interval"), read_elements(op)};
     }},
    {"element.delete",
     [](const Fields& op) -> Operation {
       return ElementDelete{op.text("family"), op.text("table"),  op.text("set"),
                            op.text("type"),   op.is("interval"), read_elements(op)};
     }},
};

}  // namespace

std::string read_plan(const Napi::Array& array, Plan& plan) {
  plan.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    Napi::HandleScope scope(array.Env());
    Fields op(array.Get(i).As<Napi::Object>());
    std::string name = op.text("op");
    const Reader* found = nullptr;
    for (const auto& reader : kReaders) {
      if (reader.name == name) found = &reader;
    }
    if (found == nullptr) return name.empty() ? "(none)" : name;
    plan.push_back(found->read(op));
  }
  return {};
}

}  // namespace slipway::js
