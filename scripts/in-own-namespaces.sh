#!/bin/sh
# Why: tests, the demo and the benchmark make interfaces, nf_tables tables and sysctls. They do it in a network
# and a mount namespace of their own, so that nothing of the machine's is ever touched, and all of it is
# gone with the last process.
#
#   scripts/in-own-namespaces.sh COMMAND [ARGUMENT]...
#
# Every step is an exec: the command keeps this process's id, signals and exit status.
set -eu

# npm puts node_modules/.bin first, where another program named `nft` lies. The system's tools are meant.
PATH=$(printf %s "$PATH" | tr : '\n' | grep -v node_modules | paste -sd: -):/usr/sbin:/sbin
export PATH

if ! refusal=$(unshare --net --mount --propagation private true 2>&1); then
  echo "slipway: no namespaces of our own could be made ($refusal). Run this as root with CAP_SYS_ADMIN and CAP_NET_ADMIN: with sudo, or in a container started with --privileged." >&2
  exit 1
fi

exec unshare --net --mount --propagation private sh -euc '
  # /run: so that /run/netns and /run/slipway are new, and their directories are not made on the real one.
  mount -t tmpfs -o mode=0755 slipway /run
  mkdir /run/netns /run/slipway
  # /sys: each sysfs shows the interfaces of the namespace it was mounted in.
  mount -t sysfs slipway /sys
  # /sys/fs/cgroup: an OCI runtime wants to see that there is one. Read-only, as it is the one of the machine.
  mount -t cgroup2 -o ro slipway /sys/fs/cgroup
  ip link set lo up
  exec "$@"
' sh "$@"
