// Network namespaces: made, named by a bind mount as `ip netns` does it, entered and left.
//
// Thread: make() and Visit move the calling thread. The executor's thread does that by design; on JavaScript's own
// thread only js/enter.cc does, around one synchronous call, and Kernel::at_host(), around a few system calls.
#pragma once

#include <functional>
#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::netns {

// The calling thread's own namespace.
Status open_current(UniqueFd& fd);
Status open_path(const std::string& path, UniqueFd& fd);

// A namespace itself, whatever its path. A path may lead to another by now, as a process's number is used again. So is
// the number of an inode on nsfs: the kernel gives that of a deleted namespace to one of the next. A cookie it never
// gives again while the machine runs. 0: the cookie is not known.
struct Identity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t cookie = 0;
};
// Device and inode.
Status identify(int fd, Identity& identity);
// Opened to be looked at only: `place` can be opened for use by reopen(). Device and inode.
Status locate(const std::string& path, UniqueFd& place, Identity& identity);
Status reopen(int place, UniqueFd& fd);

// Of the namespace that a socket was made in. It stays 0 where the kernel has none: before 5.14.
Status read_cookie(int socket, uint64_t& cookie);
// Of the namespace at a place. Linux 6.18 tells it from outside (1 µs). For an older kernel the calling thread enters
// the namespace for a moment (30 µs); `lost` as in Visit.
Status find_cookie(int place, uint64_t& cookie, bool& lost);
// ESTALE when the namespace found at a place, by locate(), is another than the one meant. The cookie is asked for last,
// and only where it is known which one is meant.
Status confirm(int place, const Identity& found, const Identity& meant, bool& lost);

// Inode number of a namespace, which no other has as long as a descriptor holds it.
Status identify(int fd, uint64_t& inode);

// Tells which namespace a thread is in by two look-ups in /proc in place of eight: 2 µs, not 6.
//
// Thread: the one that opened it.
class Whereabouts {
 public:
  Status open();
  Status identify(uint64_t& inode) const;

 private:
  UniqueFd folder_;  // of the thread's namespaces
};

// Puts the calling thread into a namespace for as long as the object lives. A failed way back is fatal for the
// thread: lost() says so, and its owner must not use it again.
class Visit {
 public:
  Visit(int target, int home);
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit();

  const Status& status() const { return status_; }
  // Goes home now; true when that failed.
  bool lost();

 private:
  int home_;
  bool away_ = false;
  bool lost_ = false;
  Status status_;
};

// Makes the folder that namespaces are bound in, as `ip netns` has it: a mount point of its own, shared with other
// mount namespaces, so that a name taken away here goes everywhere. Done before the first name is bound; later it would
// double the mounts that are there.
Status share_folder(const std::string& folder);

// Makes a namespace, calls `inside` while the thread is in it, and comes back to `home`. `lost` as in Visit.
Status make(int home, const std::function<Status()>& inside, UniqueFd& fd, bool& lost);

// Takes a name: a file that was not there before. EEXIST is the refusal that makes it a claim.
Status claim_name(const std::string& path);
// Binds a namespace to a name that was taken.
Status bind_name(int fd, const std::string& path);

// Takes the name away; the namespace lives on while a process or descriptor holds it.
Status remove(const std::string& path);
// How many names this process has unmounted so far.
uint64_t unmounted();

}  // namespace slipway::netns
