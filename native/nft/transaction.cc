#include "nft/transaction.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft/objects.h"

namespace slipway::nft {
namespace {

void put_envelope(netlink::Batch& batch, uint16_t type, uint32_t generation = 0) {
  netlink::Message message = batch.begin("transaction", type, 0, {});
  nfgenmsg header{};
  header.nfgen_family = AF_UNSPEC;
  header.version = NFNETLINK_V0;
  header.res_id = htons(NFNL_SUBSYS_NFTABLES);
  message.header(header);
  if (generation != 0) message.u32(NFNL_BATCH_GENID, htonl(generation));
  batch.commit(message);
}

}  // namespace

Status get_generation(netlink::Socket& socket, uint32_t& generation) {
  alignas(nlmsghdr) char buffer[256] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETGEN, AF_UNSPEC, NLM_F_ACK, 0);
  return socket.request(message, [&](netlink::Answer& answer) {
    answer.each<nfgenmsg>([&](const netlink::Attribute& attribute) {
      if (attribute.type() == NFTA_GEN_ID) generation = ntohl(attribute.u32());
    });
  });
}

void begin_transaction(netlink::Batch& batch, uint32_t generation) {
  put_envelope(batch, NFNL_MSG_BATCH_BEGIN, generation);
}

Status commit_transaction(netlink::Socket& socket, netlink::Batch& batch, std::vector<netlink::Refusal>& refusals) {
  batch.acknowledge_last();
  put_envelope(batch, NFNL_MSG_BATCH_END);
  if (auto failure = socket.send(batch)) return failure;
  return socket.collect_until(batch, batch.last_sequence() - 1, refusals);
}

}  // namespace slipway::nft
