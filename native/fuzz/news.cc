// libFuzzer: what the kernel may tell unasked of links that come and go. An input is some datagrams, each behind its
// length (two bytes).
#include <algorithm>
#include <cstdlib>

#include "fuzz/kernel.h"
#include "rtnl/link_news.h"

namespace slipway::fuzz {
namespace {

// No machine has them, so each begins with the number 0. The last is as long as a name may be. The seeds have the same
// names (test/fuzz/seeds.ts).
const std::set<std::string> kMeant = {"fz0", "fz1", "fz-as-long-as-1"};

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

}  // namespace
}  // namespace slipway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  slipway::fuzz::hear(data, size);
  return 0;
}
