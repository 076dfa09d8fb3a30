// Runs one plan: neighbouring operations of one socket go to the kernel in one sendmsg, every ack is read, and on
// the first refusal what was done is undone in reverse.
//
// Thread: the one that owns the Kernel.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "conntrack/flush.h"
#include "executor/kernel.h"
#include "plan/operation.h"

namespace slipway {

// How long a run of neighbouring operations took.
struct Phase {
  uint32_t first = 0, count = 0;
  double microseconds = 0;
};

struct PlanFailure {
  netlink::Origin origin;
  Failure failure;
  std::vector<netlink::Refusal> not_undone;
};

struct Outcome {
  std::vector<Phase> phases;
  std::optional<PlanFailure> failure;
};

class Runner {
 public:
  explicit Runner(Kernel& kernel) : kernel_(kernel) {}

  // `refuse`: for tests, the operation of this number is exchanged for one that the kernel refuses.
  Outcome run(const Plan& plan, std::optional<uint32_t> refuse);

 private:
  Status run_rtnl(const Plan& plan, uint32_t& next);
  Status run_nft(const Plan& plan, uint32_t& next);
  Status commit_transaction();
  Status run_direct(const Plan& plan, uint32_t index);
  Status distrust(uint32_t first, uint32_t next, const Failure& failure);
  Status disable_ipv6(const LinkSet& op);
  Status put(const Operation& operation, netlink::Origin origin);
  Status refuse_one(const Operation& operation, netlink::Origin origin);

  struct Perform;
  Status perform(const Operation& operation, uint32_t index);
  Status flush_connections(const Plan& plan, uint32_t index);

  void undo(const Plan& plan, std::vector<netlink::Refusal>& not_undone);
  Status undo_rtnl(const Operation& inverse);
  Status undo_nft(const std::vector<Operation>& inverses);

  Kernel& kernel_;
  netlink::Batch batch_;
  std::vector<netlink::Refusal> refusals_;
  netlink::Origin origin_;           // of the failure at hand
  std::vector<bool> done_;           // by operation
  std::vector<std::string> before_;  // by operation: what a write replaced, for undo
  std::map<std::string, UniqueFd> released_;  // host ports, closed when the plan has ended and put back when it is undone
  std::optional<conntrack::Connections> connections_;  // what neighbouring conntrack.flush look at
  std::optional<uint32_t> refuse_;
  bool undoing_ = false;
};

}  // namespace slipway
