#include "nft/objects.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>

namespace slipway::nft {
uint8_t family_number(const std::string& family) {
  if (family == "inet") return NFPROTO_INET;
  if (family == "bridge") return NFPROTO_BRIDGE;
  if (family == "ip") return NFPROTO_IPV4;
  if (family == "ip6") return NFPROTO_IPV6;
  return NFPROTO_UNSPEC;
}

bool UserData::put(uint8_t type, const void* value, std::size_t length) {
  constexpr std::size_t kHead = 2;
  if (length > UINT8_MAX || size_ + kHead + length > bytes_.size()) return false;
  bytes_[size_] = type;
  bytes_[size_ + 1] = static_cast<uint8_t>(length);
  std::memcpy(bytes_.data() + size_ + kHead, value, length);
  size_ += static_cast<uint32_t>(kHead + length);
  return true;
}

Status put_comment(const char* operation, UserData& data, uint8_t type, const std::string& comment) {
  // nftables' own limit for what a person writes is 128 (NFTNL_UDATA_COMMENT_MAXLEN); the kernel's is that of all user
  // data.
  if (auto failure = netlink::measure(operation, "comment", comment, UINT8_MAX - 1)) return failure;
  if (data.put(type, comment.c_str(), comment.size() + 1)) return kOk;
  return Failure::of(ENAMETOOLONG, operation,
                     "comment of " + std::to_string(comment.size()) + " bytes, which do not fit into the user data");
}

std::string read_comment(uint8_t type, std::string_view data) {
  while (data.size() >= 2) {
    std::size_t size = static_cast<uint8_t>(data[1]);
    if (size > data.size() - 2) return {};
    if (static_cast<uint8_t>(data[0]) == type) return std::string(data.data() + 2, strnlen(data.data() + 2, size));
    data.remove_prefix(2 + size);
  }
  return {};
}

Expression make_counter(uint64_t packets, uint64_t bytes) {
  Expression counter(must(nftnl_expr_alloc("counter")));
  if (packets != 0) nftnl_expr_set_u64(counter.get(), NFTNL_EXPR_CTR_PACKETS, packets);
  if (bytes != 0) nftnl_expr_set_u64(counter.get(), NFTNL_EXPR_CTR_BYTES, bytes);
  return counter;
}

bool read_counter(const netlink::Attribute& expression, uint64_t& packets, uint64_t& bytes) {
  bool counts = false;
  expression.each([&](const netlink::Attribute& part) {
    if (part.type() == NFTA_EXPR_NAME) counts = part.text() == "counter";
    if (part.type() != NFTA_EXPR_DATA || !counts) return;
    part.each([&](const netlink::Attribute& number) {
      if (number.type() == NFTA_COUNTER_PACKETS) packets = be64toh(number.u64());
      if (number.type() == NFTA_COUNTER_BYTES) bytes = be64toh(number.u64());
    });
  });
  return counts;
}

Status check_names(const char* operation, const std::string& family, std::initializer_list<const std::string*> names) {
  if (family_number(family) == NFPROTO_UNSPEC) return Failure::of(EAFNOSUPPORT, operation, family);
  for (const auto* name : names) {
    if (auto failure = netlink::measure(operation, "name", *name, NFT_NAME_MAXLEN - 1)) return failure;
    // What has no name is all of its kind, to the kernel.
    if (name->empty()) return Failure::of(EINVAL, operation, "no name");
  }
  return kOk;
}

nlmsghdr* begin(netlink::Batch& batch, netlink::Origin origin, uint16_t message, uint8_t family, uint16_t flags,
                std::size_t room) {
  char* at = batch.reserve(origin, room);
  return nftnl_nlmsg_build_hdr(at, message, family, flags, batch.sequence());
}

}  // namespace slipway::nft
