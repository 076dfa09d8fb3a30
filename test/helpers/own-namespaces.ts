/** What runs a program as root of a user namespace of its own, with a network and mounts of its own. */
export const OF_ITS_OWN: string[] = [
  ...['prlimit', '--nofile=8192', 'unshare', '--user', '--map-root-user', '--net', '--mount'],
  ...['--propagation', 'private', 'sh', '-ec'],
  ...['mount -t tmpfs none /run; mkdir /run/netns; ip link set lo up; exec "$@"', 'sh'],
]
