// Runs one plan: neighbouring operations of one socket go to the kernel in one sendmsg, every answer is read, and on
// the first refusal what was done is undone in reverse.
//
// Thread: the one that owns the Kernel. A plan may begin on one and go on on another, one after the other.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "executor/kernel.h"
#include "plan/operation.h"
#include "rtnl/dump.h"

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
  // The namespace that the plan gave a path to, the last of several.
  std::optional<netns::Identity> made;
};

class Runner {
 public:
  // `refuse`: for tests, the operation of this number is exchanged for one that the kernel refuses.
  Runner(Plan plan, std::optional<uint32_t> refuse);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Goes on until `end`, which splits no transaction, or until something is refused and all is undone:
  // outcome().failure.
  void run(Kernel& kernel, uint32_t end);
  void run(Kernel& kernel) { run(kernel, static_cast<uint32_t>(plan_.size())); }

  // Some of a plan, for run_together(): from `begin`, the next operation of nf_tables, to `end`.
  struct Transaction {
    uint32_t begin, end;
  };
  // What comes next of nf_tables before `end`; empty when there is nothing, or what looks at the kernel first, which is
  // for run().
  Transaction next_transaction(uint32_t end) const;
  // Puts the next operations into a batch that others share.
  Status put_next(netlink::Batch& batch, Kernel& kernel, uint32_t end) const;
  // They have been committed; or it is not known whether they were, and all is undone.
  void committed(uint32_t end, double microseconds);
  void distrust(Kernel& kernel, uint32_t end, const Failure& failure);

  // Something of it may be in the kernel.
  bool begun() const { return next_ > 0; }
  // run() has stopped before a file that another process has locked: it is to be run again. After a few seconds, or
  // hurried, the plan is refused instead.
  bool waits() const { return waits_; }
  void hurry() { patient_ = false; }
  // In place of the rest, which cannot be run: undoes what was done.
  void give_up(Kernel& kernel, const Failure& failure) { give_up(kernel, next_, failure); }

  const Plan& plan() const { return plan_; }
  const Outcome& outcome() const { return outcome_; }

 private:
  void expect_namespaces(Kernel& kernel) const;
  Status step(uint32_t end);
  // Whether a refusal of an operation is none of the plan.
  bool passes_over(uint32_t index) const;
  Status run_rtnl(uint32_t end);
  static bool is_new(const rtnl::LinkInfo& link, const LinkCreate& op);
  Status find_renamed(netlink::Socket& inside, const LinkCreate& op, int& made);
  Status create_link(uint32_t index);
  Status run_nft(uint32_t end);
  bool looks(uint32_t begin, uint32_t end) const;
  uint32_t required_generation(uint32_t begin, uint32_t end) const;
  Status commit(bool looks, const std::function<Status()>& put);
  Status put_nft(uint32_t index);
  Status put_own(const ElementDelete& removal, netlink::Origin origin);
  Status find_own(const ElementDelete& which, bool& own);
  Status resolve(uint32_t first, const Failure& failure);
  Status run_direct(uint32_t index);
  Status unanswered(uint32_t first, const Failure& failure);
  Status switch_ipv6(const LinkSet& op);
  Status put(const Operation& operation, netlink::Origin origin);
  Status refuse_one(const Operation& operation, netlink::Origin origin);

  struct Perform;
  Status perform(const Operation& operation, uint32_t index);

  // The kernel has done what was sent, or refused it: it is not known which.
  static bool lost_answer(const Failure& failure) { return std::string_view(failure.syscall) == "recvmsg"; }
  bool is_own(uint32_t index) const;
  Status lead_owner(const Operation& inverse);

  void give_up(Kernel& kernel, uint32_t refused, const Failure& failure);
  void fail(const Failure& failure);
  void undo(std::vector<netlink::Refusal>& not_undone);
  Status undo_one(uint32_t index, const Status& given_up);
  Status undo_transaction(uint32_t first, uint32_t last);
  Status undo_rtnl(const Operation& inverse);
  Status undo_nft(const std::vector<Operation>& inverses);

  Plan plan_;
  std::optional<uint32_t> refuse_;
  uint32_t next_ = 0;  // the first operation that was not begun
  Outcome outcome_;
  Kernel* kernel_ = nullptr;  // while it runs
  netlink::Batch batch_;
  std::vector<netlink::Refusal> refusals_;
  uint32_t required_ = 0;            // generation of the next transaction
  netlink::Origin origin_;           // of the failure at hand
  std::vector<bool> done_;           // by operation
  std::vector<bool> unsure_;         // by operation: it may have been done, or refused
  std::vector<std::string> before_;  // by operation: what a write replaced, for undo
  std::map<std::string, UniqueFd>
      released_;  // host ports, closed when the plan has ended and put back when it is undone
  Status wait_for_lock(const Failure& failure);
  void know_links();
  bool waits_ = false;
  bool patient_ = true;
  std::optional<std::chrono::steady_clock::time_point> deadline_;  // of the lock at hand
  bool undoing_ = false;
  bool changed_nothing_ = false;  // the operation at hand found nothing to do
};

}  // namespace slipway
