import type { IpvlanDriverOptions } from '../../base/driver-options.js'
import { SlipwayError } from '../../base/errors.js'
import type { Host } from '../../kernel/host.js'
import type { PlanRefused } from '../../kernel/refusal.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { Operation, Plan } from '../../plan/operation.js'
import { listNetworkRecords } from '../../store/network-records.js'
import { readLinkAlias } from '../link-alias.js'
import type { Ground, NetworksOf } from '../networks-of.js'
import { checkSegment, draftSegment } from './draft-network.js'
import type { SegmentKind } from './kind.js'
import { makeParent, makeShim, vlanAlias } from './parent.js'
import { readVlan, type SegmentNetwork } from './spec.js'

/** Networks on the segments of parents. */
export const networksOn = (kind: SegmentKind): NetworksOf<SegmentNetwork> => ({
  spellings: {
    parent: 'parent',
    mode: `${kind.driver}_mode`,
    ...(kind.flags ? { flag: `${kind.driver}_flag` } : {}),
    hostShim: 'host_shim',
    mtu: 'com.docker.network.driver.mtu',
    interfacePrefix: 'com.docker.network.container_iface_prefix',
  } satisfies Partial<Record<keyof IpvlanDriverOptions, string>>,
  check: (request, settings) => void checkSegment(kind, request, settings),
  draft: (request, on, settings) => draftSegment(kind, request, on, settings),

  create: (spec) => [
    ...(spec.record ? [{ op: 'file.create', ...spec.record } as const] : []),
    ...(spec.joined ? [] : makeParent(kind, spec)),
    ...makeShim(kind, spec),
  ],
  async refuseTaken(host, { parent, made, shim, stateDir }) {
    const names = [...(made === 'dummy' ? [parent] : []), ...(shim ? [shim.name] : [])]
    for (const name of names) if (await host.find('link', { name })) throw taken(name)
    const there = made === 'vlan' ? await host.find('link', { name: parent }) : undefined
    if (there && there.alias !== vlanAlias(kind, stateDir)) throw taken(parent)
  },
  wasTakenAway,
  missing: (host, spec) => missingOf(kind, host, spec),
  isWhole: async (spec, { links }) => {
    const names = new Set(links.flatMap(({ name, up }) => (up ? [name] : [])))
    return (spec.made === undefined || names.has(spec.parent)) && (!spec.shim || names.has(spec.shim.name))
  },
  removal: (host, spec) => removal(kind, host, spec),
  // What is on a segment is its owner's: nothing of it is in the way.
  refuseOthers: () => undefined,
  elements: () => [],
  hostLink: ({ made, parent, shim }) =>
    made === 'dummy' ? { kind: 'dummy', name: parent } : shim ? { kind: kind.driver, name: shim.name } : undefined,
  standsOn,
  // The routes by the host's own link lead to single sandboxes.
  isPart: ({ alias, kind: of }) => of === kind.driver && readLinkAlias(alias) !== undefined,
  leftovers: (links, { specs, kept, unread, stateDir }) => {
    const known = new Set(
      specs.flatMap(({ made, parent, shim }) => [...(made ? [parent] : []), ...(shim ? [shim.name] : [])]),
    )
    return links.filter(({ name, kind: of, alias }) => {
      if (known.has(name)) return false
      // One that cannot be read may have any for its parent.
      if (of === 'vlan') return !unread && alias === vlanAlias(kind, stateDir)
      const read = of === kind.driver || of === 'dummy' ? readLinkAlias(alias) : undefined
      return read?.stateDir === stateDir && !kept.has(read.name) && ownDummy(kind, of, name)
    })
  },
  forget: () => [],
})

function standsOn({ parent, made }: SegmentNetwork): Ground[] {
  const below = made === 'vlan' ? readVlan(parent)?.link : undefined
  return [...(below === undefined ? [] : [{ link: below, ours: false }]), { link: parent, ours: made !== undefined }]
}

/** Links to nowhere of the other driver are not ours to take away. */
const ownDummy = ({ dummyPrefix }: SegmentKind, of: string, name: string): boolean =>
  of !== 'dummy' || name.startsWith(`${dummyPrefix}-`)

const taken = (name: string): SlipwayError =>
  new SlipwayError(
    'CONFLICT',
    `There is an interface ${name} already, and it is not Slipway's. If nothing needs it, remove it: ip link delete ${name}.`,
  )

/** The kernel forgets a link with its parent. */
const wasTakenAway = ({ operation, errnoName }: PlanRefused): boolean =>
  operation.op.startsWith('link.') &&
  (errnoName === 'ENODEV' || (errnoName === 'EEXIST' && operation.op === 'link.create'))

async function missingOf(kind: SegmentKind, host: Host, spec: SegmentNetwork): Promise<Plan> {
  const { parent, made, shim, stateDir } = spec
  const plan: Operation[] = []
  if (made !== undefined) {
    const there = await host.find('link', { name: parent })
    const own =
      made === 'vlan'
        ? there?.alias === vlanAlias(kind, stateDir)
        : readLinkAlias(there?.alias ?? '')?.name === spec.name
    // It is given its alias right after it is made.
    const nameless = there?.alias === '' && there.kind === made
    if (there && !own && !nameless) throw taken(parent)
    const all = makeParent(kind, spec)
    if (!there) plan.push(...all)
    else if (nameless || !there.up) plan.push(...all.slice(1))
  }
  const own = shim && (await host.find('link', { name: shim.name }))
  if (own && own.alias !== '' && readLinkAlias(own.alias)?.name !== spec.name) throw taken(shim.name)
  if (shim) plan.push(...(own ? await missingOfShim(host, own, makeShim(kind, spec)) : makeShim(kind, spec)))
  return plan
}

/** With its going down, a link loses its IPv6 addresses. */
async function missingOfShim(
  host: Host,
  { index, alias, up }: LinkInfo,
  all: readonly Operation[],
): Promise<Operation[]> {
  const found = [...(await host.ask('addresses', {})), ...(await host.ask('addresses', { ipv6: true }))]
  const has = new Set(found.flatMap((one) => (one.index === index ? [`${one.address}/${one.prefix}`] : [])))
  return all.filter(
    (operation) =>
      (operation.op === 'link.set' && (!up || alias === '')) ||
      (operation.op === 'address.add' && !has.has(operation.address)),
  )
}

/** The last network of a VLAN takes the link away. What is another's by now stays. */
async function removal(kind: SegmentKind, host: Host, spec: SegmentNetwork): Promise<Plan> {
  const { parent, made, shim, stateDir, record, name } = spec
  const plan: Operation[] = []
  const link = shim && (await host.find('link', { name: shim.name }))
  if (link && (link.alias === '' || readLinkAlias(link.alias)?.name === name))
    plan.push({ op: 'link.delete', name: link.name })
  const there = made === undefined ? undefined : await host.find('link', { name: parent })
  if (!there) return plan
  if (made === 'dummy')
    return readLinkAlias(there.alias)?.name === name ? [...plan, { op: 'link.delete', name: parent }] : plan
  const folder = record?.path.slice(0, record.path.lastIndexOf('/')) ?? ''
  const others = (await listNetworkRecords(folder)).some(
    ({ record: other }) => other.id !== spec.id && (other.spec as SegmentNetwork).parent === parent,
  )
  return there.alias === vlanAlias(kind, stateDir) && !others ? [...plan, { op: 'link.delete', name: parent }] : plan
}
