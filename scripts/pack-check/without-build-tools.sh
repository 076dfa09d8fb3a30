#!/bin/sh
# Why: runs a command on what looks like a consumer's machine: no compiler, no make, no tools of iproute2 and
# nftables on PATH, no headers, and none of the system's own libmnl and libnftnl. Mounts are private to the command.
#
#   scripts/pack-check/without-build-tools.sh FOLDER-FOR-LINKS COMMAND [ARGUMENT]...
set -eu
bin=$1
shift
mkdir -p "$bin"
for tool in node npm; do ln -sf "$(command -v $tool)" "$bin/$tool"; done
for tool in sh env; do ln -sf "/bin/$tool" "$bin/$tool"; done

exec unshare --mount --propagation private sh -euc '
  bin=$1
  shift
  mount -t tmpfs none /usr/include
  # An empty file: who asks for the system library anyway is told so loudly.
  for library in $(ldconfig -p | sed -n "s/.*\(libmnl\|libnftnl\)\.so.* => //p" | xargs -r realpath | sort -u); do
    mount --bind /dev/null "$library"
  done
  PATH=$bin exec "$@"
' sh "$bin" "$@"
