#include "firewall/nft_firewall.h"

#include <endian.h>
#include <libnftnl/common.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>

#include "firewall/matches.h"
#include "netlink/batch.h"
#include "nft/message_type.h"
#include "nft/objects.h"

namespace slipway::firewall {
namespace {

using netlink::Answer;
using netlink::Attribute;

// A dump that changed under our hands is asked for again, this many times.
constexpr int kDumpTries = 5;

// Numbers of nf_tables have the network's order.
uint32_t number(const Attribute& attribute) { return be32toh(attribute.u32()); }

std::string family_name(uint8_t family) {
  switch (family) {
    case NFPROTO_INET: return "inet";
    case NFPROTO_IPV4: return "ip";
    case NFPROTO_IPV6: return "ip6";
    case NFPROTO_BRIDGE: return "bridge";
    default: return "";
  }
}

// Those of IP have the same numbers in the families of IP; a bridge's are its own, and equal them.
std::string hook_name(uint32_t hook) {
  static_assert(static_cast<int>(NF_BR_FORWARD) == NF_INET_FORWARD &&
                static_cast<int>(NF_BR_LOCAL_IN) == NF_INET_LOCAL_IN);
  switch (hook) {
    case NF_INET_PRE_ROUTING: return "prerouting";
    case NF_INET_LOCAL_IN: return "input";
    case NF_INET_FORWARD: return "forward";
    case NF_INET_LOCAL_OUT: return "output";
    case NF_INET_POST_ROUTING: return "postrouting";
    default: return "";
  }
}

std::string meta_name(uint32_t key) {
  switch (key) {
    case NFT_META_IIFNAME: return "iifname";
    case NFT_META_OIFNAME: return "oifname";
    case NFT_META_IIF: return "iif";
    case NFT_META_OIF: return "oif";
    case NFT_META_IIFGROUP: return "iifgroup";
    case NFT_META_OIFGROUP: return "oifgroup";
    case NFT_META_L4PROTO: return "l4proto";
    case NFT_META_NFPROTO: return "nfproto";
    default: return "meta-" + std::to_string(key);
  }
}

std::string base_name(uint32_t base) {
  switch (base) {
    case NFT_PAYLOAD_NETWORK_HEADER: return "network";
    case NFT_PAYLOAD_TRANSPORT_HEADER: return "transport";
    default: return "other";
  }
}

std::string value_in(const Attribute& data) {
  std::string value;
  data.each([&](const Attribute& part) {
    if (part.type() == NFTA_DATA_VALUE) value = hex(part.view().data(), part.size());
  });
  return value;
}

std::string verdict_in(const Attribute& data) {
  std::string verdict;
  data.each([&](const Attribute& part) {
    if (part.type() != NFTA_DATA_VERDICT) return;
    auto code = static_cast<int32_t>(NFT_CONTINUE);
    std::string chain;
    part.each([&](const Attribute& field) {
      if (field.type() == NFTA_VERDICT_CODE) code = static_cast<int32_t>(number(field));
      if (field.type() == NFTA_VERDICT_CHAIN) chain = field.text();
    });
    switch (code) {
      case NF_ACCEPT: verdict = "accept"; break;
      case NF_DROP: verdict = "drop"; break;
      case NFT_RETURN: verdict = "return"; break;
      case NFT_JUMP: verdict = "jump " + chain; break;
      case NFT_GOTO: verdict = "goto " + chain; break;
      default: verdict = "continue"; break;
    }
  });
  return verdict;
}

// The attributes of an expression that are numbers, by their own numbers, and those that are not.
struct Parts {
  uint32_t numbers[16] = {};
  bool there[16] = {};
};

Parts parts_of(const Attribute& expression) {
  Parts parts;
  expression.each([&](const Attribute& attribute) {
    if (attribute.type() >= 16) return;
    parts.there[attribute.type()] = true;
    if (attribute.size() == sizeof(uint32_t)) parts.numbers[attribute.type()] = number(attribute);
  });
  return parts;
}

std::string text_of(const Attribute& expression, uint16_t type) {
  std::string text;
  expression.each([&](const Attribute& attribute) {
    if (attribute.type() == type) text = attribute.text();
  });
  return text;
}

std::string nested_value(const Attribute& expression, uint16_t type) {
  std::string value;
  expression.each([&](const Attribute& attribute) {
    if (attribute.type() == type) value = value_in(attribute);
  });
  return value;
}

std::string load(const std::string& what, uint32_t target) { return "load " + what + ' ' + std::to_string(target); }

std::string read_payload(const Parts& parts) {
  if (parts.there[NFTA_PAYLOAD_SREG]) return "does write";
  return load("header " + base_name(parts.numbers[NFTA_PAYLOAD_BASE]) + ' ' +
                  std::to_string(parts.numbers[NFTA_PAYLOAD_OFFSET]) + ' ' +
                  std::to_string(parts.numbers[NFTA_PAYLOAD_LEN]),
              parts.numbers[NFTA_PAYLOAD_DREG]);
}

std::string read_compare(const Attribute& expression, const Parts& parts) {
  uint32_t how = parts.numbers[NFTA_CMP_OP];
  if (how != NFT_CMP_EQ && how != NFT_CMP_NEQ) return "asks order";
  return std::string(how == NFT_CMP_EQ ? "is " : "not ") + std::to_string(parts.numbers[NFTA_CMP_SREG]) + ' ' +
         nested_value(expression, NFTA_CMP_DATA);
}

std::string read_bitwise(const Attribute& expression, const Parts& parts) {
  if (parts.numbers[NFTA_BITWISE_OP] != NFT_BITWISE_BOOL) return "asks shift";
  return "mask " + std::to_string(parts.numbers[NFTA_BITWISE_SREG]) + ' ' +
         std::to_string(parts.numbers[NFTA_BITWISE_DREG]) + ' ' + nested_value(expression, NFTA_BITWISE_MASK) + ' ' +
         nested_value(expression, NFTA_BITWISE_XOR);
}

std::string read_immediate(const Attribute& expression, const Parts& parts) {
  if (parts.numbers[NFTA_IMMEDIATE_DREG] != NFT_REG_VERDICT) return "does set";
  std::string verdict;
  expression.each([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_IMMEDIATE_DATA) verdict = verdict_in(attribute);
  });
  return "verdict " + verdict;
}

std::string read_counter(const Attribute& expression) {
  uint64_t packets = 0;
  expression.each([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_COUNTER_PACKETS) packets = be64toh(attribute.u64());
  });
  return "counter " + std::to_string(packets);
}

// Extensions of iptables are known by their names alone.
std::string read_target(const std::string& name) {
  return name == "REJECT" ? "verdict reject" : name == "DROP" ? "verdict drop" : "does " + name;
}

// @param name - Of the expression.
std::string read_expression(const std::string& name, const Attribute& expression) {
  Parts parts = parts_of(expression);
  if (name == "meta")
    return parts.there[NFTA_META_SREG] ? "does mark"
                                       : load(meta_name(parts.numbers[NFTA_META_KEY]), parts.numbers[NFTA_META_DREG]);
  if (name == "ct") {
    if (parts.there[NFTA_CT_SREG]) return "does mark";
    return load(parts.numbers[NFTA_CT_KEY] == NFT_CT_STATE ? "ct-state" : "ct", parts.numbers[NFTA_CT_DREG]);
  }
  if (name == "payload") return read_payload(parts);
  if (name == "cmp") return read_compare(expression, parts);
  if (name == "bitwise") return read_bitwise(expression, parts);
  if (name == "immediate") return read_immediate(expression, parts);
  if (name == "counter") return read_counter(expression);
  if (name == "reject") return "verdict reject";
  if (name == "target") return read_target(text_of(expression, NFTA_TARGET_NAME));
  if (name == "log" || name == "notrack" || name == "masq" || name == "nat" || name == "redir" || name == "dynset")
    return "does " + name;
  return "asks " + name;
}

void read_match(const Attribute& expression, std::vector<std::string>& steps) {
  std::string name;
  unsigned revision = 0;
  std::string_view info;
  expression.each([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_MATCH_NAME) name = attribute.text();
    if (attribute.type() == NFTA_MATCH_REV) revision = number(attribute);
    if (attribute.type() == NFTA_MATCH_INFO) info = attribute.view();
  });
  put_match(name, revision, info, steps);
}

std::vector<std::string> read_steps(const Attribute& expressions) {
  std::vector<std::string> steps;
  expressions.each([&](const Attribute& element) {
    std::string name;
    bool known = false;
    element.each([&](const Attribute& part) {
      if (part.type() == NFTA_EXPR_NAME) name = part.text();
      if (part.type() != NFTA_EXPR_DATA) return;
      known = true;
      if (name == "match") read_match(part, steps);
      else steps.push_back(read_expression(name, part));
    });
    if (!known) steps.push_back("asks " + name);
  });
  return steps;
}

Chain read_chain(Answer& answer) {
  Chain chain;
  chain.family = family_name(answer.header<nfgenmsg>().nfgen_family);
  uint32_t policy = NF_ACCEPT;
  answer.each<nfgenmsg>([&](const Attribute& attribute) {
    switch (attribute.type()) {
      case NFTA_CHAIN_TABLE: chain.table = attribute.text(); break;
      case NFTA_CHAIN_NAME: chain.name = attribute.text(); break;
      case NFTA_CHAIN_POLICY: policy = number(attribute); break;
      case NFTA_CHAIN_HOOK:
        attribute.each([&](const Attribute& field) {
          if (field.type() == NFTA_HOOK_HOOKNUM) chain.hook = hook_name(number(field));
          if (field.type() == NFTA_HOOK_PRIORITY) chain.priority = static_cast<int32_t>(number(field));
        });
        break;
      case NFTA_CHAIN_COUNTERS:
        attribute.each([&](const Attribute& field) {
          if (field.type() == NFTA_COUNTER_PACKETS) chain.packets = be64toh(field.u64());
        });
        break;
      default: break;
    }
  });
  chain.policy = policy == NF_DROP ? "drop" : "accept";
  return chain;
}

Rule read_rule(Answer& answer) {
  Rule rule;
  rule.family = family_name(answer.header<nfgenmsg>().nfgen_family);
  answer.each<nfgenmsg>([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_RULE_TABLE) rule.table = attribute.text();
    if (attribute.type() == NFTA_RULE_CHAIN) rule.chain = attribute.text();
    if (attribute.type() == NFTA_RULE_HANDLE) rule.handle = be64toh(attribute.u64());
    if (attribute.type() == NFTA_RULE_USERDATA)
      rule.comment = nft::read_comment(NFTNL_UDATA_RULE_COMMENT, attribute.view());
    if (attribute.type() == NFTA_RULE_EXPRESSIONS) rule.steps = read_steps(attribute);
  });
  return rule;
}

Status dump(netlink::Socket& socket, uint16_t ask, uint16_t kind, const std::function<void()>& start,
            const std::function<void(Answer&)>& each) {
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    start();
    alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
    nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, ask, NFPROTO_UNSPEC, NLM_F_DUMP, 0);
    status = socket.request(message, [&](Answer& answer) {
      if (answer.type() == nft::message_type(kind)) each(answer);
    });
    if (!status || status->errnum != EINTR) break;
  }
  return status;
}

}  // namespace

std::string hex(const void* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    uint8_t byte = static_cast<const uint8_t*>(bytes)[i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Status read_chains(netlink::Socket& socket, std::vector<Chain>& chains) {
  return dump(
      socket, NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, [&] { chains.clear(); },
      [&](Answer& answer) {
        Chain chain = read_chain(answer);
        if (!chain.family.empty()) chains.push_back(std::move(chain));
      });
}

Status read_rules(netlink::Socket& socket, std::vector<Rule>& rules) {
  return dump(
      socket, NFT_MSG_GETRULE, NFT_MSG_NEWRULE, [&] { rules.clear(); },
      [&](Answer& answer) {
        Rule rule = read_rule(answer);
        if (!rule.family.empty()) rules.push_back(std::move(rule));
      });
}

}  // namespace slipway::firewall
