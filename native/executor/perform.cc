// The operations that are system calls and no messages.
#include <sys/socket.h>

#include "conntrack/flush.h"
#include "executor/runner.h"
#include "host/file.h"
#include "host/sysctl.h"
#include "rtnl/announce.h"

namespace slipway {

// The operations that are system calls and no messages.
struct Runner::Perform {
  Runner& runner;
  uint32_t index;
  std::string& before;

  Status operator()(const NetnsCreate& op) {
    netns::Identity made;
    if (!is_spare(op.path)) {
      if (auto failure = runner.kernel_->next_netns(made)) return failure;
      before = identity_text(made);
      runner.outcome_.made = made;
    }
    return runner.kernel_->make_netns(op.path, op.records);
  }
  Status operator()(const NetnsBind& op) {
    return runner.kernel_->bind_netns(op.path, op.from, [&](const netns::Identity& bound) {
      before = identity_text(bound);
      runner.outcome_.made = bound;
    });
  }
  // As inverse_of() reads it.
  static std::string identity_text(const netns::Identity& identity) {
    return std::to_string(identity.device) + ' ' + std::to_string(identity.inode) + ' ' +
           std::to_string(identity.cookie);
  }
  Status operator()(const NetnsDelete& op) { return runner.kernel_->delete_netns(op.path, identity_of(op.namespace_)); }
  Status operator()(const NetnsCheck& op) {
    auto failure = runner.kernel_->check_netns(op.path);
    return op.optional ? kOk : failure;
  }
  Status operator()(const LinkCheck& op) {
    auto index = static_cast<int>(op.index);
    auto failure = runner.kernel_->check_link(op.name, index);
    // What follows is for that very link, too.
    if (!failure) runner.kernel_->know_link({}, op.name, index);
    return failure;
  }
  Status operator()(const SysctlWrite& op) {
    return runner.kernel_->with_settings(op.netns, [&](int procfs) -> Status {
      if (auto failure = host::read_sysctl(procfs, op.key, before)) return failure;
      // What another process has written since is that one's.
      if (runner.undoing_ && before != written(runner.plan_[index])) return kOk;
      return before == op.value ? kOk : host::write_sysctl(procfs, op.key, op.value);
    });
  }
  Status operator()(const FileCreate& op) {
    return host::create_file(op.path, op.content, op.marked || !op.from.empty(),
                             runner.kernel_->spares().take_file(op.from));
  }
  Status operator()(const FileReplace& op) {
    before = op.expected;
    return host::replace_file(op.path, op.content, op.expected, runner.undoing_);
  }
  Status operator()(const FileCheck& op) {
    std::string content;
    if (auto failure = host::read_file(op.path, content)) return failure;
    return content == op.expected ? kOk : Status(Failure::of(ESTALE, "read"));
  }
  Status operator()(const FileMark& op) { return host::mark_file(op.path); }
  static const std::string& written(const Operation& operation) { return std::get<SysctlWrite>(operation).value; }
  Status operator()(const FileDelete& op) {
    if (op.expected) return host::delete_file_of(op.path, *op.expected);
    std::string content;
    auto failure = host::read_file(op.path, content);
    if (failure && failure->errnum == ENOENT) {
      // Undo must not make a file that was not there.
      runner.changed_nothing_ = true;
      return kOk;
    }
    if (failure) return failure;
    // As inverse_of() reads it.
    before = (host::is_marked(op.path) ? 'x' : '-') + content;
    return host::delete_file(op.path);
  }
  Status operator()(const PortHold& op) {
    auto& ports = runner.kernel_->ports();
    std::string key = host::HeldPorts::key_of(op.protocol, op.address, op.port);
    // Noted first: once it is held, nothing is to be thrown.
    before = key;
    Status failure;
    if (auto released = runner.released_.extract(key)) {
      ports.put_back(key, std::move(released.mapped()));
    } else {
      failure = ports.hold(op.protocol, op.address, op.port, socket_for(op));
    }
    if (failure || !ports.holds(key)) before.clear();
    return op.optional ? kOk : failure;
  }
  UniqueFd socket_for(const PortHold& op) {
    return host::suits_tcp4(op.protocol, op.address) ? runner.kernel_->spares().take_socket(op.from) : UniqueFd();
  }
  Status operator()(const PortRelease& op) {
    std::string key = host::HeldPorts::key_of(op.protocol, op.address, op.port);
    auto [place, fresh] = runner.released_.try_emplace(key);
    before = key;
    if (UniqueFd socket = runner.kernel_->ports().release(key)) {
      place->second = std::move(socket);
      return kOk;
    }
    before.clear();
    if (fresh) runner.released_.erase(place);
    return kOk;
  }
  Status operator()(const NeighborAnnounce& op) {
    int index = 0;
    // Refused, neighbours find it out by themselves, later.
    if (!runner.kernel_->link_index({}, op.link, index))
      (void)runner.kernel_->inside({}, [&] { return rtnl::announce(index, op, runner.kernel_->packets()); });
    return kOk;
  }
  Status operator()(const ConntrackFlush& op) { return conntrack::flush(runner.kernel_->nft(), op); }
  // A message goes another way. What does not, has its function above, or this does not compile.
  template <typename Message>
  requires(Message::kTraits.channel != Channel::kDirect) Status operator()(const Message&) {
    return Failure::of(EOPNOTSUPP, "perform");
  }
};

Status Runner::perform(const Operation& operation, uint32_t index) {
  return std::visit(Perform{*this, index, before_[index]}, operation);
}

}  // namespace slipway
