// The questions that JavaScript may ask the kernel, and their answers as plain objects.
#include <sys/socket.h>

#include "firewall/legacy_firewall.h"
#include "firewall/nft_firewall.h"
#include "host/listeners.h"
#include "host/sysctl.h"
#include "js/convert.h"
#include "js/fingerprints.h"
#include "js/jobs.h"
#include "nft/chain.h"
#include "nft/element.h"
#include "nft/parts.h"
#include "nft/rule.h"
#include "nft/set.h"
#include "nft/table.h"
#include "nft/transaction.h"
#include "rtnl/dump.h"
#include "rtnl/given.h"

namespace slipway::js {
namespace {

// As doubles they are exact up to 2^53: nine petabytes.
Napi::Object write_statistics(Napi::Env env, const rtnl::LinkStatistics& statistics) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("rxBytes", static_cast<double>(statistics.rx_bytes));
  object.Set("txBytes", static_cast<double>(statistics.tx_bytes));
  object.Set("rxPackets", static_cast<double>(statistics.rx_packets));
  object.Set("txPackets", static_cast<double>(statistics.tx_packets));
  object.Set("rxDropped", static_cast<double>(statistics.rx_dropped));
  object.Set("txDropped", static_cast<double>(statistics.tx_dropped));
  object.Set("rxErrors", static_cast<double>(statistics.rx_errors));
  object.Set("txErrors", static_cast<double>(statistics.tx_errors));
  return object;
}

Napi::Value write_link(Napi::Env env, const rtnl::LinkInfo& link) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("index", link.index);
  object.Set("name", link.name);
  object.Set("kind", link.kind);
  object.Set("alias", link.alias);
  object.Set("address", link.address);
  object.Set("master", link.master);
  object.Set("link", link.link);
  object.Set("linkElsewhere", link.link_elsewhere);
  object.Set("group", link.group);
  object.Set("mtu", link.mtu);
  object.Set("settings", link.settings);
  object.Set("up", link.up);
  object.Set("carrier", link.carrier);
  if (link.statistics) object.Set("statistics", write_statistics(env, *link.statistics));
  return object;
}

Napi::Value write_ports(Napi::Env env, const rtnl::PortCount& count) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("bridge", count.bridge);
  object.Set("ports", count.ports);
  return object;
}

Napi::Value write_address(Napi::Env env, const rtnl::AddressInfo& address) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("index", address.index);
  object.Set("address", address.address);
  object.Set("prefix", address.prefix);
  object.Set("broadcast", address.broadcast);
  object.Set("permanent", address.permanent);
  return object;
}

Napi::Value write_route(Napi::Env env, const rtnl::RouteInfo& route) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("index", route.index);
  object.Set("table", route.table);
  object.Set("protocol", route.protocol);
  object.Set("destination", route.destination);
  object.Set("gateway", route.gateway);
  return object;
}

Napi::Value write_listener(Napi::Env env, const host::Listener& listener) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("address", listener.address);
  object.Set("ipv6Only", listener.ipv6_only);
  return object;
}

Napi::Value write_element(Napi::Env env, const nft::ElementInfo& element) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("key", element.key);
  object.Set("data", element.data);
  object.Set("comment", element.comment);
  object.Set("packets", static_cast<double>(element.packets));
  object.Set("bytes", static_cast<double>(element.bytes));
  if (element.conditional) object.Set("conditional", true);
  return object;
}

// A query whose answer is a list: `ask` fills it on the executor's thread, `write` makes each item an object.
template <typename Item>
std::unique_ptr<QueryJob> list_query(Napi::Env env, std::function<Status(Kernel&, std::vector<Item>&)> ask,
                                     Napi::Value (*write)(Napi::Env, const Item&)) {
  auto items = std::make_shared<std::vector<Item>>();
  return std::make_unique<QueryJob>(
      env,
      [items, ask](Kernel& kernel) {
        items->clear();
        return ask(kernel, *items);
      },
      [items, write](Napi::Env to) -> Napi::Value {
        Napi::Array array = Napi::Array::New(to, items->size());
        for (std::size_t i = 0; i < items->size(); ++i) {
          Napi::HandleScope scope(to);
          array.Set(static_cast<uint32_t>(i), write(to, (*items)[i]));
        }
        return array;
      });
}

template <typename Item>
std::unique_ptr<QueryJob> item_query(Napi::Env env, std::function<Status(Kernel&, Item&)> ask,
                                     Napi::Value (*write)(Napi::Env, const Item&)) {
  auto item = std::make_shared<Item>();
  return std::make_unique<QueryJob>(
      env,
      [item, ask](Kernel& kernel) {
        *item = Item();
        return ask(kernel, *item);
      },
      [item, write](Napi::Env to) { return write(to, *item); });
}

Napi::Value write_number(Napi::Env env, const uint32_t& number) { return Napi::Number::New(env, number); }

Napi::Value write_chain(Napi::Env env, const nft::ChainInfo& chain) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", chain.name);
  return object;
}

Napi::Value write_rule(Napi::Env env, const nft::RuleInfo& rule) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("chain", rule.chain);
  object.Set("comment", rule.comment);
  object.Set("packets", static_cast<double>(rule.packets));
  object.Set("bytes", static_cast<double>(rule.bytes));
  return object;
}

Napi::Value write_set(Napi::Env env, const nft::SetInfo& set) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("set", set.name);
  object.Set("type", set.type);
  if (!set.data_type.empty()) object.Set("dataType", set.data_type);
  if (set.interval) object.Set("interval", true);
  if (set.counter) object.Set("counter", true);
  return object;
}

Napi::Value write_texts(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) array.Set(static_cast<uint32_t>(i), Napi::String::New(env, texts[i]));
  return array;
}

Napi::Value write_part(Napi::Env env, const nft::PartInfo& part) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", part.kind);
  object.Set("name", part.name);
  object.Set("attributes", part.attributes);
  object.Set("uses", write_texts(env, part.uses));
  return object;
}

// { chains, rules }
Napi::Value write_firewalls(Napi::Env env, const firewall::Firewalls& firewalls) {
  Napi::Array chains = Napi::Array::New(env);
  for (const auto& chain : firewalls.chains) {
    Napi::HandleScope scope(env);
    Napi::Object object = Napi::Object::New(env);
    object.Set("legacy", chain.legacy);
    object.Set("family", chain.family);
    object.Set("table", chain.table);
    object.Set("name", chain.name);
    object.Set("hook", chain.hook);
    object.Set("policy", chain.policy);
    object.Set("priority", chain.priority);
    if (chain.packets) object.Set("packets", static_cast<double>(*chain.packets));
    chains.Set(chains.Length(), object);
  }
  Napi::Array rules = Napi::Array::New(env);
  for (const auto& rule : firewalls.rules) {
    Napi::HandleScope scope(env);
    Napi::Object object = Napi::Object::New(env);
    object.Set("legacy", rule.legacy);
    object.Set("family", rule.family);
    object.Set("table", rule.table);
    object.Set("chain", rule.chain);
    object.Set("handle", static_cast<double>(rule.handle));
    object.Set("comment", rule.comment);
    object.Set("steps", write_texts(env, rule.steps));
    rules.Set(rules.Length(), object);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("chains", chains);
  object.Set("rules", rules);
  return object;
}

Napi::Value write_text(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

template <typename Item>
std::function<Status(Kernel&, Item&)> rtnl_get(std::string netns, std::function<Status(netlink::Socket&, Item&)> get) {
  return [netns = std::move(netns), get = std::move(get)](Kernel& kernel, Item& item) {
    netlink::Socket* socket = nullptr;
    auto failure = kernel.rtnl(netns, socket);
    return failure ? failure : get(*socket, item);
  };
}

}  // namespace

std::unique_ptr<QueryJob> make_query(const Napi::Object& question) {
  Napi::Env env = question.Env();
  std::string ask = read_string(question, "ask");
  std::string netns = read_string(question, "netns");
  std::string name = read_string(question, "name");
  bool statistics = read_flag(question, "statistics").value_or(false);
  if (ask == "links") {
    return list_query<rtnl::LinkInfo>(
        env,
        rtnl_get<std::vector<rtnl::LinkInfo>>(
            netns, [statistics](auto& socket, auto& items) { return rtnl::dump_links(socket, statistics, items); }),
        write_link);
  }
  if (ask == "ports") {
    return list_query<rtnl::PortCount>(env, rtnl_get<std::vector<rtnl::PortCount>>("", rtnl::count_ports), write_ports);
  }
  if (ask == "links into the host") {
    return list_query<rtnl::LinkInfo>(
        env,
        [netns](Kernel& kernel, std::vector<rtnl::LinkInfo>& links) {
          netlink::Socket* socket = nullptr;
          auto failure = kernel.rtnl(netns, socket);
          if (!failure) failure = rtnl::dump_links_into(*socket, kernel.host(), links);
          return failure;
        },
        write_link);
  }
  if (ask == "addresses") {
    int family = read_flag(question, "ipv6").value_or(false) ? AF_INET6 : AF_INET;
    return list_query<rtnl::AddressInfo>(
        env,
        rtnl_get<std::vector<rtnl::AddressInfo>>(
            netns, [family, index = read_number(question, "index").value_or(0)](
                       auto& socket, auto& items) { return rtnl::dump_addresses(socket, family, index, items); }),
        write_address);
  }
  if (ask == "routes") {
    int family = read_flag(question, "ipv6").value_or(false) ? AF_INET6 : AF_INET;
    return list_query<rtnl::RouteInfo>(
        env,
        rtnl_get<std::vector<rtnl::RouteInfo>>(
            netns, [family](auto& socket, auto& items) { return rtnl::dump_routes(socket, family, items); }),
        write_route);
  }
  if (ask == "link") {
    return item_query<rtnl::LinkInfo>(env,
                                      rtnl_get<rtnl::LinkInfo>(netns,
                                                               [name, statistics](auto& socket, auto& link) {
                                                                 return rtnl::get_link(socket, name, statistics, link);
                                                               }),
                                      write_link);
  }
  if (ask == "fdb") {
    return item_query<std::string>(
        env,
        rtnl_get<std::string>("", [asked = read_string(question, "asked")](
                                      auto& socket, auto& text) { return rtnl::lead_of(socket, asked, text); }),
        write_text);
  }
  if (ask == "present") {
    return item_query<std::string>(
        env,
        rtnl_get<std::string>("", [names = read_string(question, "names")](
                                      auto& socket, auto& text) { return rtnl::present_links(socket, names, text); }),
        write_text);
  }
  if (ask == "lacking") {
    return item_query<std::string>(
        env,
        rtnl_get<std::string>(netns, [given = read_string(question, "given")](
                                         auto& socket, auto& text) { return rtnl::find_lacking(socket, given, text); }),
        write_text);
  }
  if (ask == "table") {
    return item_query<std::string>(
        env,
        [family = read_string(question, "family"), name](Kernel& kernel, std::string& comment) {
          return nft::get_table(kernel.nft(), family, name, comment);
        },
        write_text);
  }
  if (ask == "generation") {
    return item_query<uint32_t>(
        env, [](Kernel& kernel, uint32_t& generation) { return nft::get_generation(kernel.nft(), generation); },
        write_number);
  }
  if (ask == "chains") {
    return list_query<nft::ChainInfo>(
        env,
        [family = read_string(question, "family"), name](Kernel& kernel, std::vector<nft::ChainInfo>& chains) {
          return nft::dump_chains(kernel.nft(), family, name, chains);
        },
        write_chain);
  }
  if (ask == "rules") {
    return list_query<nft::RuleInfo>(
        env,
        [family = read_string(question, "family"), name](Kernel& kernel, std::vector<nft::RuleInfo>& rules) {
          return nft::dump_rules(kernel.nft(), family, name, rules);
        },
        write_rule);
  }
  if (ask == "sets") {
    return list_query<nft::SetInfo>(
        env,
        [family = read_string(question, "family"), name](Kernel& kernel, std::vector<nft::SetInfo>& sets) {
          return nft::dump_sets(kernel.nft(), family, name, sets);
        },
        write_set);
  }
  if (ask == "fingerprints") {
    auto prints = std::make_shared<nft::Fingerprints>();
    return std::make_unique<QueryJob>(
        env,
        [prints, family = read_string(question, "family"), name, kept = read_string(question, "kept")](Kernel& kernel) {
          prints->parts.clear();
          return nft::dump_fingerprints(kernel.nft(), family, name, kept, *prints);
        },
        [prints, parts = read_flag(question, "parts").value_or(false)](Napi::Env to) -> Napi::Value {
          return write_fingerprints(to, *prints, parts);
        });
  }
  if (ask == "parts") {
    return list_query<nft::PartInfo>(
        env,
        [family = read_string(question, "family"), name, kind = read_string(question, "kind"),
         set = read_string(question, "set")](Kernel& kernel, std::vector<nft::PartInfo>& parts) {
          return nft::dump_parts(kernel.nft(), {family, name, kind, set}, parts);
        },
        write_part);
  }
  if (ask == "elements" || ask == "element") {
    ElementDelete which{read_string(question, "family"),
                        read_string(question, "table"),
                        read_string(question, "set"),
                        read_string(question, "type"),
                        read_string(question, "dataType"),
                        read_flag(question, "interval").value_or(false),
                        {{read_string(question, "key"), {}, {}}}};
    if (ask == "element") {
      return item_query<nft::ElementInfo>(
          env,
          [which](Kernel& kernel, nft::ElementInfo& element) { return nft::get_element(kernel.nft(), which, element); },
          write_element);
    }
    return list_query<nft::ElementInfo>(
        env,
        [which](Kernel& kernel, std::vector<nft::ElementInfo>& elements) {
          return nft::dump_elements(kernel.nft(), which, elements);
        },
        write_element);
  }
  if (ask == "firewalls") {
    return item_query<firewall::Firewalls>(
        env,
        [](Kernel& kernel, firewall::Firewalls& firewalls) {
          firewalls = {};
          if (auto failure = firewall::read_chains(kernel.nft(), firewalls.chains)) return failure;
          if (auto failure = firewall::read_rules(kernel.nft(), firewalls.rules)) return failure;
          return kernel.inside({}, [&] { return firewall::read_legacy(firewalls); });
        },
        write_firewalls);
  }
  if (ask == "listeners") {
    bool udp = read_flag(question, "udp").value_or(false);
    auto port = static_cast<uint16_t>(read_number(question, "port").value_or(0));
    return list_query<host::Listener>(
        env,
        [netns, udp, port](Kernel& kernel, std::vector<host::Listener>& listeners) {
          return kernel.inside(netns, [&] { return host::dump_listeners(udp, port, listeners); });
        },
        write_listener);
  }
  if (ask == "sysctl") {
    return item_query<std::string>(
        env,
        [netns, name](Kernel& kernel, std::string& value) {
          return kernel.with_settings(netns, [&](int procfs) { return host::read_sysctl(procfs, name, value); });
        },
        write_text);
  }
  return nullptr;
}

}  // namespace slipway::js
