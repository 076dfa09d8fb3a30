import { claimNetwork, createNetwork, finishNetwork, nameBridge } from './network.js'
import * as sets from '../../policy/sets.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import { remove } from '../../policy/elements.js'
import { ownedByNetworks } from '../../policy/network-elements.js'
import type { Operation, Plan } from '../../plan/operation.js'
import { SetContents } from '../../claims/set-contents.js'
import { readOwner } from '../../store/owner.js'
import { HostState } from '../../kernel/host-state.js'
import { finishing, lackingOfBridge } from './lacking.js'
import { keepingLearned } from './learned-routes.js'
import { has, isOwn } from './default-seen.js'
import type { BridgeNetwork } from './spec.js'

/** What has to be done for the network `bridge`, as far as the host has a part of it already. */

/**
 * Where an administrator has deleted the bridge, or its maker died before that was there, its elements are there
 * still, perhaps of another subnet than it gets now. They give way to its own in one transaction, once the bridge is
 * made: where it cannot be, another process has made it since, and they are its.
 */
export async function createDefault(host: Host, network: BridgeNetwork): Promise<Plan> {
  const creation = createNetwork(network)
  const setContents = new SetContents(host)
  const claimed = [...(await setContents.of(sets.subnets[4])), ...(await setContents.of(sets.subnets[6]))].some(
    ({ comment }) => comment === network.name,
  )
  if (!claimed && !(await has(host, sets.bridges, network.bridge)) && !(await has(host, sets.gates, network.mac)))
    return keepingLearned(host, creation)
  const wanted = creation.flatMap((operation) =>
    operation.op === 'element.add' ? operation.elements.map(({ key }) => `${operation.set} ${key}`) : [],
  )
  const stale: Plan[number][] = []
  for (const set of ownedByNetworks) {
    for (const { key, comment } of await setContents.of(set)) {
      if (
        (sets.isSubnets(set)
          ? comment === network.name
          : key.split(' . ').includes(network.bridge) && readOwner(comment) === undefined) &&
        !wanted.includes(`${set.set} ${key}`)
      )
        stale.push(remove(set, { key }))
    }
  }
  const lacking = await setContents.lacking(creation)
  const isElement = ({ op }: Operation) => op === 'element.add'
  return keepingLearned(host, [
    ...lacking.filter((operation) => !isElement(operation)),
    ...stale,
    ...lacking.filter(isElement),
  ])
}

/** What a bridge lacks whose maker has died, or whose elements somebody has flushed. */
export async function missingOfDefault(host: Host, network: BridgeNetwork, link: LinkInfo): Promise<Plan> {
  const own = await lackingOfBridge(new HostState(host), network, link)
  const rest = await new SetContents(host).lacking([...claimNetwork(network), ...finishNetwork(network)])
  if (own.length === 0 && isOwn(link) && !rest.some(({ op }) => op === 'element.add')) return []
  return keepingLearned(host, [...(isOwn(link) ? [] : [nameBridge(network)]), ...finishing(own, rest)])
}
