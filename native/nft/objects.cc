#include "nft/objects.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace slipway::nft {
uint8_t family_number(const std::string& family) {
  if (family == "inet") return NFPROTO_INET;
  if (family == "bridge") return NFPROTO_BRIDGE;
  if (family == "ip") return NFPROTO_IPV4;
  if (family == "ip6") return NFPROTO_IPV6;
  return NFPROTO_UNSPEC;
}

UserData comment_data(uint8_t type, const std::string& comment) {
  UserData data(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));
  nftnl_udata_put_strz(data.get(), type, comment.c_str());
  return data;
}

std::string read_comment(uint8_t type, const void* data, uint32_t length) {
  struct Search {
    uint8_t type;
    std::string comment;
  } search{type, {}};
  if (data == nullptr) return {};
  nftnl_udata_parse(
      data, length,
      [](const nftnl_udata* attribute, void* context) {
        auto& found = *static_cast<Search*>(context);
        if (nftnl_udata_type(attribute) == found.type && nftnl_udata_len(attribute) > 0) {
          found.comment.assign(static_cast<const char*>(nftnl_udata_get(attribute)),
                               static_cast<std::size_t>(nftnl_udata_len(attribute) - 1));
        }
        return 0;
      },
      &search);
  return search.comment;
}

nlmsghdr* begin(netlink::Batch& batch, netlink::Origin origin, uint16_t message, uint8_t family, uint16_t flags) {
  char* room = batch.reserve(origin);
  return nftnl_nlmsg_build_hdr(room, message, family, flags, batch.sequence());
}

}  // namespace slipway::nft
