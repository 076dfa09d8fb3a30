#include "executor/encode.h"

#include "base/guard.h"
#include "nft/chain.h"
#include "nft/element.h"
#include "nft/parts.h"
#include "nft/rule.h"
#include "nft/set.h"
#include "nft/table.h"
#include "nft/transaction.h"
#include "rtnl/address.h"
#include "rtnl/link.h"
#include "rtnl/neighbor.h"
#include "rtnl/route.h"

namespace slipway {

Status encode(const Operation& operation, netlink::Batch& batch, netlink::Origin origin, rtnl::Names& names) {
  auto before = batch.mark();
  if (auto failure = batch.room("encode")) return failure;
  auto put = [&](const auto& op) -> Status {
    constexpr Channel channel = std::decay_t<decltype(op)>::kTraits.channel;
    if constexpr (channel == Channel::kRtnl) {
      return rtnl::encode(batch, origin, op, names);
    } else if constexpr (channel == Channel::kNft) {
      return nft::encode(batch, origin, op);
    } else {
      return Failure::of(EOPNOTSUPP, "encode");
    }
  };
  Status status = guarded([&] { return std::visit(put, operation); });
  if (status) batch.back_to(before);
  return status;
}

}  // namespace slipway
