// libFuzzer: a plan's text, the messages of what it says, and of what takes that back.
#include <algorithm>
#include <cstdlib>

#include "executor/encode.h"
#include "js/read_plan.h"
#include "netlink/answer.h"
#include "netlink/batch.h"
#include "plan/inverse.h"

namespace slipway::fuzz {
namespace {

class AnyNames : public rtnl::Names {
 public:
  Status link_index(const std::string&, const std::string&, int& index) override { return index = 2, kOk; }
  int known_index(const std::string&, const std::string&) const override { return 2; }
  Status netns_fd(const std::string&, int& fd) override { return fd = 3, kOk; }
};

// Every message ends where the next one begins, and the last where the batch does.
void check(netlink::Batch& batch) {
  const char* at = batch.data();
  std::size_t left = batch.size();
  std::size_t count = 0;
  for (; const nlmsghdr* message = netlink::message_at(at, left); ++count) {
    std::size_t step = netlink::step_over(message, left);
    at += step;
    left -= step;
  }
  if (count != batch.count() || left != 0) std::abort();
}

}  // namespace
}  // namespace slipway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace slipway;
  Plan plan;
  // How many ends there are comes first, and is right: a wrong one ends it all.
  std::string text(reinterpret_cast<const char*>(data), size);
  text.insert(0, std::to_string(std::count(text.begin(), text.end(), '\x1f') + 1) + '\x1f');
  if (!js::read_plan(text, plan).empty()) return 0;
  fuzz::AnyNames names;
  netlink::Batch batch;
  for (uint32_t index = 0; index < plan.size(); ++index) {
    encode(plan[index], batch, {index, 0}, names);
    // What was before: the number of a link, too.
    if (auto inverse = inverse_of(plan[index], "2")) encode(*inverse, batch, {index, 0}, names);
  }
  fuzz::check(batch);
  return 0;
}
