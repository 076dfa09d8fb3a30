import { networkDrivers } from '../drivers/index.js'
import { renameLinks } from '../drivers/rename-links.js'
import type { LinkInfo } from '../kernel/native.js'
import { bridges } from '../policy/sets.js'
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
  if (misnamed.length === 0) return []
  const claims = new Set((await host.find('elements', bridges))?.map(({ key, comment }) => `${comment} ${key}`))
  // One that every host has may have been made by another name than this process would give it.
  const wrong = misnamed.filter(
    ({ network, name, own }) =>
      !claims.has(`${network} ${name}`) && (!predefined.has(network) || claims.has(`${network} ${own}`)),
  )
  // One whose own name another link has, and keeps, cannot have it.
  const free = wrong.filter(
    ({ own }) => !links.some(({ name, index }) => name === own && !wrong.some((one) => one.index === index)),
  )
  return (await renameLinks(host, free)) ? free.map(({ network }) => `network ${network}`) : []
}
