// libFuzzer: elements of sets and maps, with the user data that any process may have written beside them. The first
// byte says of which set, the second how it is asked for, the rest is one datagram.
#include "fuzz/kernel.h"
#include "nft/element.h"

namespace slipway::fuzz {
namespace {

struct Kind {
  const char* type;
  const char* data;
  bool interval;
};

// The order is the one of the seeds (test/fuzz/seeds.ts).
constexpr Kind kKinds[] = {
    {"ipv4_addr", "", false},
    {"ipv4_addr", "", true},
    {"ipv6_addr", "", true},
    {"ifname", "", false},
    {"ifname . ether_addr . ipv4_addr", "", false},
    {"ipv4_addr . ifname", "", true},
    {"ipv6_addr . inet_proto . inet_service", "", true},
    {"inet_proto . inet_service", "ipv4_addr . inet_service", false},
    {"ipv4_addr . inet_proto . inet_service", "ipv4_addr . inet_service", true},
    {"ipv6_addr", "ipv6_addr", false},
};

}  // namespace
}  // namespace slipway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace slipway;
  if (size < 2) return 0;
  const auto& kind = fuzz::kKinds[data[0] % std::size(fuzz::kKinds)];
  ElementDelete which{"inet", "slipway", "set", kind.type, kind.data, kind.interval, {}};
  fuzz::answer_with(data + 2, size - 2);
  std::vector<nft::ElementInfo> all;
  nft::ElementInfo one;
  if (data[1] % 2 == 0) {
    nft::dump_elements(fuzz::socket(), which, all);
  } else {
    nft::Type type;
    nft::Value zeros;
    nft::parse_type(kind.type, type);
    which.elements = {{nft::format_value(type, zeros.bytes.data(), type.length()), "", ""}};
    nft::get_element(fuzz::socket(), which, one);
  }
  nft::read_comment(NFTNL_UDATA_SET_ELEM_COMMENT, {reinterpret_cast<const char*>(data) + 2, size - 2});
  return 0;
}
