#include "nft/parts.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "nft/message_type.h"

namespace slipway::nft {
namespace {

using netlink::Attribute;

// A kind, its messages, and its attributes that make it again. Others (handles, uses, positions) are the kernel's own.
struct PartKind {
  std::string_view name;
  uint16_t get, add;
  uint16_t table, named;
  std::initializer_list<uint16_t> kept;
};

const PartKind kPartKinds[] = {
    {"chain",
     NFT_MSG_GETCHAIN,
     NFT_MSG_NEWCHAIN,
     NFTA_CHAIN_TABLE,
     NFTA_CHAIN_NAME,
     {NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE, NFTA_CHAIN_COUNTERS, NFTA_CHAIN_FLAGS, NFTA_CHAIN_USERDATA}},
    {"rule",
     NFT_MSG_GETRULE,
     NFT_MSG_NEWRULE,
     NFTA_RULE_TABLE,
     NFTA_RULE_CHAIN,
     {NFTA_RULE_EXPRESSIONS, NFTA_RULE_COMPAT, NFTA_RULE_USERDATA}},
    {"set",
     NFT_MSG_GETSET,
     NFT_MSG_NEWSET,
     NFTA_SET_TABLE,
     NFTA_SET_NAME,
     {NFTA_SET_FLAGS, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN, NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN, NFTA_SET_POLICY,
      NFTA_SET_DESC, NFTA_SET_TIMEOUT, NFTA_SET_GC_INTERVAL, NFTA_SET_USERDATA, NFTA_SET_OBJ_TYPE, NFTA_SET_EXPR,
      NFTA_SET_EXPRESSIONS}},
    {"element",
     NFT_MSG_GETSETELEM,
     NFT_MSG_NEWSETELEM,
     NFTA_SET_ELEM_LIST_TABLE,
     NFTA_SET_ELEM_LIST_SET,
     {NFTA_SET_ELEM_LIST_ELEMENTS}},
    {"object",
     NFT_MSG_GETOBJ,
     NFT_MSG_NEWOBJ,
     NFTA_OBJ_TABLE,
     NFTA_OBJ_NAME,
     {NFTA_OBJ_TYPE, NFTA_OBJ_DATA, NFTA_OBJ_USERDATA}},
    {"flowtable",
     NFT_MSG_GETFLOWTABLE,
     NFT_MSG_NEWFLOWTABLE,
     NFTA_FLOWTABLE_TABLE,
     NFTA_FLOWTABLE_NAME,
     {NFTA_FLOWTABLE_HOOK, NFTA_FLOWTABLE_FLAGS}},
};

const PartKind* find_kind(std::string_view name) {
  auto found = std::find_if(std::begin(kPartKinds), std::end(kPartKinds),
                            [&](const PartKind& kind) { return kind.name == name; });
  return found == std::end(kPartKinds) ? nullptr : found;
}

constexpr std::string_view kDigits = "0123456789abcdef";

void put_hex(std::string& text, const void* bytes, std::size_t size) {
  const auto* at = static_cast<const uint8_t*>(bytes);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[at[i] >> 4];
    text += kDigits[at[i] & 0xf];
  }
}

void put_attribute(std::string& text, uint16_t type, std::string_view value) {
  nlattr header{static_cast<uint16_t>(sizeof header + value.size()), type};
  constexpr char kPadding[NLA_ALIGNTO] = {};
  put_hex(text, &header, sizeof header);
  put_hex(text, value.data(), value.size());
  put_hex(text, kPadding, NLA_ALIGN(header.nla_len) - header.nla_len);
}

bool parse_hex(const std::string& text, std::string& bytes) {
  if (text.size() % 2 != 0) return false;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    auto high = kDigits.find(text[at]);
    auto low = kDigits.find(text[at + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes += static_cast<char>(high << 4 | low);
  }
  return true;
}

// The chain of a verdict, in the data of an element or of an immediate.
void put_verdict(const Attribute& data, std::vector<std::string>& uses) {
  data.each([&](const Attribute& part) {
    if (part.type() != NFTA_DATA_VERDICT) return;
    part.each([&](const Attribute& verdict) {
      if (verdict.type() == NFTA_VERDICT_CHAIN) uses.push_back("chain " + verdict.text());
    });
  });
}

// What an expression refers to, by its name and the attribute that says it.
struct Reference {
  std::string_view expression;
  uint16_t attribute;
  const char* kind;
};
constexpr Reference kReferences[] = {
    {"lookup", NFTA_LOOKUP_SET, "set "},
    {"dynset", NFTA_DYNSET_SET_NAME, "set "},
    {"objref", NFTA_OBJREF_SET_NAME, "set "},
    {"objref", NFTA_OBJREF_IMM_NAME, "object "},
    {"flow_offload", NFTA_FLOW_TABLE_NAME, "flowtable "},
};

void put_uses_of_rule(const Attribute& expressions, std::vector<std::string>& uses) {
  expressions.each([&](const Attribute& expression) {
    std::string name;
    expression.each([&](const Attribute& part) {
      if (part.type() == NFTA_EXPR_NAME) name = part.text();
      if (part.type() != NFTA_EXPR_DATA) return;
      part.each([&](const Attribute& detail) {
        if (name == "immediate" && detail.type() == NFTA_IMMEDIATE_DATA) put_verdict(detail, uses);
        for (const auto& reference : kReferences) {
          if (reference.expression == name && reference.attribute == detail.type())
            uses.push_back(reference.kind + detail.text());
        }
      });
    });
  });
}

void put_uses_of_elements(const Attribute& elements, std::vector<std::string>& uses) {
  elements.each([&](const Attribute& element) {
    element.each([&](const Attribute& part) {
      if (part.type() == NFTA_SET_ELEM_DATA) put_verdict(part, uses);
      if (part.type() == NFTA_SET_ELEM_OBJREF) uses.push_back("object " + part.text());
    });
  });
}

PartInfo read_part(const PartKind& kind, netlink::Answer& answer, std::string& table) {
  PartInfo part;
  part.kind = kind.name;
  answer.each<nfgenmsg>([&](const Attribute& attribute) {
    uint16_t type = attribute.type();
    bool names = type == kind.table || type == kind.named;
    if (type == kind.table) table = attribute.text();
    if (type == kind.named) part.name = attribute.text();
    if (names || std::find(kind.kept.begin(), kind.kept.end(), type) != kind.kept.end())
      put_attribute(part.attributes, type, attribute.view());
    if (kind.add == NFT_MSG_NEWRULE && type == NFTA_RULE_EXPRESSIONS) put_uses_of_rule(attribute, part.uses);
    if (kind.add == NFT_MSG_NEWSETELEM && type == NFTA_SET_ELEM_LIST_ELEMENTS)
      put_uses_of_elements(attribute, part.uses);
  });
  return part;
}

void put_text(nlmsghdr* message, uint16_t type, const std::string& text) {
  auto* at = reinterpret_cast<char*>(message) + NLMSG_ALIGN(message->nlmsg_len);
  nlattr header{static_cast<uint16_t>(sizeof header + text.size() + 1), type};
  std::memcpy(at, &header, sizeof header);
  std::memcpy(at + sizeof header, text.c_str(), text.size() + 1);
  message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + NLA_ALIGN(header.nla_len);
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const PartCopy& op) {
  if (auto failure = check_names("part.copy", op.family, {&op.table})) return failure;
  const PartKind* kind = find_kind(op.kind);
  std::string bytes;
  if (kind == nullptr || !parse_hex(op.attributes, bytes)) return Failure::of(EINVAL, "part.copy", op.kind);
  uint16_t flags = NLM_F_CREATE | (kind->add == NFT_MSG_NEWRULE ? NLM_F_APPEND : NLM_F_EXCL);
  nlmsghdr* message =
      begin(batch, origin, kind->add, family_number(op.family), flags, netlink::Batch::kMessageRoom + bytes.size());
  std::memcpy(reinterpret_cast<char*>(message) + message->nlmsg_len, bytes.data(), bytes.size());
  message->nlmsg_len += static_cast<uint32_t>(bytes.size());
  if (kind->add == NFT_MSG_NEWSET) {
    // As nft/set.cc: a number that is unique in the transaction.
    struct {
      nlattr header;
      uint32_t number;
    } id{{sizeof id, NFTA_SET_ID}, htonl(static_cast<uint32_t>(batch.count()))};
    std::memcpy(reinterpret_cast<char*>(message) + message->nlmsg_len, &id, sizeof id);
    message->nlmsg_len += sizeof id;
  }
  batch.commit_reserved();
  return kOk;
}

Status dump_parts(netlink::Socket& socket, const PartsQuery& query, std::vector<PartInfo>& parts) {
  if (auto failure = check_names("part.dump", query.family, {&query.table})) return failure;
  if (auto failure = netlink::measure("part.dump", "set", query.set, NFT_NAME_MAXLEN - 1)) return failure;
  const PartKind* kind = find_kind(query.kind);
  if (kind == nullptr) return Failure::of(EINVAL, "part.dump", query.kind);
  alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, kind->get, family_number(query.family), NLM_F_DUMP, 0);
  put_text(message, kind->table, query.table);
  if (kind->get == NFT_MSG_GETSETELEM) put_text(message, kind->named, query.set);
  return socket.request(message, [&](netlink::Answer& answer) {
    if (answer.type() != message_type(kind->add)) return;
    std::string of;
    PartInfo part = read_part(*kind, answer, of);
    if (of == query.table && !part.name.empty()) parts.push_back(std::move(part));
  });
}

}  // namespace slipway::nft
