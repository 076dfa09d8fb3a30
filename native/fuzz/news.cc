// libFuzzer: what the kernel may tell unasked: of links that come and go, of our own, of nf_tables. An input is some
// datagrams, each behind its length (two bytes).
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "fuzz/kernel.h"
#include "nft/ruleset_news.h"
#include "rtnl/link_news.h"
#include "rtnl/own_links.h"

namespace slipway::fuzz {
namespace {

// No machine has them, so each begins with the number 0. The last is as long as a name may be. The seeds have the same
// names (test/fuzz/seeds.ts).
const std::set<std::string> kMeant = {"fz0", "fz1", "fz-as-long-as-1"};

std::set<std::string> read_all(netlink::News& news, const uint8_t* data, std::size_t size) {
  std::set<std::string> told;
  while (size >= 2) {
    std::size_t length = std::min<std::size_t>(data[0] | data[1] << 8, size - 2);
    answer_with(data + 2, length);
    data += 2 + length;
    size -= 2 + length;
    if (!news.read(told)) std::abort();
    while (news.ripen(told)) continue;
  }
  return told;
}

void hear(const uint8_t* data, std::size_t size) {
  rtnl::LinkNews news;
  if (news.open()) std::abort();
  std::map<std::string, int> before = news.mean(kMeant);
  while (size >= 2) {
    std::size_t length = std::min<std::size_t>(data[0] | data[1] << 8, size - 2);
    answer_with(data + 2, length);
    data += 2 + length;
    size -= 2 + length;
    std::set<std::string> moved;
    if (!news.read(moved)) std::abort();
    // Of links that nobody means, nothing is told; of one that is another by now, it is.
    if (!std::includes(kMeant.begin(), kMeant.end(), moved.begin(), moved.end())) std::abort();
    std::map<std::string, int> after = news.mean(kMeant);
    for (const auto& [name, number] : after)
      if (number != before[name] && moved.count(name) == 0) std::abort();
    before = after;
  }
}

// Nothing is told of links that were never ours; what is heard before they are known, and once news were lost, is kept
// until they are.
void hear_own_links(const uint8_t* data, std::size_t size) {
  for (bool late : {false, true}) {
    rtnl::OwnLinks news({0x736f, 0x7370, {0x736c, 0x736d}, 0x736e, {1U << 24, 0}, {0xffff, 0xfffd}});
    if (news.open()) std::abort();
    if (late) read_all(news, data, size);
    news.know({{7, {"fz0", 0, 0x736f, 1500, true, 0, "", ""}, ""},
               {8, {"fz1", 7, 0x736c, 1500, true, 0xfffd, "", ""}, "02:00:00:00:00:08"}});
    read_all(news, data, size);
  }
}

// What is told has one of four forms.
void hear_ruleset(const uint8_t* data, std::size_t size) {
  nft::RulesetNews news(std::make_shared<nft::Watch>(), "slipway", "user");
  if (news.open()) std::abort();
  for (const std::string& one : read_all(news, data, size))
    if (one != "missed" && one != "ruleset" && one.rfind("element ", 0) != 0 && one.rfind("by ", 0) != 0) std::abort();
}

}  // namespace
}  // namespace slipway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  slipway::fuzz::hear(data, size);
  slipway::fuzz::hear_own_links(data, size);
  slipway::fuzz::hear_ruleset(data, size);
  return 0;
}
