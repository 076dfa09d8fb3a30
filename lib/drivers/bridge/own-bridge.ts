import { readLinkAlias } from '../link-alias.js'
import { macs } from '../../policy/sets.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'

/** Whether a link is the bridge of a network, by its alias. */
export const isNamedBridge = ({ kind, alias }: LinkInfo, network: string): boolean =>
  kind === 'bridge' && readLinkAlias(alias)?.name === network

/**
 * Whether a bridge without an alias is the network's all the same: its maker has died right after making it. The MAC
 * address that it was made with had been claimed for it.
 */
export async function isNamelessBridge(
  host: Host,
  { name, kind, alias, address }: LinkInfo,
  network: string,
): Promise<boolean> {
  if (kind !== 'bridge' || alias !== '') return false
  return (await host.find('element', { ...macs, key: `${name} . ${address}` }))?.comment === network
}
