#include "executor/runner.h"

#include <chrono>

#include "executor/encode.h"
#include "host/file.h"
#include "host/sysctl.h"
#include "nft/objects.h"
#include "plan/inverse.h"

namespace slipway {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// Whether something is left after an attempt to take it back. What is not there any more is gone.
bool remains(const Status& status) {
  if (!status) return false;
  int number = status->errnum;
  return number != ENOENT && number != ENODEV && number != EADDRNOTAVAIL && number != ESRCH;
}

}  // namespace

Outcome Runner::run(const Plan& plan, std::optional<uint32_t> refuse) {
  Outcome outcome;
  refuse_ = refuse;
  done_.assign(plan.size(), false);
  before_.assign(plan.size(), {});
  for (uint32_t next = 0; next < plan.size();) {
    auto start = Clock::now();
    uint32_t first = next;
    origin_ = {first, 0};
    Status status;
    if (!std::holds_alternative<ConntrackFlush>(plan[next])) connections_.reset();
    switch (channel_of(plan[next])) {
      case Channel::kRtnl: status = run_rtnl(plan, next); break;
      case Channel::kNft: status = run_nft(plan, next); break;
      case Channel::kDirect: status = run_direct(plan, next++); break;
    }
    outcome.phases.push_back({first, next - first, microseconds_since(start)});
    if (status) {
      outcome.failure = PlanFailure{origin_, *status, {}};
      undo(plan, outcome.failure->not_undone);
      break;
    }
  }
  released_.clear();
  connections_.reset();
  return outcome;
}

// A message that the kernel refuses for certain, in place of the operation: failure tests take the real way.
Status Runner::refuse_one(const Operation& operation, netlink::Origin origin) {
  // ERANGE: longer than a name can be. (ENOENT would be taken for a ruleset that somebody has flushed.)
  if (channel_of(operation) == Channel::kNft) {
    return encode(TableDelete{"inet", std::string(300, 'x')}, batch_, origin, kernel_);
  }
  return encode(LinkDelete{{}, "no-such-link"}, batch_, origin, kernel_);
}

Status Runner::put(const Operation& operation, netlink::Origin origin) {
  if (refuse_ == origin.operation) return refuse_one(operation, origin);
  return encode(operation, batch_, origin, kernel_);
}

// Collects operations of one namespace. An operation that needs the number of a link that is still in the batch
// ends it, so that the kernel knows the link when it is asked.
Status Runner::run_rtnl(const Plan& plan, uint32_t& next) {
  const std::string& netns = netns_of(plan[next]);
  netlink::Socket* socket = nullptr;
  if (auto failure = kernel_.rtnl(netns, socket)) {
    ++next;
    return failure;
  }
  batch_.clear();
  refusals_.clear();
  bool creates = false;
  uint32_t first = next;
  Status encoding;
  for (; next < plan.size() && channel_of(plan[next]) == Channel::kRtnl && netns_of(plan[next]) == netns; ++next) {
    const Operation& op = plan[next];
    const auto* settings = std::get_if<LinkSet>(&op);
    bool no_ipv6 = settings != nullptr && settings->no_ipv6;
    bool by_name = settings != nullptr || std::holds_alternative<LinkSettle>(op) || std::holds_alternative<LinkDelete>(op);
    if (creates && (!by_name || no_ipv6)) break;
    creates = creates || std::holds_alternative<LinkCreate>(op);
    // No message can say it. It comes before the batch, and so before the link goes up.
    if (no_ipv6) encoding = disable_ipv6(*settings);
    if (!encoding) encoding = put(op, {next, 0});
    if (encoding) {
      origin_ = {next++, 0};
      break;
    }
  }
  if (!batch_.empty()) {
    Status status = socket->send(batch_);
    if (!status) {
      status = socket->collect(batch_, refusals_, [&](netlink::Origin origin) { done_[origin.operation] = true; });
    }
    if (status) return distrust(first, next, *status);
  }
  if (!refusals_.empty()) {
    origin_ = refusals_.front().origin;
    return refusals_.front().failure;
  }
  return encoding;
}

Status Runner::disable_ipv6(const LinkSet& op) {
  auto failure = kernel_.with_settings(op.netns, [&](int procfs) {
    return host::write_sysctl(procfs, "net/ipv6/conf/" + op.name + "/disable_ipv6", "1");
  });
  // ENOENT: a kernel without IPv6; or there is no such link, as its message will tell.
  return failure && failure->errnum == ENOENT ? kOk : failure;
}

// All neighbouring nf_tables operations are one transaction: all or nothing, for every other process too.
Status Runner::run_nft(const Plan& plan, uint32_t& next) {
  batch_.clear();
  refusals_.clear();
  uint32_t first = next;
  nft::begin_transaction(batch_);
  for (; next < plan.size() && channel_of(plan[next]) == Channel::kNft; ++next) {
    if (auto failure = put(plan[next], {next, 0})) {
      origin_ = {next++, 0};
      return failure;
    }
  }
  if (auto failure = commit_transaction()) return distrust(first, next, *failure);
  if (!refusals_.empty()) {
    origin_ = refusals_.front().origin;
    return refusals_.front().failure;
  }
  for (uint32_t index = first; index < next; ++index) done_[index] = true;
  return kOk;
}

// Sends the transaction in the batch. One ack, of its last message, tells that the whole has been committed; refusals come
// unasked. Returns a failure of the socket itself only.
Status Runner::commit_transaction() {
  uint32_t until = batch_.last_sequence();
  batch_.last()->nlmsg_flags |= NLM_F_ACK;
  nft::end_transaction(batch_);
  if (auto failure = kernel_.nft().send(batch_)) return failure;
  return kernel_.nft().collect_until(batch_, until, refusals_);
}

// A lost ack (ENOBUFS, a timeout) does not say whether the operations were done: the sockets are thrown away, and undo
// takes all of them back, minding none that turns out never to have been.
Status Runner::distrust(uint32_t first, uint32_t next, const Failure& failure) {
  for (uint32_t index = first; index < next; ++index) done_[index] = true;
  kernel_.renew_sockets();
  return failure;
}

Status Runner::run_direct(const Plan& plan, uint32_t index) {
  if (refuse_ == index) return Failure::of(EIO, "refused");
  bool flush = std::holds_alternative<ConntrackFlush>(plan[index]);
  auto failure = flush ? flush_connections(plan, index) : perform(plan[index], index);
  done_[index] = !failure;
  return failure;
}

// The operations that are system calls and no messages.
struct Runner::Perform {
  Runner& runner;
  std::string& before;

  Status operator()(const NetnsCreate& op) { return runner.kernel_.make_netns(op.path); }
  Status operator()(const NetnsBind& op) { return runner.kernel_.bind_netns(op.path, op.from); }
  Status operator()(const NetnsDelete& op) {
    runner.kernel_.forget_netns(op.path);
    return netns::remove(op.path);
  }
  Status operator()(const SysctlWrite& op) {
    return runner.kernel_.with_settings(op.netns, [&](int procfs) -> Status {
      if (auto failure = host::read_sysctl(procfs, op.key, before)) return failure;
      return before == op.value ? kOk : host::write_sysctl(procfs, op.key, op.value);
    });
  }
  Status operator()(const FileCreate& op) { return host::create_file(op.path, op.content); }
  Status operator()(const FileReplace& op) {
    before = op.expected;
    return host::replace_file(op.path, op.content, op.expected);
  }
  Status operator()(const FileCheck& op) {
    std::string content;
    if (auto failure = host::read_file(op.path, content)) return failure;
    return content == op.expected ? kOk : Status(Failure::of(ESTALE, "read"));
  }
  Status operator()(const FileDelete& op) {
    auto failure = host::read_file(op.path, before);
    if (failure) return failure->errnum == ENOENT ? kOk : failure;
    return host::delete_file(op.path);
  }
  Status operator()(const PortHold& op) {
    auto& ports = runner.kernel_.ports();
    std::string key = host::HeldPorts::key_of(op.protocol, op.address, op.port);
    if (auto released = runner.released_.extract(key)) {
      ports.put_back(key, std::move(released.mapped()));
    } else if (auto failure = ports.hold(op.protocol, op.address, op.port)) {
      return op.optional ? kOk : failure;
    }
    if (ports.holds(key)) before = key;
    return kOk;
  }
  Status operator()(const PortRelease& op) {
    std::string key = host::HeldPorts::key_of(op.protocol, op.address, op.port);
    if (UniqueFd socket = runner.kernel_.ports().release(key)) {
      before = key;
      runner.released_.emplace(std::move(key), std::move(socket));
    }
    return kOk;
  }
  template <typename Message>
  Status operator()(const Message&) { return Failure::of(EOPNOTSUPP, "perform"); }
};

Status Runner::perform(const Operation& operation, uint32_t index) {
  return std::visit(Perform{*this, before_[index]}, operation);
}

Status Runner::flush_connections(const Plan& plan, uint32_t index) {
  netlink::Socket* conntrack = nullptr;
  netlink::Socket* rtnl = nullptr;
  if (auto failure = kernel_.conntrack(conntrack)) return failure;
  if (!connections_) {
    if (auto failure = kernel_.rtnl({}, rtnl)) return failure;
    // One dump for all that follow: of their family, or of both.
    uint8_t family = conntrack::family_of(std::get<ConntrackFlush>(plan[index]));
    for (uint32_t next = index; next < plan.size(); ++next) {
      const auto* op = std::get_if<ConntrackFlush>(&plan[next]);
      if (op == nullptr) break;
      if (conntrack::family_of(*op) != family) family = AF_UNSPEC;
    }
    conntrack::Connections read;
    if (auto failure = conntrack::read(*conntrack, *rtnl, family, read)) return failure;
    connections_ = std::move(read);
  }
  return conntrack::flush(*conntrack, *connections_, std::get<ConntrackFlush>(plan[index]));
}

void Runner::undo(const Plan& plan, std::vector<netlink::Refusal>& not_undone) {
  refuse_.reset();
  for (auto index = static_cast<uint32_t>(plan.size()); index-- > 0;) {
    if (!done_[index]) continue;
    Status status;
    if (channel_of(plan[index]) == Channel::kNft) {
      // A transaction is taken back by a transaction, as it was made by one.
      std::vector<Operation> inverses;
      uint32_t last = index;
      for (;; --index) {
        if (auto inverse = inverse_of(plan[index], {})) inverses.push_back(std::move(*inverse));
        bool more = index > 0 && done_[index - 1] && channel_of(plan[index - 1]) == Channel::kNft;
        if (!more) break;
      }
      status = undo_nft(inverses);
      if (remains(status)) not_undone.push_back({{last, 0}, *status});
      continue;
    }
    auto inverse = inverse_of(plan[index], before_[index]);
    if (!inverse) continue;
    status = channel_of(*inverse) == Channel::kRtnl ? undo_rtnl(*inverse) : perform(*inverse, index);
    if (remains(status)) not_undone.push_back({{index, 0}, *status});
  }
}

Status Runner::undo_rtnl(const Operation& inverse) {
  netlink::Socket* socket = nullptr;
  if (auto failure = kernel_.rtnl(netns_of(inverse), socket)) return failure;
  batch_.clear();
  refusals_.clear();
  if (auto failure = put(inverse, {})) return failure;
  if (auto failure = socket->send(batch_)) return failure;
  if (auto failure = socket->collect(batch_, refusals_, [](netlink::Origin) {})) return failure;
  return refusals_.empty() ? kOk : Status(refusals_.front().failure);
}

Status Runner::undo_nft(const std::vector<Operation>& inverses) {
  if (inverses.empty()) return kOk;
  // A table takes its chains, sets and elements along.
  std::vector<const TableDelete*> tables;
  for (const auto& inverse : inverses) {
    if (auto* table = std::get_if<TableDelete>(&inverse)) tables.push_back(table);
  }
  auto goes_with_table = [&](const Operation& inverse) {
    return std::visit(
        [&](const auto& op) {
          if constexpr (requires { op.family; op.table; } && !std::is_same_v<std::decay_t<decltype(op)>, TableDelete>) {
            for (const auto* table : tables) {
              if (table->family == op.family && table->table == op.table) return true;
            }
          }
          return false;
        },
        inverse);
  };
  batch_.clear();
  refusals_.clear();
  nft::begin_transaction(batch_);
  for (const auto& inverse : inverses) {
    if (goes_with_table(inverse)) continue;
    if (auto failure = put(inverse, {})) return failure;
  }
  if (auto failure = commit_transaction()) return failure;
  return refusals_.empty() ? kOk : Status(refusals_.front().failure);
}

}  // namespace slipway
