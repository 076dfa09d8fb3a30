// Namespaces made ahead of need, with what else a sandbox takes. Nobody finds them by a path: descriptors hold them, so
// they go with the process that made them, and with them all that is in them.
//
// Thread: any. Owner: the executor and not its Kernel, since a thread that is lost must not take them with it.
#pragma once

#include <mutex>
#include <unordered_map>

#include "host/descriptor_room.h"
#include "netns/netns.h"

namespace slipway::netns {

class Spares {
 public:
  Spares() = default;
  Spares(const Spares&) = delete;
  Spares& operator=(const Spares&) = delete;

  // EEXIST when there is one of that name. With a folder, a file in it and a socket are made, too.
  Status put(const std::string& name, int netns, const Identity& identity, const std::string& records);
  // Its namespace, by a descriptor of the caller's own. ENOENT when there is none.
  Status open(const std::string& name, UniqueFd& netns) const;
  // Nothing known of one that is not there.
  Identity identity(const std::string& name) const;
  // Binds it to a path that was claimed. It stays one of these until it is removed, so that this can be undone.
  Status bind(const std::string& name, const std::string& path);
  // What goes with it, once: a file for host::create_file(), a TCP socket over IPv4. None where there is none (any
  // more).
  UniqueFd take_file(const std::string& name);
  UniqueFd take_socket(const std::string& name);
  // Nothing when there is none.
  void remove(const std::string& name);

 private:
  struct Spare {
    UniqueFd netns;
    Identity identity;
    // A mount of it that is attached nowhere yet: attaching it costs a third of binding the descriptor anew. Used once.
    UniqueFd mount;
    UniqueFd file, socket;
  };

  UniqueFd take(const std::string& name, UniqueFd Spare::*part);

  host::DescriptorRoom room_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Spare> spares_;
};

}  // namespace slipway::netns
