import { keepingLearned } from './learned-routes.js'
import { answerSetting, createLeaf, finishLeaf, leafAlias, readLeafAlias } from './leaf.js'
import { leafName, leafNumber } from './leaf-name.js'
import { SlipwayError } from '../../base/errors.js'
import { BRIDGE_GROUP, isPortGroup } from '../../policy/sets.js'
import { HostState } from '../../kernel/host-state.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { Settings } from '../../base/settings.js'
import type { Operation, Plan } from '../../plan/operation.js'
import { SetContents } from '../../claims/set-contents.js'
import { bridgeInUse } from '../../claims/refusals.js'
import { LOOK_AGAIN, retrying } from '../../claims/retry.js'
import { networkRaceOf } from '../network-race.js'
import { lackingOfLink } from './lacking.js'
import { wasTakenAway } from './lost-bridge.js'
import { NetworkBridges } from './places.js'
import { hasFamily } from '../../store/network-spec.js'
import type { BridgeNetwork } from './spec.js'
import { sleep } from '../../base/timers.js'

/** Another process may be between making a leaf and the rest of it: this long, in 10 ms steps. */
const PATIENCE_STEPS = 50
/** And others may finish it, too. */
const TRIES = 16

type Named = Pick<BridgeNetwork, 'name' | 'id' | 'bridge' | 'mac'>

/** The number of the leaf of a network that a link is, by its alias, or by its name where it has lost that. */
function numberOf({ name, kind, alias, address, group }: LinkInfo, network: Named): number | undefined {
  const read = readLeafAlias(alias)
  if (read) return read.network === network.name ? read.number : undefined
  const isNameless = alias === '' && kind === 'bridge' && group === BRIDGE_GROUP && address === network.mac
  return isNameless ? leafNumber(network, name) : undefined
}

/** Numbers of the leaves that a network has. */
export const leavesOf = (links: readonly LinkInfo[], network: Named): number[] => [
  ...new Set(links.flatMap((link) => numberOf(link, network) ?? [])),
]

/**
 * What a leaf lacks, all of it where it is not there.
 *
 * @throws {SlipwayError} `CONFLICT` when there is an interface of somebody else's by its name.
 */
export async function missingOfLeaf(
  host: Host,
  network: BridgeNetwork,
  number: number,
): Promise<{ missing: Plan; begun: boolean }> {
  const name = leafName(network, number)
  const link = await host.find('link', { name })
  const setContents = new SetContents(host)
  if (!link) return { missing: await setContents.lacking(createLeaf(network, number)), begun: false }
  // It gets its alias right after it is made.
  const own =
    link.alias === ''
      ? link.address === network.mac && link.group === BRIDGE_GROUP
      : link.alias === leafAlias(network, number)
  if (link.kind !== 'bridge' || !own) throw new SlipwayError('CONFLICT', bridgeInUse(name))
  const state = new HostState(host)
  const present = (await state.addressesOf(link.index)).map(({ address }) => address)
  const rest = await setContents.lacking(finishLeaf(network, number, present))
  const answers = (await host.find('sysctl', { name: answerSetting(network) })) === (hasFamily(network, 4) ? '0' : '1')
  const lacking = await lackingOfLeaf(state, network, link)
  const isWhole = link.alias !== '' && answers && lacking.length === 0
  if (isWhole && !rest.some(({ op }) => op === 'element.add' || op === 'address.add'))
    return { missing: [], begun: true }
  const named = link.alias === '' ? createLeaf(network, number).slice(1, 2) : []
  return { missing: [...named, ...lacking, ...rest], begun: true }
}

/** What a leaf, which is there, has lost of what is set of it. */
export async function lackingOfLeaf(
  state: Pick<HostState, 'sysctl'>,
  network: BridgeNetwork,
  link: LinkInfo,
): Promise<Operation[]> {
  const lacking = await lackingOfLink(state, network, link)
  const key = `net/ipv4/conf/${link.name}/proxy_arp`
  return hasFamily(network, 4) && (await state.sysctl(key)) === '0'
    ? [...lacking, { op: 'sysctl.write', key, value: '1' }]
    : lacking
}

/** Whether all leaves that sandboxes are on are whole, as far as that is set of them. */
export async function areLeavesWhole(
  state: Pick<HostState, 'sysctl' | 'addressesOf'>,
  network: BridgeNetwork,
  links: readonly LinkInfo[],
): Promise<boolean> {
  for (const link of links) {
    const number = numberOf(link, network)
    if (number === undefined || !links.some(({ master, group }) => master === link.index && isPortGroup(group)))
      continue
    if (link.name !== leafName(network, number) || !(await isLeafWhole(state, network, number, link))) return false
  }
  return true
}

/** Whether a leaf that is there has its alias, its addresses, and what else is set of it. */
export async function isLeafWhole(
  state: Pick<HostState, 'sysctl' | 'addressesOf'>,
  network: BridgeNetwork,
  number: number,
  link: LinkInfo,
): Promise<boolean> {
  if (link.alias !== leafAlias(network, number)) return false
  if ((await lackingOfLeaf(state, network, link)).length > 0) return false
  const present = (await state.addressesOf(link.index)).map(({ address }) => address)
  return !finishLeaf(network, number, present).some(({ op }) => op === 'address.add')
}

/**
 * Makes a leaf, or the rest of one.
 *
 * @param waits - Whether another process may be at work on it this moment.
 * @returns Whether something was missing.
 * @throws {SlipwayError}
 */
export function ensureLeaf(host: Host, network: BridgeNetwork, number: number, waits = true): Promise<boolean> {
  let step = waits ? 0 : PATIENCE_STEPS
  let hasTried = false
  return retrying(
    { host },
    {
      tries: TRIES,
      attempt: async () => {
        const { missing, begun } = await missingOfLeaf(host, network, number)
        if (missing.length === 0 || (hasTried && host.onlyLooks)) return hasTried
        if (begun && step++ < PATIENCE_STEPS) {
          await sleep(10)
          return LOOK_AGAIN
        }
        hasTried = true
        await host.run(await keepingLearned(host, missing))
        return LOOK_AGAIN
      },
      remedy: (refused) => (networkRaceOf({ wasTakenAway }, refused) === 'made it' ? 'again' : undefined),
    },
  )
}

/**
 * The bridges of a network, leaves being made when they are wanted.
 *
 * @param missing - Where nothing is to be made: what would be comes here.
 */
export const bridgesOf = (
  network: BridgeNetwork,
  host: Host,
  { portsPerBridge }: Pick<Settings, 'portsPerBridge'>,
  missing?: Operation[],
): NetworkBridges =>
  new NetworkBridges(network, portsPerBridge, async (number) => {
    if (missing) missing.push(...(await missingOfLeaf(host, network, number)).missing)
    else await ensureLeaf(host, network, number)
  })
