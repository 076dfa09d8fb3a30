#include "nft/set.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <string_view>

#include "nft/message_type.h"
#include "nft/value.h"

namespace slipway::nft {
namespace {

// nft's notion of byte order in the user data of a set (nftables: enum byteorder). Zero is said of a concatenation.
constexpr uint32_t kHostEndian = 1;
constexpr uint32_t kBigEndian = 2;

uint32_t byte_order(const Type& type) {
  if (type.parts.size() > 1) return 0;
  return type.host_order() ? kHostEndian : kBigEndian;
}

// What nft says of types that have no name, as a conntrack zone's: an expression of that type. The numbers are nft's
// own (enum expr_types, proto_desc_id, and the place of a field among those of its header).
struct TypeOf {
  std::string_view type;
  uint32_t expression, first, second;
};

constexpr uint32_t kPayload = 7;
constexpr uint32_t kMeta = 9;
constexpr uint32_t kConnection = 12;
constexpr uint32_t kConcatenation = 13;
constexpr uint32_t kNone = UINT32_MAX;
constexpr TypeOf kTypesOf[] = {
    {"ct_zone", kConnection, NFT_CT_ZONE, kNone},    // ct zone
    {"ipv4_addr", kPayload, 12, 12},                 // ip daddr
    {"ipv6_addr", kPayload, 13, 9},                  // ip6 daddr
    {"inet_proto", kMeta, NFT_META_L4PROTO, kNone},  // meta l4proto
    {"inet_service", kPayload, 11, 2},               // th dport
    {"number", kPayload, 6, 3},                      // udp length
};

// Types of attributes, in a TYPEOF and in what describes an expression.
constexpr uint8_t kExpression = 0;
constexpr uint8_t kDescription = 1;

void put(UserData& data, uint8_t type, uint32_t number) { data.put(type, &number, sizeof number); }
void put(UserData& data, uint8_t type, const UserData& nest) { data.put(type, nest.data(), nest.size()); }

UserData type_of(const DataType& type) {
  UserData expression;
  for (const auto& of : kTypesOf) {
    if (of.type != type.name) continue;
    UserData description;
    put(description, 0, of.first);
    if (of.second != kNone || of.expression == kConnection) put(description, 1, of.second);
    put(expression, kExpression, of.expression);
    put(expression, kDescription, description);
  }
  return expression;
}

UserData type_of(const Type& type) {
  if (type.parts.size() == 1) return type_of(*type.parts[0]);
  UserData parts;
  for (std::size_t index = 0; index < type.parts.size(); ++index)
    put(parts, static_cast<uint8_t>(index), type_of(*type.parts[index]));
  UserData expression;
  put(expression, kExpression, kConcatenation);
  put(expression, kDescription, parts);
  return expression;
}

Status put_user_data(nftnl_set* set, const SetAdd& op, const Type& key, const Type& data) {
  UserData user;
  put(user, NFTNL_UDATA_SET_KEYBYTEORDER, byte_order(key));
  if (!op.data_type.empty()) put(user, NFTNL_UDATA_SET_DATABYTEORDER, byte_order(data));
  if (data.parts.size() == 1 && data.parts[0]->name == "ct_zone") {
    put(user, NFTNL_UDATA_SET_KEY_TYPEOF, type_of(key));
    put(user, NFTNL_UDATA_SET_DATA_TYPEOF, type_of(data));
  }
  if (!op.comment.empty()) {
    if (auto failure = put_comment("set.add", user, NFTNL_UDATA_SET_COMMENT, op.comment)) return failure;
  }
  must(nftnl_set_set_data(set, NFTNL_SET_USERDATA, user.data(), user.size()));
  return kOk;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const SetAdd& op) {
  if (auto failure = check_names("set.add", op.family, {&op.table, &op.set})) return failure;
  Type key;
  Type data;
  if (!parse_type(op.type, key)) return Failure::of(EINVAL, "set.add");
  Set set(must(nftnl_set_alloc()));
  uint32_t flags = 0;
  must(nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, op.table.c_str()));
  must(nftnl_set_set_str(set.get(), NFTNL_SET_NAME, op.set.c_str()));
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, key.id());
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, key.length());
  // The kernel wants a number that is unique in the transaction; the message's own will do.
  nftnl_set_set_u32(set.get(), NFTNL_SET_ID, static_cast<uint32_t>(batch.count() + 1));
  if (!op.data_type.empty()) {
    if (!parse_type(op.data_type, data)) return Failure::of(EINVAL, "set.add");
    flags |= NFT_SET_MAP;
    nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_TYPE, data.id());
    nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_LEN, data.length());
  }
  if (op.interval) {
    flags |= NFT_SET_INTERVAL;
    if (key.parts.size() > 1) {
      flags |= NFT_SET_CONCAT;
      uint8_t lengths[16] = {};
      for (std::size_t i = 0; i < key.parts.size(); ++i) lengths[i] = static_cast<uint8_t>(key.parts[i]->length);
      must(nftnl_set_set_data(set.get(), NFTNL_SET_DESC_CONCAT, lengths, static_cast<uint32_t>(key.parts.size())));
    }
  }
  if (op.counter) nftnl_set_add_expr(set.get(), must(nftnl_expr_alloc("counter")));
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags);
  if (auto failure = put_user_data(set.get(), op, key, data)) return failure;
  nlmsghdr* message = begin(batch, origin, NFT_MSG_NEWSET, family_number(op.family), NLM_F_CREATE | NLM_F_EXCL);
  nftnl_set_nlmsg_build_payload(message, set.get());
  batch.commit_reserved();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const SetDelete& op) {
  if (auto failure = check_names("set.delete", op.family, {&op.table, &op.set})) return failure;
  Set set(must(nftnl_set_alloc()));
  must(nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, op.table.c_str()));
  must(nftnl_set_set_str(set.get(), NFTNL_SET_NAME, op.set.c_str()));
  nlmsghdr* message = begin(batch, origin, NFT_MSG_DELSET, family_number(op.family), 0);
  nftnl_set_nlmsg_build_payload(message, set.get());
  batch.commit_reserved();
  return kOk;
}

namespace {

SetInfo read_set(netlink::Answer& answer, std::string& table) {
  SetInfo set;
  uint32_t flags = 0;
  uint32_t key = 0;
  uint32_t data = 0;
  auto counts = [&](const netlink::Attribute& expression) {
    uint64_t unused = 0;
    set.counter = set.counter || read_counter(expression, unused, unused);
  };
  answer.each<nfgenmsg>([&](const netlink::Attribute& attribute) {
    switch (attribute.type()) {
      case NFTA_SET_TABLE: table = attribute.text(); break;
      case NFTA_SET_NAME: set.name = attribute.text(); break;
      case NFTA_SET_FLAGS: flags = ntohl(attribute.u32()); break;
      case NFTA_SET_KEY_TYPE: key = ntohl(attribute.u32()); break;
      case NFTA_SET_DATA_TYPE: data = ntohl(attribute.u32()); break;
      case NFTA_SET_EXPR: counts(attribute); break;
      case NFTA_SET_EXPRESSIONS: attribute.each(counts); break;
      default: break;
    }
  });
  set.type = name_of_type(key, false);
  if ((flags & NFT_SET_MAP) != 0) set.data_type = name_of_type(data, true);
  set.interval = (flags & NFT_SET_INTERVAL) != 0;
  return set;
}

}  // namespace

Status dump_sets(netlink::Socket& socket, const std::string& family, const std::string& table,
                 std::vector<SetInfo>& sets) {
  if (auto failure = check_names("set.dump", family, {&table})) return failure;
  Set every(must(nftnl_set_alloc()));
  must(nftnl_set_set_str(every.get(), NFTNL_SET_TABLE, table.c_str()));
  alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETSET, family_number(family), NLM_F_DUMP, 0);
  nftnl_set_nlmsg_build_payload(message, every.get());
  return socket.request(message, [&](netlink::Answer& answer) {
    if (answer.type() != message_type(NFT_MSG_NEWSET)) return;
    std::string of;
    SetInfo set = read_set(answer, of);
    if (of == table && !set.name.empty()) sets.push_back(std::move(set));
  });
}

}  // namespace slipway::nft
