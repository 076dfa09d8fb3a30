#include "nft/transaction.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>

namespace slipway::nft {
namespace {

void put_envelope(netlink::Batch& batch, uint16_t type) {
  nlmsghdr* message = batch.begin(type, 0, {});
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = AF_UNSPEC;
  header->version = NFNETLINK_V0;
  header->res_id = htons(NFNL_SUBSYS_NFTABLES);
  batch.commit();
}

}  // namespace

void begin_transaction(netlink::Batch& batch) { put_envelope(batch, NFNL_MSG_BATCH_BEGIN); }

Status commit_transaction(netlink::Socket& socket, netlink::Batch& batch, std::vector<netlink::Refusal>& refusals) {
  uint32_t until = batch.last_sequence();
  batch.last()->nlmsg_flags |= NLM_F_ACK;
  put_envelope(batch, NFNL_MSG_BATCH_END);
  if (auto failure = socket.send(batch)) return failure;
  return socket.collect_until(batch, until, refusals);
}

}  // namespace slipway::nft
