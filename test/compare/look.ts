import { statSync } from 'node:fs'
import type { Bridge, Inside } from './observation.js'
import { ipJson } from '../../build-bench/peers/tools.js'

const HOST_NETNS = '/proc/self/ns/net'

/** A container and where its network namespace is found. */
export interface Place {
  name: string
  netns: string
}

/**
 * What `ip` shows inside a container, and what the host shows of the bridges that it is connected to.
 *
 * @param all - Every container that there is, the oldest first.
 */
export function lookInside(place: Place, all: readonly Place[]): Inside {
  const { netns } = place
  const identity = statSync(netns).ino
  if (identity === statSync(HOST_NETNS).ino)
    return { namespace: "the host's", addresses: [], routes: [], routes6: [], bridges: {} }
  const owner = all.find((other) => statSync(other.netns).ino === identity) ?? place
  const addresses = ipJson(['-d', 'address'], netns)
  return {
    namespace: `${owner.name}'s`,
    addresses,
    routes: ipJson(['route'], netns),
    routes6: ipJson(['-6', 'route'], netns),
    bridges: bridgesOf(addresses),
  }
}

function bridgesOf(inside: Record<string, unknown>[]): Record<string, Bridge> {
  const links = ipJson(['address'])
  const bridges: Record<string, Bridge> = {}
  for (const { ifname, link_index } of inside) {
    const port = links.find(({ ifindex }) => link_index !== undefined && ifindex === link_index)
    const bridge = links.find((link) => port?.['master'] !== undefined && link['ifname'] === port['master'])
    if (!bridge) continue
    bridges[String(ifname)] = {
      name: String(bridge['ifname']),
      mtu: Number(bridge['mtu']),
      up: (bridge['flags'] as string[]).includes('UP'),
      addresses: (bridge['addr_info'] as { local: string; prefixlen: number; scope: string }[])
        .filter(({ scope }) => scope !== 'link')
        .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    }
  }
  return bridges
}
