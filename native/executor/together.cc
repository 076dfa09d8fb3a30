#include "executor/together.h"

#include <chrono>

#include "nft/transaction.h"

namespace slipway {
namespace {

using Clock = std::chrono::steady_clock;

// Those that have come to their first transaction.
std::vector<Share> run_to_transaction(Kernel& kernel, const std::vector<Share>& shares) {
  std::vector<Share> claiming;
  for (const auto& [runner, end] : shares) {
    auto [begin, after] = runner->next_transaction(end);
    runner->run(kernel, begin);
    if (!runner->outcome().failure && begin < after) claiming.push_back({runner, after});
  }
  return claiming;
}

// One transaction for all; when it is refused, nothing of it is in the kernel, and each has to try by itself.
void commit_together(Kernel& kernel, const std::vector<Share>& claiming) {
  auto start = Clock::now();
  netlink::Batch batch;
  std::vector<netlink::Refusal> refusals;
  uint32_t generation = kernel.watch().generation();
  nft::begin_transaction(batch, generation);
  for (const auto& [runner, end] : claiming) {
    if (runner->put_next(batch, kernel, end)) return;
  }
  Status unanswered = nft::commit_transaction(kernel.nft(), batch, refusals);
  if (!unanswered && !refusals.empty()) {
    if (refusals.front().failure.errnum == ERESTART) kernel.watch().overtaken(generation);
    return;
  }
  if (!unanswered) kernel.watch().committed(generation);
  double microseconds = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  for (const auto& [runner, end] : claiming) {
    if (unanswered) {
      runner->distrust(kernel, end, *unanswered);
    } else {
      runner->committed(end, microseconds / static_cast<double>(claiming.size()));
    }
  }
}

}  // namespace

void run_together(Kernel& kernel, const std::vector<Share>& shares) {
  auto claiming = run_to_transaction(kernel, shares);
  if (claiming.size() > 1) commit_together(kernel, claiming);
  for (const auto& [runner, end] : shares) {
    if (!runner->outcome().failure) runner->run(kernel, end);
  }
}

}  // namespace slipway
