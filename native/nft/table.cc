#include "nft/table.h"

#include <linux/netfilter/nf_tables.h>

namespace slipway::nft {
namespace {

Table make_table(const std::string& name) {
  Table table(nftnl_table_alloc());
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, name.c_str());
  return table;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const TableAdd& op) {
  Table table = make_table(op.table);
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FLAGS, 0);
  if (!op.comment.empty()) {
    UserData data = comment_data(NFTNL_UDATA_TABLE_COMMENT, op.comment);
    nftnl_table_set_data(table.get(), NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(data.get()),
                         nftnl_udata_buf_len(data.get()));
  }
  nlmsghdr* message = begin(batch, origin, NFT_MSG_NEWTABLE, family_number(op.family), NLM_F_CREATE | NLM_F_EXCL);
  nftnl_table_nlmsg_build_payload(message, table.get());
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const TableDelete& op) {
  Table table = make_table(op.table);
  nlmsghdr* message = begin(batch, origin, NFT_MSG_DELTABLE, family_number(op.family), 0);
  nftnl_table_nlmsg_build_payload(message, table.get());
  batch.commit();
  return kOk;
}

Status get_table(netlink::Socket& socket, const std::string& family, const std::string& name, std::string& comment) {
  Table table = make_table(name);
  alignas(nlmsghdr) char buffer[512] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETTABLE, family_number(family), NLM_F_ACK, 0);
  nftnl_table_nlmsg_build_payload(message, table.get());
  return socket.request(message, [&](const nlmsghdr* answer) {
    Table found(nftnl_table_alloc());
    if (nftnl_table_nlmsg_parse(answer, found.get()) < 0) return;
    uint32_t length = 0;
    const void* data = nftnl_table_get_data(found.get(), NFTNL_TABLE_USERDATA, &length);
    comment = read_comment(NFTNL_UDATA_TABLE_COMMENT, data, data == nullptr ? 0 : length);
  });
}

}  // namespace slipway::nft
