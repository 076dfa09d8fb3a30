import type { EndpointRequest } from '../store/endpoint.js'
import { waiting } from '../base/call.js'
import { invalid, SlipwayError } from '../base/errors.js'
import type { IpFamily } from '../base/addresses/ip.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import { FAMILIES } from '../store/network-spec.js'
import { releaseAddresses, takeFreeAddresses, type AddressGuesses } from '../drivers/address-guesses.js'
import { addressInUse, ownerOf } from '../claims/refusals.js'
import { reconcile } from '../heal/index.js'
import { isInTheMaking, listAllRecords, listRecords } from '../store/records.js'
import type { Context } from './context.js'
import { awaitAllFree, awaitFree, awaitOwnerGone } from './await-gone.js'

const OPTION = { 4: 'ip', 6: 'ip6' } as const

/**
 * Takes an address of each family that a network has, in this process's tables; the kernel's claim follows with the
 * plan. At once where nothing has to be asked.
 *
 * @throws {SlipwayError} `EXHAUSTED`, `ADDRESS_IN_USE`, `INVALID_ARGUMENT`. Nothing is taken then.
 */
export function takeAddresses(
  context: Context,
  ready: ReadyNetwork,
  asked: EndpointRequest,
): AddressGuesses | Promise<AddressGuesses> {
  const named = asked.ip !== undefined || asked.ip6 !== undefined
  return (named ? undefined : takeFreeAddresses(ready)) ?? takeSlowly(context, ready, asked)
}

/**
 * Takes an address for an endpoint that is yet to be made, in this process's tables: see
 * {@link NetworkRegistry.giveBack}.
 *
 * @returns With its prefix.
 * @throws {SlipwayError} `EXHAUSTED`, `ADDRESS_IN_USE`, `INVALID_ARGUMENT`
 */
export async function reserveAddress(
  context: Context,
  ready: ReadyNetwork,
  family: IpFamily,
  wanted: string | undefined,
): Promise<string> {
  const found =
    wanted === undefined ? await takeAny(context, ready, family) : await takeThis(context, ready, family, wanted)
  if (!found) throw invalid(`The network ${ready.spec.name} has no IPv${family}. Leave ipv${family} out.`)
  return `${found.address}/${found.subnet.prefix}`
}

async function takeSlowly(context: Context, ready: ReadyNetwork, asked: EndpointRequest): Promise<AddressGuesses> {
  const taken: AddressGuesses = {}
  try {
    for (const family of FAMILIES) {
      const wanted = asked[OPTION[family]]
      const found =
        wanted === undefined ? await takeAny(context, ready, family) : await takeThis(context, ready, family, wanted)
      if (found) taken[family] = found
    }
    return taken
  } catch (error) {
    releaseAddresses(ready, taken)
    throw error
  }
}

async function takeAny(context: Context, ready: ReadyNetwork, family: IpFamily): Promise<AddressGuesses[IpFamily]> {
  const { reaper, records, spares } = context
  const pools = ready.pools.filter(({ subnet }) => subnet.family === family)
  if (pools.length === 0) return undefined
  // Those that spare sandboxes have are taken from them; then other processes may have given back what they had, and
  // what was removed may be on its way out.
  const others = async () => {
    for (const { record } of await listAllRecords(records))
      if (record.removing) await awaitOwnerGone(context, record.name)
    await reaper.awaitGone()
    await awaitAllFree(context)
    await learnAgain(context, ready)
  }
  for (const look of [() => undefined, () => spares.giveUp(ready), others]) {
    const looked = look()
    if (looked) await waiting(context.call, looked, `an address of the network ${ready.spec.name}`)
    for (const { subnet, pool } of pools) {
      const address = pool.take()
      if (address !== undefined) return { address, subnet }
    }
  }
  const { name } = ready.spec
  throw new SlipwayError(
    'EXHAUSTED',
    `No address is left in ${pools.map(({ subnet }) => subnet.range ?? subnet.subnet).join(', ')} of the network ${name}. Remove sandboxes, or use a network with a larger subnet.`,
  )
}

async function takeThis(
  context: Context,
  ready: ReadyNetwork,
  family: IpFamily,
  wanted: string,
): Promise<AddressGuesses[IpFamily]> {
  const { host, reaper, spares } = context
  const { spec, pools } = ready
  const option = OPTION[family]
  const ofFamily = pools.filter(({ subnet }) => subnet.family === family)
  if (ofFamily.length === 0)
    throw invalid(
      `${option} ${wanted}: the network ${spec.name} has no IPv${family}. Leave ${option} out, or create the network with a subnet of IPv${family}.`,
    )
  const found = ofFamily.find(({ pool }) => pool.covers(wanted))
  if (!found)
    throw invalid(
      `${option} ${wanted} lies outside the subnet ${ofFamily.map(({ subnet }) => subnet.subnet).join(', ')} of the network ${spec.name}.`,
    )
  const { subnet, pool } = found
  if (pool.takeThis(wanted)) return { address: wanted, subnet }
  const aux = Object.entries(subnet.aux).find(([, address]) => address === wanted)
  if (aux)
    throw invalid(
      `${option} ${wanted} is kept for ${aux[0]}, by an auxiliary address of the network ${spec.name}. Choose another, or leave ${option} out and a free one is taken.`,
    )
  if (pool.isReserved(wanted))
    throw invalid(
      `${option} ${wanted} is the bridge's, gateway's, network's or broadcast address of ${subnet.subnet}. Choose another, or leave ${option} out and a free one is taken.`,
    )
  await spares.giveUp(ready, wanted)
  if (pool.takeThis(wanted)) return { address: wanted, subnet }
  // Taken as far as this process knows; its sandbox may be on its way out, or another may have removed it since.
  const [set, key] = ready.use.claimOf(family, wanted)
  const gone = async () => {
    const owner = await ownerOf(set, key, host)
    if (owner !== undefined) await awaitOwnerGone(context, owner)
    await reaper.awaitGone(wanted)
    await awaitFree(context, set, key)
    await learnAgain(context, ready)
  }
  await waiting(context.call, gone(), `the address ${wanted}`)
  if (pool.takeThis(wanted)) return { address: wanted, subnet }
  throw new SlipwayError('ADDRESS_IN_USE', addressInUse(wanted, await ownerOf(set, key, host), option))
}

/**
 * Learns which addresses are free by now. Where an administrator has deleted claims of living sandboxes, no refusal
 * tells so: they are given back first, or their addresses would be learned as free.
 */
async function learnAgain(context: Context, ready: ReadyNetwork): Promise<void> {
  const living = (await listRecords(context.records, () => undefined)).filter((stored) => !isInTheMaking(stored))
  for (const family of FAMILIES) {
    const had = living.flatMap(({ record }) =>
      record.endpoints.flatMap(({ networkId, addresses: { [family]: one } }) =>
        one && networkId === ready.spec.id ? [one.address] : [],
      ),
    )
    const claimed = new Set(had.length === 0 ? [] : await ready.use.claimed(family))
    if (had.some((address) => !claimed.has(address))) {
      await reconcile(context)
      break
    }
  }
  await context.networks.learn(ready)
}
