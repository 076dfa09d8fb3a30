import type { StackDriver } from '../driver.js'

/** A namespace of its own with loopback, and nothing else: Docker's driver `null`. */
export const none: StackDriver = {
  name: 'null',
  network: 'none',
  stack: 'own',
  reads: (network) => (network === 'none' ? network : undefined),
  refuses: {
    options: ['publish', 'ip', 'ip6', 'mac', 'aliases', 'gwPriority', 'interface', 'defaultRoute'],
    why: 'it has no network',
    instead: 'use network "bridge"',
  },
  unconnectable: 'it was created with network "none", to have no network',
  unpublishable: 'it has no address of its own',
  unjoinable: 'the network none is to have no network',
}
