#include "nft/set.h"

#include <linux/netfilter/nf_tables.h>

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

Status put_user_data(nftnl_set* set, const SetAdd& op, const Type& key, const Type& data) {
  UserData user;
  uint32_t order = byte_order(key);
  user.put(NFTNL_UDATA_SET_KEYBYTEORDER, &order, sizeof order);
  if (!op.data_type.empty()) {
    order = byte_order(data);
    user.put(NFTNL_UDATA_SET_DATABYTEORDER, &order, sizeof order);
  }
  if (!op.comment.empty()) {
    if (auto failure = put_comment("set.add", user, NFTNL_UDATA_SET_COMMENT, op.comment)) return failure;
  }
  nftnl_set_set_data(set, NFTNL_SET_USERDATA, user.data(), user.size());
  return kOk;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const SetAdd& op) {
  if (auto failure = check_names("set.add", op.family, {&op.table, &op.set})) return failure;
  Type key;
  Type data;
  if (!parse_type(op.type, key)) return Failure::of(EINVAL, "set.add");
  Set set(nftnl_set_alloc());
  uint32_t flags = 0;
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, op.table.c_str());
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, op.set.c_str());
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
      nftnl_set_set_data(set.get(), NFTNL_SET_DESC_CONCAT, lengths, static_cast<uint32_t>(key.parts.size()));
    }
  }
  if (op.counter) nftnl_set_add_expr(set.get(), nftnl_expr_alloc("counter"));
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags);
  if (auto failure = put_user_data(set.get(), op, key, data)) return failure;
  nlmsghdr* message = begin(batch, origin, NFT_MSG_NEWSET, family_number(op.family), NLM_F_CREATE | NLM_F_EXCL);
  nftnl_set_nlmsg_build_payload(message, set.get());
  batch.commit_reserved();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const SetDelete& op) {
  if (auto failure = check_names("set.delete", op.family, {&op.table, &op.set})) return failure;
  Set set(nftnl_set_alloc());
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, op.table.c_str());
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, op.set.c_str());
  nlmsghdr* message = begin(batch, origin, NFT_MSG_DELSET, family_number(op.family), 0);
  nftnl_set_nlmsg_build_payload(message, set.get());
  batch.commit_reserved();
  return kOk;
}

}  // namespace slipway::nft
