import { SlipwayError } from '../../base/errors.js'
import type { HostState } from '../../kernel/host-state.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { LinkSet, Operation, Plan } from '../../plan/operation.js'
import { SEGMENT_GROUP } from '../../policy/sets.js'
import { readLinkAlias } from '../link-alias.js'
import type { SegmentKind } from './kind.js'
import { makeParent, makeShim, vlanAlias } from './parent.js'
import { readVlan, type SegmentNetwork } from './spec.js'

/** Links of the host, by name, and their addresses. */
export interface View {
  find(name: string): LinkInfo | undefined | Promise<LinkInfo | undefined>
  state: Pick<HostState, 'addressesOf'>
}

/**
 * What the host lacks of a network: its parent, where that is ours to make, and the host's own link.
 *
 * @throws {SlipwayError} `CONFLICT` where a link of somebody else's has the name of one of them.
 */
export async function lackingOf(kind: SegmentKind, spec: SegmentNetwork, view: View): Promise<Plan> {
  const parent = await view.find(spec.parent)
  const plan: Operation[] = spec.made === undefined ? [] : await lackingOfParent(kind, spec, parent, view)
  const { shim } = spec
  if (!shim) return plan
  const own = await view.find(shim.name)
  const all = makeShim(kind, spec)
  if (!own) return [...plan, ...all]
  if (own.alias !== '' && readLinkAlias(own.alias)?.name !== spec.name) throw taken(shim.name)
  // It is no wider than what it is a part of.
  const mtu = Math.min(spec.mtu, parent?.mtu ?? spec.mtu)
  return [...plan, ...(await lackingOfShim(view, own, mtu, all))]
}

async function lackingOfParent(
  kind: SegmentKind,
  spec: SegmentNetwork,
  there: LinkInfo | undefined,
  view: View,
): Promise<Operation[]> {
  const { parent, made, stateDir } = spec
  const all = makeParent(kind, spec)
  if (!there) return all
  const isOwn =
    made === 'vlan'
      ? there.alias === vlanAlias(kind, stateDir)
      : readLinkAlias(there.alias)?.name === spec.name && readLinkAlias(there.alias)?.stateDir === stateDir
  // It is given its alias right after it is made.
  const isNameless = there.alias === '' && there.kind === made
  if (!isOwn && !isNameless) throw taken(parent)
  const below = made === 'vlan' ? await view.find(readVlan(parent)?.link ?? '') : undefined
  return [
    ...(isNameless || !there.up || there.group !== SEGMENT_GROUP ? all.slice(1) : []),
    ...widened(there, Math.min(spec.mtu, below?.mtu ?? spec.mtu), there.mtu < spec.mtu),
  ]
}

/** With its going down, a link loses its IPv6 addresses. */
async function lackingOfShim(
  { state }: View,
  own: LinkInfo,
  mtu: number,
  all: readonly Operation[],
): Promise<Operation[]> {
  const found = await state.addressesOf(own.index)
  const has = new Set(found.map(({ address, prefix }) => `${address}/${prefix}`))
  const isSet = own.up && own.alias !== '' && own.group === SEGMENT_GROUP
  return [
    ...widened(own, mtu, true),
    ...all.filter(
      (operation) =>
        (operation.op === 'link.set' && !isSet) || (operation.op === 'address.add' && !has.has(operation.address)),
    ),
  ]
}

const widened = ({ name, mtu: now }: LinkInfo, mtu: number, matters: boolean): LinkSet[] =>
  matters && now !== mtu ? [{ op: 'link.set', name, mtu }] : []

export const taken = (name: string): SlipwayError =>
  new SlipwayError(
    'CONFLICT',
    `There is an interface ${name} already, and it is not Slipway's. If nothing needs it, remove it: ip link delete ${name}.`,
  )
