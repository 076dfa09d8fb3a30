#include "nft/fingerprint.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "nft/message_type.h"
#include "nft/objects.h"

namespace slipway::nft {
namespace {

using netlink::Attribute;

// FNV-1a. Nobody has to be kept from finding two of one number: who may write rules may do anything.
class Hash {
 public:
  Hash& bytes(std::string_view text) {
    for (char one : text) value_ = (value_ ^ static_cast<uint8_t>(one)) * 0x100000001b3;
    return *this;
  }
  Hash& number(uint64_t number) { return bytes({reinterpret_cast<const char*>(&number), sizeof number}); }
  Hash& text(std::string_view text) { return number(text.size()).bytes(text); }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325;
};

bool is_zero(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char byte) { return byte == 0; });
}

// Attributes are in any order: their numbers are added up.
uint64_t of_value(uint16_t type, std::string_view value) { return Hash().number(type).text(value).value(); }
uint64_t of_number(uint16_t type, uint64_t number) { return Hash().number(type).number(number).value(); }
uint64_t unless_zero(const Attribute& attribute) {
  return is_zero(attribute.view()) ? 0 : of_value(attribute.type(), attribute.view());
}

// Bytes to compare with, or a verdict. Zeros are a value, and how many there are counts.
uint64_t of_data(const Attribute& data) {
  uint64_t sum = 0;
  data.each([&](const Attribute& part) {
    if (part.type() == NFTA_DATA_VALUE) sum += of_value(part.type(), part.view());
    if (part.type() != NFTA_DATA_VERDICT) return;
    part.each([&](const Attribute& verdict) {
      sum += verdict.type() == NFTA_VERDICT_CHAIN ? of_value(NFTA_VERDICT_CHAIN, verdict.text())
                                                  : of_value(verdict.type() << 8, verdict.view());
    });
  });
  return of_number(data.type(), sum);
}

// Attributes of expressions that are data.
struct DataAttribute {
  std::string_view expression;
  uint16_t attribute;
};
constexpr DataAttribute kData[] = {
    {"cmp", NFTA_CMP_DATA},        {"immediate", NFTA_IMMEDIATE_DATA}, {"bitwise", NFTA_BITWISE_MASK},
    {"bitwise", NFTA_BITWISE_XOR}, {"bitwise", NFTA_BITWISE_DATA},     {"range", NFTA_RANGE_FROM_DATA},
    {"range", NFTA_RANGE_TO_DATA},
};

bool is_data(std::string_view expression, uint16_t attribute) {
  return std::any_of(std::begin(kData), std::end(kData), [&](const DataAttribute& one) {
    return one.expression == expression && one.attribute == attribute;
  });
}

// The kernel tells a single register as a range from it to itself, and flags for what the registers say already.
uint64_t of_nat(const Attribute& details) {
  uint64_t sum = 0;
  std::map<uint16_t, std::string_view> registers;
  details.each([&](const Attribute& detail) {
    switch (detail.type()) {
      case NFTA_NAT_REG_ADDR_MIN:
      case NFTA_NAT_REG_ADDR_MAX:
      case NFTA_NAT_REG_PROTO_MIN:
      case NFTA_NAT_REG_PROTO_MAX: registers[detail.type()] = detail.view(); break;
      case NFTA_NAT_FLAGS: {
        uint32_t flags = ntohl(detail.u32()) & ~uint32_t{NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED};
        if (flags != 0) sum += of_number(NFTA_NAT_FLAGS, flags);
        break;
      }
      default: sum += unless_zero(detail);
    }
  });
  for (auto [least, most] : {std::pair<uint16_t, uint16_t>{NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX},
                             std::pair<uint16_t, uint16_t>{NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX}}) {
    if (registers.count(least) == 0) continue;
    sum += of_value(least, registers[least]);
    if (registers.count(most) > 0 && registers[most] != registers[least]) sum += of_value(most, registers[most]);
  }
  return sum;
}

uint64_t of_details(std::string_view expression, const Attribute& details) {
  if (expression == "counter") return 0;
  if (expression == "nat") return of_nat(details);
  uint64_t sum = 0;
  details.each([&](const Attribute& detail) {
    if (is_data(expression, detail.type())) sum += of_data(detail);
    // Zero is a direction, too.
    else if (expression == "ct" && detail.type() == NFTA_CT_DIRECTION) sum += of_value(detail.type(), detail.view());
    else sum += unless_zero(detail);
  });
  return sum;
}

uint64_t of_expression(const Attribute& expression) {
  std::string name;
  uint64_t details = 0;
  expression.each([&](const Attribute& part) {
    if (part.type() == NFTA_EXPR_NAME) name = part.text();
    if (part.type() == NFTA_EXPR_DATA) details = of_details(name, part);
  });
  return Hash().text(name).number(details).value();
}

uint64_t of_expressions(const Attribute& list) {
  Hash hash;
  list.each([&](const Attribute& expression) { hash.number(of_expression(expression)); });
  return hash.value();
}

uint64_t of_hook(const Attribute& hook) {
  uint64_t sum = 0;
  hook.each([&](const Attribute& part) {
    if (part.type() == NFTA_HOOK_HOOKNUM || part.type() == NFTA_HOOK_PRIORITY) sum += unless_zero(part);
  });
  return of_number(NFTA_CHAIN_HOOK, sum);
}

// How many elements there is room for, and the lengths of the parts of a key.
uint64_t of_description(const Attribute& description) {
  uint64_t sum = 0;
  description.each([&](const Attribute& part) {
    if (part.type() == NFTA_SET_DESC_SIZE) sum += unless_zero(part);
    if (part.type() != NFTA_SET_DESC_CONCAT) return;
    Hash lengths;
    part.each(
        [&](const Attribute& field) { field.each([&](const Attribute& length) { lengths.bytes(length.view()); }); });
    sum += of_number(NFTA_SET_DESC_CONCAT, lengths.value());
  });
  return sum;
}

uint64_t of_table(const Attribute& attribute) {
  return attribute.type() == NFTA_TABLE_FLAGS ? unless_zero(attribute) : 0;
}

uint64_t of_chain(const Attribute& attribute) {
  switch (attribute.type()) {
    case NFTA_CHAIN_HOOK: return of_hook(attribute);
    case NFTA_CHAIN_POLICY: return unless_zero(attribute);
    case NFTA_CHAIN_TYPE: return of_value(NFTA_CHAIN_TYPE, attribute.text());
    default: return 0;
  }
}

uint64_t of_set(const Attribute& attribute) {
  switch (attribute.type()) {
    case NFTA_SET_FLAGS:
    case NFTA_SET_KEY_TYPE:
    case NFTA_SET_KEY_LEN:
    case NFTA_SET_DATA_TYPE:
    case NFTA_SET_DATA_LEN:
    case NFTA_SET_OBJ_TYPE:
    case NFTA_SET_POLICY:
    case NFTA_SET_TIMEOUT: return unless_zero(attribute);
    case NFTA_SET_DESC: return of_description(attribute);
    case NFTA_SET_EXPR: return of_number(NFTA_SET_EXPR, of_expression(attribute));
    case NFTA_SET_EXPRESSIONS: return of_number(NFTA_SET_EXPRESSIONS, of_expressions(attribute));
    default: return 0;
  }
}

uint64_t of_rule(const Attribute& attribute) {
  return attribute.type() == NFTA_RULE_EXPRESSIONS ? of_expressions(attribute) : 0;
}

struct FingerprintedKind {
  const char* name;
  uint16_t get, add;
  uint16_t table, named;
  uint64_t (*of)(const Attribute&);
};
constexpr FingerprintedKind kFingerprinted[] = {
    {"table", NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, NFTA_TABLE_NAME, NFTA_TABLE_NAME, of_table},
    {"chain", NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, of_chain},
    {"set", NFT_MSG_GETSET, NFT_MSG_NEWSET, NFTA_SET_TABLE, NFTA_SET_NAME, of_set},
    {"rule", NFT_MSG_GETRULE, NFT_MSG_NEWRULE, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, of_rule},
};

const FingerprintedKind* kind_of(uint16_t message) {
  for (const auto& kind : kFingerprinted) {
    if (message == message_type(kind.add)) return &kind;
  }
  return nullptr;
}

// `table` comes there.
bool read(netlink::Answer& message, Fingerprint& print, std::string& table) {
  const FingerprintedKind* kind = kind_of(message.type());
  if (kind == nullptr) return false;
  print.kind = kind->name;
  bool rule = kind->add == NFT_MSG_NEWRULE;
  uint64_t sum = 0;
  message.each<nfgenmsg>([&](const Attribute& attribute) {
    if (attribute.type() == kind->table) table = attribute.text();
    if (attribute.type() == kind->named) print.name = attribute.text();
    if (rule && attribute.type() == NFTA_RULE_USERDATA)
      print.comment = read_comment(NFTNL_UDATA_RULE_COMMENT, attribute.view());
    sum += kind->of(attribute);
  });
  print.number = Hash().number(sum).value();
  return !message.malformed() && (!rule || !print.comment.empty());
}

}  // namespace

uint64_t Fingerprints::whole() const {
  std::map<std::string_view, uint64_t> places;
  uint64_t sum = 0;
  for (const auto& part : parts) {
    uint64_t place = part.kind == "rule" ? ++places[part.name] : 0;
    sum += Hash().text(part.kind).text(part.name).number(place).text(part.comment).number(part.number).value();
  }
  return sum;
}

void read_fingerprints(const netlink::Batch& batch, Fingerprints& prints) {
  const char* at = batch.data();
  std::size_t left = batch.size();
  while (const nlmsghdr* message = netlink::message_at(at, left)) {
    netlink::Answer made(message);
    Fingerprint print;
    std::string table;
    if (read(made, print, table)) prints.parts.push_back(std::move(print));
    std::size_t step = netlink::step_over(message, left);
    at += step;
    left -= step;
  }
}

Status dump_fingerprints(netlink::Socket& socket, const std::string& family, const std::string& table,
                         const std::string& kept, Fingerprints& prints) {
  if (auto failure = check_names("fingerprints", family, {&table})) return failure;
  for (const auto& kind : kFingerprinted) {
    alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
    nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, kind.get, family_number(family), NLM_F_DUMP, 0);
    // The kernel passes over it where it is asked for tables or chains: these are those of all tables.
    Rule every(must(nftnl_rule_alloc()));
    must(nftnl_rule_set_str(every.get(), NFTNL_RULE_TABLE, table.c_str()));
    static_assert(int{NFTA_RULE_TABLE} == int{NFTA_SET_TABLE});
    if (kind.get == NFT_MSG_GETRULE || kind.get == NFT_MSG_GETSET) nftnl_rule_nlmsg_build_payload(message, every.get());
    auto failure = socket.request(message, [&](netlink::Answer& answer) {
      Fingerprint print;
      std::string of;
      if (!read(answer, print, of) || of != table) return;
      if (kind.get == NFT_MSG_GETRULE && print.name == kept) return;
      prints.parts.push_back(std::move(print));
    });
    if (failure) return failure;
  }
  return kOk;
}

}  // namespace slipway::nft
