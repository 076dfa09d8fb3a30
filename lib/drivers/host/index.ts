import type { StackDriver } from '../driver.js'

/** The host's own namespace: a sandbox has nothing but its name. */
export const host: StackDriver = {
  name: 'host',
  network: 'host',
  stack: 'host',
  reads: (network) => (network === 'host' ? network : undefined),
  refuses: {
    options: ['publish', 'ip', 'ip6', 'mac', 'aliases', 'gwPriority', 'interface', 'defaultRoute', 'netns'],
    why: "it shares the host's network, where its ports are the host's already",
    instead: 'use network "bridge"',
  },
  unconnectable: "it shares the host's network",
  unpublishable: "its ports are the host's",
  unjoinable: "a sandbox shares the host's network from the start",
}
