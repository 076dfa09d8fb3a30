// The kernel as one thread sees it: sockets of the host's namespace, and of the namespaces that the plan at
// hand touches. A live sandbox holds no descriptor here: what a plan opened is closed when it ends. A socket that has
// surprised us (a lost ack, ENOBUFS) is not used again, whatever it was used for: the next who asks for it gets a new
// one.
//
// Thread: all of it belongs to the thread that called open() or open_beside().
#pragma once

#include <map>
#include <memory>

#include "host/held_ports.h"
#include "host/procfs.h"
#include "netlink/socket.h"
#include "netns/netns.h"
#include "netns/spares.h"
#include "nft/watch.h"
#include "plan/operation.h"
#include "rtnl/names.h"

namespace slipway {

// None is that of no namespace.
inline netns::Identity identity_of(const std::optional<Namespace>& given) {
  return given ? netns::Identity{given->device, given->inode, given->cookie} : netns::Identity();
}

class Kernel : public rtnl::Names {
 public:
  Kernel(host::HeldPorts& ports, netns::Spares& spares, nft::Watch& watch)
      : ports_(ports), spares_(spares), watch_(watch) {}

  // Moves the calling thread into `host` for good and opens the host's sockets.
  Status open(int host);

  // For a thread that stays in its own namespace and waits for nobody: the nf_tables socket alone is opened, and the
  // thread goes to `host` only for what at_host() runs.
  Status open_beside(int host);
  bool may_wait() const { return !beside_; }
  // Runs a function with the thread in the host's namespace.
  Status at_host(const std::function<Status()>& work);

  int host() const { return host_; }
  // The thread could not come home from another namespace and must end.
  bool lost() const { return lost_; }
  // In place of what it would then do elsewhere.
  static Failure astray() { return Failure::of(EXDEV, "setns"); }

  // The rtnetlink socket of a namespace ("" is the host); opened on first use.
  Status rtnl(const std::string& netns, netlink::Socket*& socket);
  // For nf_tables, and for conntrack: where a socket of NETLINK_NETFILTER is closed, the kernel keeps every transaction
  // waiting until it has freed what was deleted before (nft_rcv_nl_event), 10 ms and more.
  netlink::Socket& nft();
  // Of AF_PACKET; open, once it is, until forget().
  UniqueFd& packets() { return packets_; }
  host::HeldPorts& ports() { return ports_; }
  netns::Spares& spares() { return spares_; }
  nft::Watch& watch() { return watch_; }

  Status link_index(const std::string& netns, const std::string& name, int& index) override;
  int known_index(const std::string& netns, const std::string& name) const override;
  // What the kernel calls a link that was made; 0 when it has gone.
  void know_link(const std::string& netns, const std::string& name, int index);
  // ESTALE when the host's link of this name is another by now.
  Status check_link(const std::string& name, int index);
  Status netns_fd(const std::string& path, int& fd) override;

  // Which namespaces the paths of the plan at hand lead to: anything else there is ESTALE.
  void expect(std::map<std::string, netns::Identity> expected) { expected_ = std::move(expected); }
  Status check_netns(const std::string& path);

  // Here and below, a path may be the name of a spare namespace.
  // `records`: see NetnsCreate.
  Status make_netns(const std::string& path, const std::string& records);
  // Which one the next make_netns() will give a name.
  Status next_netns(netns::Identity& identity);
  // Gives the namespace at `from` a further name; `which` says which one that is, before it has it.
  Status bind_netns(const std::string& path, const std::string& from,
                    const std::function<void(const netns::Identity&)>& which);
  // With an identity, another than that one is left alone.
  Status delete_netns(const std::string& path, const netns::Identity& identity);
  // Makes a namespace without a name, for the next make_netns(): a plan that is still being thought of will want one.
  Status prepare_netns();
  // Runs a function with the thread inside the namespace.
  Status inside(const std::string& netns, const std::function<Status()>& work);
  // The same, with the folder that its settings are looked up from.
  Status with_settings(const std::string& netns, const std::function<Status(int procfs)>& work);

  // Ends a job: forgets the namespaces it touched, the one that nobody came for, and the link numbers it learned.
  void forget();

 private:
  struct Netns {
    UniqueFd fd;
    netlink::Socket rtnl;
  };

  // Opens it to be looked at; never the host's own: what is meant for a sandbox would be done to the host.
  Status locate(const std::string& path, UniqueFd& place);
  Status open_netns(const std::string& path, UniqueFd& fd);
  Status enter(const std::string& path, Netns*& netns);
  Status open_host_sockets();
  // Of the host's; opened anew when it has surprised us: what it may still have to say is of what was asked before.
  Status renew(int protocol, netlink::Socket& socket);
  // `bind` binds it, once the path has been claimed.
  Status name_netns(const std::string& path, const std::function<Status()>& bind);

  host::HeldPorts& ports_;  // these are the executor's: they outlive the thread
  netns::Spares& spares_;
  nft::Watch& watch_;
  int host_ = -1;  // owned by the executor
  bool beside_ = false;
  uint64_t identity_ = 0;  // of the host
  netns::Whereabouts whereabouts_;
  bool lost_ = false;
  netlink::Socket rtnl_, nft_;
  UniqueFd packets_;
  uint32_t nft_port_ = 0;
  std::string shared_folder_;  // the last that was seen to be prepared for namespaces
  Netns spare_;
  host::Procfs procfs_;
  std::map<std::string, Netns> namespaces_;
  std::map<std::string, netns::Identity> expected_;
  std::map<std::pair<std::string, std::string>, int> indexes_;
};

}  // namespace slipway
