#include "nft/table.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft/message_type.h"

namespace slipway::nft {
namespace {

Table make_table(const std::string& name) {
  Table table(must(nftnl_table_alloc()));
  must(nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, name.c_str()));
  return table;
}

template <typename Op>
Status encode_new(netlink::Batch& batch, netlink::Origin origin, const char* name, const Op& op, uint16_t flags) {
  if (auto failure = check_names(name, op.family, {&op.table})) return failure;
  Table table = make_table(op.table);
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FLAGS, 0);
  if (!op.comment.empty()) {
    UserData data;
    if (auto failure = put_comment(name, data, NFTNL_UDATA_TABLE_COMMENT, op.comment)) return failure;
    must(nftnl_table_set_data(table.get(), NFTNL_TABLE_USERDATA, data.data(), data.size()));
  }
  nlmsghdr* message = begin(batch, origin, NFT_MSG_NEWTABLE, family_number(op.family), flags);
  nftnl_table_nlmsg_build_payload(message, table.get());
  batch.commit_reserved();
  return kOk;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const TableAdd& op) {
  return encode_new(batch, origin, "table.add", op, NLM_F_CREATE | NLM_F_EXCL);
}

// Of a table that is there, the kernel changes flags alone.
Status encode(netlink::Batch& batch, netlink::Origin origin, const TableEnable& op) {
  return encode_new(batch, origin, "table.enable", op, 0);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const TableDelete& op) {
  if (auto failure = check_names("table.delete", op.family, {&op.table})) return failure;
  Table table = make_table(op.table);
  nlmsghdr* message = begin(batch, origin, NFT_MSG_DELTABLE, family_number(op.family), 0);
  nftnl_table_nlmsg_build_payload(message, table.get());
  batch.commit_reserved();
  return kOk;
}

Status get_table(netlink::Socket& socket, const std::string& family, const std::string& name, std::string& comment) {
  if (auto failure = check_names("table", family, {&name})) return failure;
  Table table = make_table(name);
  alignas(nlmsghdr) char buffer[512] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETTABLE, family_number(family), NLM_F_ACK, 0);
  nftnl_table_nlmsg_build_payload(message, table.get());
  return socket.request(message, [&](netlink::Answer& answer) {
    answer.each<nfgenmsg>([&](const netlink::Attribute& attribute) {
      if (attribute.type() == NFTA_TABLE_USERDATA) comment = read_comment(NFTNL_UDATA_TABLE_COMMENT, attribute.view());
    });
  });
}

void encode_refused(netlink::Batch& batch, netlink::Origin origin) {
  netlink::Message message = batch.begin("table.delete", message_type(NFT_MSG_DELTABLE), NLM_F_ACK, origin);
  nfgenmsg header{};
  header.nfgen_family = NFPROTO_INET;
  message.header(header);
  std::string name(300, 'x');
  message.bytes(NFTA_TABLE_NAME, name.data(), name.size());
  batch.commit(message);
}

}  // namespace slipway::nft
