import type { Host } from '../../kernel/host.js'
import type { AddressInfo, LinkInfo } from '../../kernel/native.js'
import type { SetDefinition } from '../../plan/operation.js'
import { DEFAULT_NETWORK, FAMILIES } from '../../store/network-spec.js'
import { isNamedBridge } from './own-bridge.js'

/** What the kernel says of the bridge of the network `bridge`. */

export const isOwn = (link: LinkInfo): boolean => isNamedBridge(link, DEFAULT_NETWORK)

export const isIpv4 = ({ address }: AddressInfo): boolean => !address.includes(':')

export async function addressesOf(host: Host, link: LinkInfo): Promise<AddressInfo[]> {
  const found: AddressInfo[] = []
  for (const family of FAMILIES) found.push(...(await host.ask('addresses', { ipv6: family === 6, index: link.index })))
  return found
}

export async function has(host: Host, set: SetDefinition, key: string): Promise<boolean> {
  return (await host.find('element', { ...set, key })) !== undefined
}
