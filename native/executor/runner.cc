#include "executor/runner.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/guard.h"
#include "executor/encode.h"
#include "host/sysctl.h"
#include "nft/element.h"
#include "nft/table.h"
#include "nft/transaction.h"
#include "rtnl/dump.h"

namespace slipway {
namespace {

using Clock = std::chrono::steady_clock;

// A file is locked for as long as it takes to exchange it. A process that has been stopped meanwhile must not stop
// others for good.
constexpr std::chrono::seconds kLockPatience{5};

// Each message of a batch may be refused, and each refusal takes about 800 bytes of the socket's receive buffer:
// without CAP_NET_ADMIN in the initial user namespace that is often no larger than 200 KiB. Beyond that, answers are
// lost.
constexpr std::size_t kAnswers = 64;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

}  // namespace

Runner::Runner(Plan plan, std::optional<uint32_t> refuse)
    : plan_(std::move(plan)),
      refuse_(refuse),
      done_(plan_.size(), false),
      unsure_(plan_.size(), false),
      before_(plan_.size()) {}

void Runner::expect_namespaces(Kernel& kernel) const {
  std::map<std::string, netns::Identity> expected;
  for (const auto& operation : plan_) {
    if (const auto* check = std::get_if<NetnsCheck>(&operation)) expected[check->path] = identity_of(check->namespace_);
  }
  kernel.expect(std::move(expected));
}

bool Runner::passes_over(uint32_t index) const {
  if (refuse_ == index) return false;
  return std::visit(
      [](const auto& op) {
        if constexpr (requires { op.optional; }) {
          return op.optional;
        } else {
          return false;
        }
      },
      plan_[index]);
}

void Runner::run(Kernel& kernel, uint32_t end) {
  kernel_ = &kernel;
  // All of them, whichever thread does the check itself.
  expect_namespaces(kernel);
  waits_ = false;
  know_links();
  while (next_ < end && !outcome_.failure) {
    auto start = Clock::now();
    uint32_t first = next_;
    origin_ = {first, 0};
    if (kernel.lost()) {
      fail(Kernel::astray());
      break;
    }
    Status status = step(end);
    if (waits_) return;
    outcome_.phases.push_back({first, next_ - first, microseconds_since(start)});
    if (status) fail(*status);
  }
  if (!outcome_.failure && next_ < plan_.size()) return;
  released_.clear();
}

// The next operations, which are of one channel.
Status Runner::step(uint32_t end) {
  uint32_t first = next_;
  Channel channel = channel_of(plan_[first]);
  try {
    switch (channel) {
      case Channel::kRtnl: return run_rtnl(end);
      case Channel::kNft: return run_nft(end);
      case Channel::kDirect: break;
    }
    return run_direct(next_++);
  } catch (...) {
    Failure failure = thrown();
    next_ = std::max(next_, first + 1);
    // Messages may have been sent. What is a system call throws before it.
    if (channel == Channel::kRtnl) return unanswered(first, failure);
    return channel == Channel::kNft ? resolve(first, failure) : Status(failure);
  }
}

void Runner::give_up(Kernel& kernel, uint32_t refused, const Failure& failure) {
  kernel_ = &kernel;
  expect_namespaces(kernel);
  know_links();
  origin_ = {refused, 0};
  fail(failure);
  released_.clear();
}

Runner::Transaction Runner::next_transaction(uint32_t end) const {
  auto is_nft = [&](uint32_t index) { return channel_of(plan_[index]) == Channel::kNft; };
  uint32_t begin = next_;
  while (begin < end && !is_nft(begin)) ++begin;
  uint32_t after = begin;
  while (after < end && is_nft(after)) ++after;
  return {begin, looks(begin, after) ? begin : after};
}

// Whether something is deleted only where it is still its owner's.
bool Runner::looks(uint32_t begin, uint32_t end) const {
  for (; begin < end; ++begin) {
    const auto* removal = std::get_if<ElementDelete>(&plan_[begin]);
    if (removal != nullptr && removal->if_commented) return true;
  }
  return false;
}

Status Runner::put_next(netlink::Batch& batch, Kernel& kernel, uint32_t end) const {
  for (uint32_t index = next_; index < end; ++index) {
    if (auto failure = encode(plan_[index], batch, {index, 0}, kernel)) return failure;
  }
  return kOk;
}

void Runner::committed(uint32_t end, double microseconds) {
  outcome_.phases.push_back({next_, end - next_, microseconds});
  for (; next_ < end; ++next_) done_[next_] = true;
}

void Runner::distrust(Kernel& kernel, uint32_t end, const Failure& failure) {
  kernel_ = &kernel;
  uint32_t first = next_;
  next_ = end;
  give_up(kernel, first, lost_answer(failure) ? *resolve(first, failure) : failure);
}

void Runner::fail(const Failure& failure) {
  auto& told = outcome_.failure.emplace();
  told.origin = origin_;
  told.failure = Failure::of(failure.errnum, failure.syscall);
  told.failure.offset = failure.offset;
  (void)guarded([&]() -> Status {
    told.failure.message = failure.message;
    return kOk;
  });
  undo(told.not_undone);
}

// A message that the kernel refuses for certain, in place of the operation: failure tests take the real way.
Status Runner::refuse_one(const Operation& operation, netlink::Origin origin) {
  // ENOENT would be taken for a ruleset that somebody has flushed.
  if (channel_of(operation) == Channel::kNft) {
    nft::encode_refused(batch_, origin);
    return kOk;
  }
  return encode(LinkDelete{{}, "no-such-link"}, batch_, origin, *kernel_);
}

Status Runner::put(const Operation& operation, netlink::Origin origin) {
  if (refuse_ == origin.operation) return refuse_one(operation, origin);
  return encode(operation, batch_, origin, *kernel_);
}

// Collects operations of one namespace. A link is made by a message of its own: what follows goes by the number that
// the kernel gave it, and is not sent when it was refused, since the link of that name is another's then.
Status Runner::run_rtnl(uint32_t end) {
  const std::string& netns = netns_of(plan_[next_]);
  netlink::Socket* socket = nullptr;
  if (auto failure = kernel_->rtnl(netns, socket)) {
    bool passed = passes_over(next_++);
    return passed ? kOk : failure;
  }
  if (std::holds_alternative<LinkCreate>(plan_[next_]) && refuse_ != next_) return create_link(next_++);
  batch_.clear();
  refusals_.clear();
  bool routes = false;
  uint32_t first = next_;
  Status encoding;
  std::vector<uint32_t> passed;
  for (; next_ < end && channel_of(plan_[next_]) == Channel::kRtnl && netns_of(plan_[next_]) == netns; ++next_) {
    const Operation& op = plan_[next_];
    const auto* settings = std::get_if<LinkSet>(&op);
    if (next_ > first && std::holds_alternative<LinkCreate>(op)) break;
    if (batch_.count() >= kAnswers) break;
    // The kernel goes on after a refused message, and an address takes routes along that were to stay then.
    if (routes && std::holds_alternative<AddressDelete>(op)) break;
    routes = routes || std::holds_alternative<RouteAdd>(op) || std::holds_alternative<RouteDelete>(op);
    // No message can say it. It comes before the batch, and so before the link goes up.
    if (settings != nullptr && settings->ipv6) encoding = switch_ipv6(*settings);
    if (!encoding) encoding = put(op, {next_, 0});
    if (const auto* gone = std::get_if<LinkDelete>(&op)) kernel_->know_link(netns, gone->name, 0);
    if (encoding && passes_over(next_)) {
      passed.push_back(next_);
      encoding = kOk;
    }
    if (encoding) {
      origin_ = {next_++, 0};
      break;
    }
  }
  if (!batch_.empty()) {
    batch_.ack_last();
    // Not sent, nothing of it is done.
    if (auto failure = socket->send(batch_)) return failure;
    if (auto failure = socket->collect(batch_, refusals_)) return unanswered(first, *failure);
    // What could not be encoded was not sent.
    for (uint32_t index = first; index < next_; ++index) done_[index] = !encoding || index != origin_.operation;
    for (const auto& refusal : refusals_) done_[refusal.origin.operation] = false;
    for (uint32_t index : passed) done_[index] = false;
    std::erase_if(refusals_, [this](const auto& refusal) { return passes_over(refusal.origin.operation); });
  }
  if (!refusals_.empty()) {
    origin_ = refusals_.front().origin;
    return refusals_.front().failure;
  }
  return encoding;
}

// A link that was just made as `op` says, and that nobody has used since.
bool Runner::is_new(const rtnl::LinkInfo& link, const LinkCreate& op) {
  return link.kind == op.kind && link.alias.empty() && !link.up && (op.address.empty() || link.address == op.address) &&
         link.group == op.group.value_or(0);
}

// A process in the namespace may rename the link in the moment in which it is there: it is the newest that is a part of
// the same parent. One that the process makes there in the same moment is as much on the segment, and is taken as well.
Status Runner::find_renamed(netlink::Socket& inside, const LinkCreate& op, int& made) {
  int parent = 0;
  if (auto failure = kernel_->link_index({}, op.link, parent)) return failure;
  std::vector<rtnl::LinkInfo> links;
  if (auto failure = rtnl::dump_links(inside, false, links)) return failure;
  bool exact = false;
  for (const auto& link : links) {
    if (link.kind != op.kind || !link.link_elsewhere || link.link != parent) continue;
    bool same = !op.address.empty() && link.address == op.address;
    if (same < exact || (same == exact && link.index < made)) continue;
    exact = same;
    made = link.index;
  }
  return made == 0 ? Status(Failure::of(ENODEV, "link.create")) : kOk;
}

Status Runner::create_link(uint32_t index) {
  const auto& op = std::get<LinkCreate>(plan_[index]);
  origin_ = {index, 0};
  batch_.clear();
  if (auto failure = put(op, origin_)) return failure;
  netlink::Socket* inside = nullptr;
  netlink::Socket* sender = nullptr;
  if (auto failure = kernel_->rtnl(op.netns, inside)) return failure;
  if (auto failure = kernel_->rtnl(is_born_elsewhere(op) ? std::string() : op.netns, sender)) return failure;
  // An echo is sent in the namespace where the link is born, to whatever socket there has the sender's number.
  auto echo = sender == inside ? NLM_F_ECHO : 0;
  batch_.last()->nlmsg_flags = static_cast<uint16_t>(batch_.last()->nlmsg_flags | NLM_F_ACK | echo);
  int made = 0;
  auto failure = sender->request(batch_.last(), [&](netlink::Answer& answer) {
    if (answer.type() == RTM_NEWLINK) made = rtnl::index_of(answer);
  });
  if (failure) {
    made = 0;
    if (lost_answer(*failure)) {
      netlink::Socket* fresh = nullptr;
      rtnl::LinkInfo found;
      if (!kernel_->rtnl(op.netns, fresh) && !rtnl::get_link(*fresh, op.name, false, found) && is_new(found, op))
        made = found.index;
    }
  } else if (made == 0) {
    // Before Linux 6.2 there is no echo, nor is there one of a link that is born elsewhere.
    failure = inside->link_index(op.name, made);
    if (failure && failure->errnum == ENODEV && is_born_elsewhere(op) && !find_renamed(*inside, op, made))
      failure = kOk;
  }
  if (made != 0) {
    before_[index] = std::to_string(made);
    done_[index] = true;
    kernel_->know_link(op.netns, op.name, made);
  }
  return failure;
}

Status Runner::switch_ipv6(const LinkSet& op) {
  // No link has such a name, and another file may have such a path.
  if (op.name.find('/') != std::string::npos)
    return Failure::of(EINVAL, "link.set", "name of a link with a slash in it");
  auto failure = kernel_->with_settings(op.netns, [&](int procfs) -> Status {
    std::string key = "net/ipv6/conf/" + op.name + "/disable_ipv6";
    std::string wanted = *op.ipv6 ? "0" : "1";
    std::string there;
    // Where /proc/sys may not be written, what is as it is to be need not be.
    if (*op.ipv6 && !host::read_sysctl(procfs, key, there) && there == wanted) return kOk;
    return host::write_sysctl(procfs, key, wanted);
  });
  // ENOENT: a kernel without IPv6; or there is no such link, as its message will tell.
  return failure && failure->errnum == ENOENT ? kOk : failure;
}

// The kernel does all of a batch, or refuses some, but its answer is lost: undo takes back what it can tell to be the
// plan's own.
Status Runner::unanswered(uint32_t first, const Failure& failure) {
  for (uint32_t index = first; index < next_; ++index) {
    unsure_[index] = !done_[index];
    done_[index] = true;
  }
  for (const auto& refusal : refusals_) done_[refusal.origin.operation] = false;
  return failure;
}

Status Runner::run_direct(uint32_t index) {
  if (refuse_ == index) return Failure::of(EIO, "refused");
  changed_nothing_ = false;
  auto failure = perform(plan_[index], index);
  if (failure && failure->errnum == EWOULDBLOCK && std::string_view(failure->syscall) == "flock" &&
      kernel_->may_wait()) {
    failure = wait_for_lock(*failure);
    if (waits_) return kOk;
  } else {
    deadline_.reset();
  }
  done_[index] = !failure && !changed_nothing_;
  return failure;
}

// Refused, where the lock has been waited for long enough.
Status Runner::wait_for_lock(const Failure& failure) {
  auto now = Clock::now();
  if (!deadline_) deadline_ = now + kLockPatience;
  waits_ = patient_ && now < *deadline_;
  if (waits_) --next_;
  return patient_ ? Failure::of(ETIMEDOUT, failure.syscall) : failure;
}

// Another thread has learned them, or this one has forgotten them while others ran: by its name, a link may be another
// one by now.
void Runner::know_links() {
  for (uint32_t index = 0; index < next_; ++index) {
    if (!done_[index]) continue;
    if (const auto* made = std::get_if<LinkCreate>(&plan_[index])) {
      if (!before_[index].empty())
        kernel_->know_link(made->netns, made->name, static_cast<int>(std::strtol(before_[index].c_str(), nullptr, 10)));
    } else if (const auto* checked = std::get_if<LinkCheck>(&plan_[index])) {
      kernel_->know_link({}, checked->name, static_cast<int>(checked->index));
    } else if (const auto* gone = std::get_if<LinkDelete>(&plan_[index])) {
      kernel_->know_link(gone->netns, gone->name, 0);
    }
  }
}

}  // namespace slipway
