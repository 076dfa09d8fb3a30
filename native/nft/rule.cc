#include "nft/rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <charconv>
#include <cstring>

#include "nft/message_type.h"
#include "nft/selector.h"
#include "nft/value.h"

namespace slipway::nft {
namespace {

constexpr std::size_t kVerdictMost = sizeof "jump " - 1 + NFT_NAME_MAXLEN - 1;
// NFT_RULE_MAXEXPRS of the kernel
constexpr std::size_t kExpressionsMost = 128;
// Where its header has its own (RFC 791), in bytes.
constexpr uint32_t kChecksumOfIpv4 = 10;
// The longest of ours is a lookup: the name of a set, and a few numbers. Table, chain and comment are 256 bytes each at
// most.
constexpr std::size_t kExpressionRoom = 400;
constexpr std::size_t kRuleRoom = 1024;

// Builds one rule: appends expressions, and remembers which address family it has already asked for.
class RuleBuilder {
 public:
  RuleBuilder(nftnl_rule* rule, bool inet) : rule_(rule), inet_(inet) {}

  bool add(const Statement& statement) {
    if (!statement.nat.empty()) return add_nat(statement);
    if (!statement.set.empty()) return add_set(statement);
    if (!statement.match.empty()) return add_match(statement);
    if (statement.counter) return append(make_counter(statement.packets, statement.bytes));
    if (statement.reject) return add_reject();
    if (statement.masquerade) return append(Expression(must(nftnl_expr_alloc("masq"))));
    return add_verdict(statement.verdict);
  }

 private:
  bool append(Expression expression) {
    nftnl_rule_add_expr(rule_, expression.release());
    return true;
  }

  void compare(uint32_t operation, const void* bytes, uint32_t length) {
    Expression expression(must(nftnl_expr_alloc("cmp")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_CMP_SREG, register_of(0));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_CMP_OP, operation);
    must(nftnl_expr_set(expression.get(), NFTNL_EXPR_CMP_DATA, bytes, length));
    append(std::move(expression));
  }

  // `ip saddr` says nothing about an IPv6 packet: an inet table asks for the family first, once a rule.
  void require_family(const Selector& selector) {
    if (!inet_ || selector.nfproto == 0 || selector.nfproto == nfproto_) return;
    nfproto_ = selector.nfproto;
    Expression expression(must(nftnl_expr_alloc("meta")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_META_KEY, NFT_META_NFPROTO);
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_META_DREG, register_of(0));
    append(std::move(expression));
    auto family = static_cast<uint8_t>(nfproto_);
    compare(NFT_CMP_EQ, &family, sizeof family);
  }

  bool load_all(const std::vector<std::string>& names) {
    uint32_t word = 0;
    for (const auto& name : names) {
      const Selector* selector = find_selector(name);
      if (selector == nullptr) return false;
      require_family(*selector);
    }
    for (const auto& name : names) {
      const Selector* selector = find_selector(name);
      uint32_t length = find_type(selector->type)->length;
      append(load(*selector, word, length));
      word += padded(length) / NFT_REG32_SIZE;
    }
    return true;
  }

  void look_up(const std::string& set, bool inverted, bool map) {
    Expression expression(must(nftnl_expr_alloc("lookup")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_LOOKUP_SREG, register_of(0));
    must(nftnl_expr_set_str(expression.get(), NFTNL_EXPR_LOOKUP_SET, set.c_str()));
    if (map) nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_LOOKUP_DREG, register_of(0));
    if (inverted) nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    append(std::move(expression));
  }

  bool add_match(const Statement& statement) {
    if (statement.operation == "in" || statement.operation == "not in") {
      if (!load_all(statement.match)) return false;
      look_up(statement.value, statement.operation == "not in", false);
      return true;
    }
    if (statement.match.size() != 1) return false;
    const Selector* selector = find_selector(statement.match[0]);
    if (selector == nullptr) return false;
    const DataType* type = find_type(selector->type);
    require_family(*selector);
    if (statement.operation == "&") return add_bits(*selector, *type, statement.value, NFT_CMP_NEQ);
    if (statement.operation == "!&") return add_bits(*selector, *type, statement.value, NFT_CMP_EQ);
    if (statement.operation != "==" && statement.operation != "!=") return false;
    uint32_t operation = statement.operation == "!=" ? NFT_CMP_NEQ : NFT_CMP_EQ;
    if (auto slash = statement.value.find('/'); slash != std::string::npos) {
      return add_prefix(*selector, *type, statement.value, slash, operation);
    }
    Value value;
    if (!parse_value(Type{{type}}, statement.value, value)) return false;
    append(load(*selector, 0, type->length));
    compare(operation, value.bytes.data(), value.length);
    if (selector->name == "meta nfproto" && operation == NFT_CMP_EQ) nfproto_ = value.bytes[0];
    return true;
  }

  // A prefix of whole bytes needs no mask: only those bytes are loaded. Others have had no use so far.
  bool add_prefix(const Selector& selector, const DataType& type, const std::string& text, std::size_t slash,
                  uint32_t operation) {
    Value value;
    uint32_t bits = 0;
    std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
    if (bits == 0 || bits % 8 != 0 || bits > type.length * 8) return false;
    if (!parse_value(Type{{&type}}, text.substr(0, slash), value)) return false;
    append(load(selector, 0, bits / 8));
    compare(operation, value.bytes.data(), bits / 8);
    return true;
  }

  // "established,related": the named bits together. What is no number of the host's is one value, as
  // "01:00:00:00:00:00".
  static bool parse_bits(const DataType& type, const std::string& text, Value& mask) {
    if (!type.host_order) return parse_value(Type{{&type}}, text, mask);
    mask = Value{};
    mask.length = type.length;
    for (std::size_t from = 0; from <= text.size();) {
      std::size_t comma = std::min(text.find(',', from), text.size());
      Value bits;
      if (!parse_value(Type{{&type}}, text.substr(from, comma - from), bits)) return false;
      for (std::size_t i = 0; i < type.length; ++i) mask.bytes[i] |= bits.bytes[i];
      from = comma + 1;
    }
    return true;
  }

  // Whether any of the bits is set (NFT_CMP_NEQ), or none (NFT_CMP_EQ).
  bool add_bits(const Selector& selector, const DataType& type, const std::string& text, uint32_t operation) {
    Value mask;
    if (!parse_bits(type, text, mask)) return false;
    append(load(selector, 0, type.length));
    const Value zero;
    Expression expression(must(nftnl_expr_alloc("bitwise")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_BITWISE_SREG, register_of(0));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_BITWISE_DREG, register_of(0));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_BITWISE_LEN, type.length);
    must(nftnl_expr_set(expression.get(), NFTNL_EXPR_BITWISE_MASK, mask.bytes.data(), type.length));
    must(nftnl_expr_set(expression.get(), NFTNL_EXPR_BITWISE_XOR, zero.bytes.data(), type.length));
    append(std::move(expression));
    compare(operation, zero.bytes.data(), type.length);
    return true;
  }

  // The map's data is an address, which fills the first words after the look-up, and a port in the next.
  bool add_nat(const Statement& statement) {
    bool v6 = statement.family == "ip6";
    if ((!v6 && statement.family != "ip") || (statement.nat != "snat" && statement.nat != "dnat")) return false;
    if (!load_all(statement.match)) return false;
    look_up(statement.value, false, true);
    Expression expression(must(nftnl_expr_alloc("nat")));
    nftnl_expr* nat = expression.get();
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_TYPE, statement.nat == "snat" ? NFT_NAT_SNAT : NFT_NAT_DNAT);
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_FAMILY, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, register_of(0));
    if (statement.port) {
      uint32_t words = find_type(v6 ? "ipv6_addr" : "ipv4_addr")->length / NFT_REG32_SIZE;
      nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN, register_of(words));
    }
    return append(std::move(expression));
  }

  // Which connections a packet may be one of, by what the map has for it. Answers are looked for in zone 0.
  bool add_zone(const Statement& statement) {
    if (!load_all(statement.match)) return false;
    look_up(statement.value, false, true);
    Expression expression(must(nftnl_expr_alloc("ct")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_CT_SREG, register_of(0));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_CT_KEY, NFT_CT_ZONE);
    nftnl_expr_set_u8(expression.get(), NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
    return append(std::move(expression));
  }

  // Writes into the packet what is read from another place of it.
  bool add_set(const Statement& statement) {
    if (statement.set == "ct original zone") return add_zone(statement);
    const Selector* to = find_selector(statement.set);
    if (to == nullptr || !to->in_pseudo_header || statement.match.size() != 1) return false;
    if (!load_all(statement.match)) return false;
    require_family(*to);
    Expression expression(must(nftnl_expr_alloc("payload")));
    nftnl_expr* payload = expression.get();
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_SREG, register_of(0));
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, to->base);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, to->key);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, find_type(to->type)->length);
    if (to->nfproto == NFPROTO_IPV4) {
      nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
      nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, kChecksumOfIpv4);
    }
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_FLAGS, NFT_PAYLOAD_L4CSUM_PSEUDOHDR);
    return append(std::move(expression));
  }

  // In the words of the packet's own IP version.
  bool add_reject() {
    if (!inet_) return false;
    Expression expression(must(nftnl_expr_alloc("reject")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
    nftnl_expr_set_u8(expression.get(), NFTNL_EXPR_REJECT_CODE, NFT_REJECT_ICMPX_PORT_UNREACH);
    return append(std::move(expression));
  }

  bool add_verdict(const std::string& text) {
    constexpr std::string_view kJump = "jump ";
    constexpr std::string_view kGoto = "goto ";
    int verdict = 0;
    std::string chain;
    if (text == "accept") verdict = NF_ACCEPT;
    else if (text == "drop") verdict = NF_DROP;
    else if (text == "return") verdict = NFT_RETURN;
    else if (text.starts_with(kJump)) {
      verdict = NFT_JUMP;
      chain = text.substr(kJump.size());
    } else if (text.starts_with(kGoto)) {
      verdict = NFT_GOTO;
      chain = text.substr(kGoto.size());
    } else {
      return false;
    }
    Expression expression(must(nftnl_expr_alloc("immediate")));
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(expression.get(), NFTNL_EXPR_IMM_VERDICT, static_cast<uint32_t>(verdict));
    if (!chain.empty()) must(nftnl_expr_set_str(expression.get(), NFTNL_EXPR_IMM_CHAIN, chain.c_str()));
    return append(std::move(expression));
  }

  nftnl_rule* rule_;
  bool inet_;
  uint32_t nfproto_ = 0;
};

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const RuleAdd& op) {
  if (auto failure = check_names("rule.add", op.family, {&op.table, &op.chain})) return failure;
  for (const auto& statement : op.statements) {
    // Names of sets and chains are in these.
    if (auto failure = netlink::measure("rule.add", "value", statement.value, NFT_NAME_MAXLEN - 1)) return failure;
    if (auto failure = netlink::measure("rule.add", "verdict", statement.verdict, kVerdictMost)) return failure;
  }
  Rule rule(must(nftnl_rule_alloc()));
  must(nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, op.table.c_str()));
  must(nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, op.chain.c_str()));
  nftnl_rule_set_u32(rule.get(), NFTNL_RULE_FAMILY, family_number(op.family));
  RuleBuilder builder(rule.get(), op.family == "inet");
  for (const auto& statement : op.statements) {
    if (!builder.add(statement)) return Failure::of(EINVAL, "rule.add", op.comment);
  }
  if (!op.comment.empty()) {
    UserData data;
    if (auto failure = put_comment("rule.add", data, NFTNL_UDATA_RULE_COMMENT, op.comment)) return failure;
    must(nftnl_rule_set_data(rule.get(), NFTNL_RULE_USERDATA, data.data(), data.size()));
  }
  std::size_t expressions = 0;
  nftnl_expr_foreach(
      rule.get(),
      [](nftnl_expr*, void* count) {
        ++*static_cast<std::size_t*>(count);
        return 0;
      },
      &expressions);
  if (expressions > kExpressionsMost) return Failure::of(EMSGSIZE, "rule.add", "more steps than one rule has");
  nlmsghdr* message = begin(batch, origin, NFT_MSG_NEWRULE, family_number(op.family), NLM_F_CREATE | NLM_F_APPEND,
                            kRuleRoom + expressions * kExpressionRoom);
  nftnl_rule_nlmsg_build_payload(message, rule.get());
  batch.commit_reserved();
  return kOk;
}

Status dump_rules(netlink::Socket& socket, const std::string& family, const std::string& table,
                  std::vector<RuleInfo>& rules) {
  if (auto failure = check_names("rule.dump", family, {&table})) return failure;
  Rule every(nftnl_rule_alloc());
  nftnl_rule_set_str(every.get(), NFTNL_RULE_TABLE, table.c_str());
  alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETRULE, family_number(family), NLM_F_DUMP, 0);
  nftnl_rule_nlmsg_build_payload(message, every.get());
  return socket.request(message, [&](netlink::Answer& answer) {
    if (answer.type() != message_type(NFT_MSG_NEWRULE)) return;
    std::string of;
    RuleInfo rule;
    answer.each<nfgenmsg>([&](const netlink::Attribute& attribute) {
      if (attribute.type() == NFTA_RULE_TABLE) of = attribute.text();
      if (attribute.type() == NFTA_RULE_CHAIN) rule.chain = attribute.text();
      if (attribute.type() == NFTA_RULE_USERDATA)
        rule.comment = read_comment(NFTNL_UDATA_RULE_COMMENT, attribute.view());
      if (attribute.type() == NFTA_RULE_EXPRESSIONS)
        attribute.each([&](const netlink::Attribute& expression) {
          if (!rule.counts) rule.counts = read_counter(expression, rule.packets, rule.bytes);
        });
    });
    if (of == table && !rule.chain.empty()) rules.push_back(std::move(rule));
  });
}

}  // namespace slipway::nft
