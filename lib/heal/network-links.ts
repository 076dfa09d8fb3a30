import { networkDrivers } from '../drivers/index.js'
import { renameLinks, type Misnamed } from '../drivers/rename-links.js'
import type { LinkInfo } from '../kernel/native.js'
import { bridges } from '../policy/sets.js'
import { specOf } from '../store/network-records.js'
import type { SandboxRecord } from '../store/records.js'
import type { HealContext } from './context.js'
import { bridgesOf } from './links-of.js'

type Part = Pick<HealContext, 'host' | 'networks' | 'settings'>

/**
 * Links of networks that go by other names than their own, and can be given those back.
 *
 * @param recordsOf - Records of the sandboxes, where they are asked for.
 */
export async function misnamedLinks(
  { host, networks, settings }: Part,
  links: readonly LinkInfo[],
  recordsOf: () => Promise<readonly SandboxRecord[]>,
): Promise<(Misnamed & { network: string })[]> {
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
  // One that every host has may have been made by another name than this process would give it. Where no claim tells,
  // as somebody has flushed those, sandboxes do.
  const used = new Set((await recordsOf()).flatMap(bridgesOf))
  const wrong = misnamed.filter(
    ({ network, name, own }) =>
      !claims.has(`${network} ${name}`) &&
      (!predefined.has(network) || claims.has(`${network} ${own}`) || (used.has(own) && !used.has(name))),
  )
  // One whose own name another link has, and keeps, cannot have it.
  return wrong.filter(
    ({ own }) => !links.some(({ name, index }) => name === own && !wrong.some((one) => one.index === index)),
  )
}

/**
 * Gives the links of networks their names back, where somebody has given them others, or each other's.
 *
 * @param records - Of the sandboxes.
 * @returns Of each network that has its link by its name again: `network web`.
 */
export async function restoreNetworkLinks(
  context: Part,
  links: readonly LinkInfo[],
  records: readonly SandboxRecord[],
): Promise<string[]> {
  const misnamed = await misnamedLinks(context, links, () => Promise.resolve(records))
  return (await renameLinks(context.host, misnamed)) ? misnamed.map(({ network }) => `network ${network}`) : []
}
