#include "host/source_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

#include "rtnl/address_text.h"

namespace slipway::host {
namespace {

constexpr uint32_t kAll = 0xffffffff;
constexpr uint32_t kNone = 0;
// Where the source address is in the headers of IPv4 and IPv6, which the kernel finds at SKF_NET_OFF wherever a filter
// runs.
constexpr uint32_t kSource4 = 12;
constexpr uint32_t kSource6 = 8;
constexpr int kWordBits = 32;

void add(std::vector<sock_filter>& program, uint16_t code, uint32_t value, uint8_t otherwise = 0) {
  program.push_back({code, 0, otherwise, value});
}

// From this network: `verdict`, and otherwise on to what follows.
bool add_rule(std::vector<sock_filter>& program, const std::string& network, uint32_t verdict) {
  rtnl::IpAddress ip;
  uint8_t prefix = 0;
  if (!rtnl::parse_cidr(network, ip, prefix)) return false;
  uint32_t base = static_cast<uint32_t>(SKF_NET_OFF) + (ip.family == AF_INET ? kSource4 : kSource6);
  struct Word {
    uint32_t at, mask, value;
  };
  std::vector<Word> words;
  for (int at = 0, left = prefix; left > 0; at += 4, left -= kWordBits) {
    uint32_t mask = left >= kWordBits ? kAll : ~(kAll >> left);
    const uint8_t* bytes = ip.bytes.data() + at;
    uint32_t value = uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
    words.push_back({base + static_cast<uint32_t>(at), mask, value & mask});
  }
  // A jump counts the instructions that it passes over: those of the words after it, and the verdict.
  auto length = [](const Word& word) { return word.mask == kAll ? 2 : 3; };
  int rest = 1;
  for (const Word& word : words) rest += length(word);
  for (const Word& word : words) {
    rest -= length(word);
    add(program, BPF_LD | BPF_W | BPF_ABS, word.at);
    if (word.mask != kAll) add(program, BPF_ALU | BPF_AND | BPF_K, word.mask);
    add(program, BPF_JMP | BPF_JEQ | BPF_K, word.value, static_cast<uint8_t>(rest));
  }
  add(program, BPF_RET | BPF_K, verdict);
  return true;
}

}  // namespace

Status filter_sources(int fd, const std::vector<std::string>& refused, const std::vector<std::string>& accepted) {
  if (refused.empty() && accepted.empty()) {
    int nothing = 0;
    bool gone = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof nothing) == 0 || errno == ENOENT;
    return gone ? kOk : Status(Failure::last("setsockopt"));
  }
  std::vector<sock_filter> program;
  auto rule = [&](uint32_t verdict) {
    return [&program, verdict](const std::string& network) { return add_rule(program, network, verdict); };
  };
  if (!std::ranges::all_of(refused, rule(kNone)) || !std::ranges::all_of(accepted, rule(kAll)))
    return Failure::of(EINVAL, "filter");
  add(program, BPF_RET | BPF_K, accepted.empty() ? kAll : kNone);
  if (program.size() > BPF_MAXINSNS) return Failure::of(E2BIG, "filter");
  sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof whole) != 0) return Failure::last("setsockopt");
  return kOk;
}

}  // namespace slipway::host
