import { familyOf } from '../base/addresses/ip.js'
import type { NetworkElement } from './network-elements.js'
import * as sets from './sets.js'

/**
 * Where the resolver of a user-defined network listens, at each address of its bridge: nobody's favourite, below the
 * range that dynamic ports come from. Port 53 is left to sandboxes and to nameservers of the host, which want it on
 * every address.
 */
export const RESOLVER_PORT = 25353

/** What of a network matters to its resolver. */
export interface Served {
  name: string
  subnets: readonly { address?: string | undefined }[]
}

/** Addresses at which the names of a network are served. */
export const resolverAddresses = ({ subnets }: Pick<Served, 'subnets'>): string[] =>
  subnets.flatMap(({ address }) => address ?? [])

/**
 * The elements that lead from port 53 of the bridge to its resolver. They come before what is published on every
 * address, and an allow-list of that does not hold for them.
 */
export function resolverElements(network: Served): NetworkElement[] {
  return resolverAddresses(network).flatMap((address) => {
    const family = familyOf(address)
    const everybody = family === 4 ? '0.0.0.0/0' : '::/0'
    return ['udp', 'tcp'].flatMap((protocol): NetworkElement[] => [
      [sets.publishedAt[family], { key: `${address} . ${protocol} . 53`, data: `${address} . ${RESOLVER_PORT}` }],
      [sets.admitted[family], { key: `${address} . ${protocol} . 53 . ${everybody}` }],
    ])
  })
}

/** The sets in which they are, beside those of sandboxes. */
export const sharedWithSandboxes = [sets.publishedAt, sets.admitted].flatMap((definitions) => [
  definitions[4],
  definitions[6],
])

/** Whether an element of `published_at` is one of those, and not a sandbox's. */
export const isResolverElement = ({ key, data }: { key: string; data: string }): boolean =>
  data === `${key.split(' . ')[0]} . ${RESOLVER_PORT}`
