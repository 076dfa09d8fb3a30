// libFuzzer: what the kernel may say of the chains and rules of others. The first byte says of which part: chains or
// rules of nf_tables, of which the rest is one datagram; a table of iptables' older half, of IPv4 or of IPv6, of which
// the rest is what the kernel says of it, and its entries.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "firewall/legacy_table.h"
#include "firewall/nft_firewall.h"
#include "fuzz/kernel.h"

namespace slipway::fuzz {
namespace {

// What a step begins with (firewall/firewall.h).
constexpr std::string_view kSteps[] = {"load ", "mask ", "is ", "not ", "counter ", "verdict ", "does ", "asks "};
constexpr std::string_view kHooks[] = {"", "prerouting", "input", "forward", "output", "postrouting"};
constexpr std::string_view kPolicies[] = {"", "accept", "drop"};
constexpr std::string_view kFamilies[] = {"inet", "ip", "ip6", "bridge"};

template <typename Texts>
bool is_of(const Texts& texts, std::string_view text) {
  return std::find(std::begin(texts), std::end(texts), text) != std::end(texts);
}

bool is_step(std::string_view step) {
  return std::any_of(std::begin(kSteps), std::end(kSteps),
                     [&](std::string_view word) { return step.substr(0, word.size()) == word; });
}

void check(const firewall::Firewalls& firewalls) {
  for (const auto& chain : firewalls.chains) {
    if (!is_of(kFamilies, chain.family) || !is_of(kHooks, chain.hook) || !is_of(kPolicies, chain.policy)) std::abort();
  }
  for (const auto& rule : firewalls.rules) {
    if (!is_of(kFamilies, rule.family) || !std::all_of(rule.steps.begin(), rule.steps.end(), is_step)) std::abort();
  }
}

template <typename Info>
void put_legacy(const uint8_t* data, std::size_t size, firewall::Firewalls& firewalls) {
  Info info;
  if (size < sizeof info) return;
  std::memcpy(&info, data, sizeof info);
  // A place of its own, so that ASan sees a byte too many.
  std::vector<char> bytes(data + sizeof info, data + size);
  firewall::put_table("filter", info, {bytes.data(), bytes.size()}, firewalls);
}

}  // namespace
}  // namespace slipway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace slipway;
  if (size == 0) return 0;
  firewall::Firewalls firewalls;
  fuzz::answer_with(data + 1, size - 1);
  // The order is the one of the seeds (test/fuzz/seeds.ts).
  switch (data[0] % 4) {
    case 0: firewall::read_chains(fuzz::socket(), firewalls.chains); break;
    case 1: firewall::read_rules(fuzz::socket(), firewalls.rules); break;
    case 2: fuzz::put_legacy<ipt_getinfo>(data + 1, size - 1, firewalls); break;
    default: fuzz::put_legacy<ip6t_getinfo>(data + 1, size - 1, firewalls); break;
  }
  fuzz::check(firewalls);
  return 0;
}
