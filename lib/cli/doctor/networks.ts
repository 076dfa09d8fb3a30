import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readBridgeAlias } from '../../drivers/bridge/network.js'
import * as sets from '../../policy/sets.js'
import { PREDEFINED } from '../../store/predefined.js'
import type { Context } from '../../work/context.js'
import { ok, problem, type Finding } from './finding.js'

/** Whatever a network lacks that is always there is made on first use. */
const isPredefined = (network: string): boolean => Object.hasOwn(PREDEFINED, network)

/** Networks of which a part is missing: the bridge, the record, or both. */
export async function checkNetworks({ host, records, settings }: Context): Promise<Finding[]> {
  const check = 'networks'
  const links = await host.ask('links', {})
  const bridges = links.flatMap(({ name, alias }) => {
    const network = readBridgeAlias(alias)
    return network?.stateDir === settings.stateDir ? [{ bridge: name, network: network.name }] : []
  })
  const recorded = listNames(join(dirname(records), 'networks'))
  const findings: Finding[] = []
  for (const { bridge, network } of bridges) {
    if (isPredefined(network) || recorded.includes(network)) continue
    findings.push(
      problem(check, `the bridge ${bridge} is of the network ${network}, which is gone`, `ip link delete ${bridge}`),
    )
  }
  for (const network of recorded) {
    if (isPredefined(network) || bridges.some((one) => one.network === network)) continue
    findings.push(
      problem(
        check,
        `the bridge of the network ${network} was deleted`,
        `slipway network rm ${network}, and create it anew`,
      ),
    )
  }
  for (const { key } of (await host.find('elements', sets.bridges)) ?? []) {
    if (links.some(({ name }) => name === key)) continue
    const rebuild = `nft delete table inet ${sets.TABLE}; nft delete table bridge ${sets.TABLE}: both are written anew, with what is there`
    findings.push(problem(check, `the bridge ${key} was deleted, and the rules still name it`, rebuild))
  }
  return findings.length > 0
    ? findings
    : [
        ok(
          check,
          bridges.length === 0 ? 'none yet' : bridges.map(({ network, bridge }) => `${network} (${bridge})`).join(', '),
        ),
      ]
}

/** Names of the networks that have a record. */
function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
