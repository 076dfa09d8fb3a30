import { networkDrivers } from '../drivers/index.js'
import { renameLinks } from '../drivers/rename-links.js'
import type { LinkInfo } from '../kernel/native.js'
import { specOf } from '../store/network-records.js'
import type { HealContext } from './context.js'

/**
 * Gives the links of networks their names back, where somebody has given them others, or each other's.
 *
 * @returns Of each network that has its link by its name again: `network web`.
 */
export async function restoreNetworkLinks(
  { host, networks, settings }: Pick<HealContext, 'host' | 'networks' | 'settings'>,
  links: readonly LinkInfo[],
): Promise<string[]> {
  const specs = (await networks.list()).map(specOf)
  const predefined = new Map([...networks.predefined.values()].map(({ name, link }) => [name, link]))
  const misnamed = networkDrivers.flatMap(
    ({ name, networks: of }) =>
      of.misnamed?.(links, {
        specs: specs.filter(({ driver }) => driver === name),
        predefined,
        stateDir: settings.stateDir,
      }) ?? [],
  )
  // One whose own name another link has, and keeps, cannot have it.
  const free = misnamed.filter(
    ({ own }) => !links.some(({ name, index }) => name === own && !misnamed.some((one) => one.index === index)),
  )
  return (await renameLinks(host, free)) ? free.map(({ network }) => `network ${network}`) : []
}
