import type { IpvlanDriverOptions } from '../../base/driver-options.js'
import { SlipwayError } from '../../base/errors.js'
import { HostState } from '../../kernel/host-state.js'
import type { Host } from '../../kernel/host.js'
import type { PlanRefused } from '../../kernel/refusal.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { Operation, Plan } from '../../plan/operation.js'
import { listNetworkRecords } from '../../store/network-records.js'
import { readLinkAlias } from '../link-alias.js'
import type { Ground, NetworksOf } from '../networks-of.js'
import { checkSegment, draftSegment } from './draft-network.js'
import type { SegmentKind } from './kind.js'
import { lackingOf, taken } from './lacking.js'
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
  missing: (host, spec) =>
    lackingOf(kind, spec, { find: (name) => host.find('link', { name }), state: new HostState(host) }),
  isWhole: (spec, { links, state }) =>
    lackingOf(kind, spec, { find: (name) => links.find((link) => link.name === name), state }).then(
      (lacking) => lacking.length === 0,
      (error: unknown) => {
        if (!(error instanceof SlipwayError)) throw error
        return false
      },
    ),
  removal: (host, spec) => removal(kind, host, spec),
  // What is on a segment is its owner's: nothing of it is in the way.
  refuseOthers: () => undefined,
  elements: () => [],
  hostLink: ({ made, parent, shim }) =>
    made === 'dummy' ? { kind: 'dummy', name: parent } : shim ? { kind: kind.driver, name: shim.name } : undefined,
  standsOn,
  // The routes by the host's own link lead to single sandboxes.
  isPart: ({ alias, kind: of }) => of === kind.driver && readLinkAlias(alias) !== undefined,
  misnamed: (links, { specs, stateDir }) => misnamed(kind, links, specs, stateDir),
  leftovers: (links, { specs, kept, unread, stateDir }) => {
    const named = new Set(specs.map(({ name }) => name))
    const known = new Set(
      specs.flatMap(({ made, parent, shim }) => [...(made ? [parent] : []), ...(shim ? [shim.name] : [])]),
    )
    return links.filter(({ name, kind: of, alias, link }) => {
      if (known.has(name)) return false
      // One that cannot be read may have any for its parent.
      if (of === 'vlan')
        return !unread && alias === vlanAlias(kind, stateDir) && missingVlans(links, specs, link).length === 0
      const read = of === kind.driver || of === 'dummy' ? readLinkAlias(alias) : undefined
      // What sandboxes are on by another name stays.
      if (of === 'dummy' && named.has(read?.name ?? '')) return false
      return read?.stateDir === stateDir && !kept.has(read.name) && ownDummy(kind, of, name)
    })
  },
  forget: () => [],
})

function standsOn({ parent, made }: SegmentNetwork): Ground[] {
  const below = made === 'vlan' ? readVlan(parent)?.link : undefined
  return [...(below === undefined ? [] : [{ link: below, ours: false }]), { link: parent, ours: made !== undefined }]
}

/** By their aliases, links are known whatever their names are; a VLAN where one alone is missing that it can be. */
function misnamed(
  kind: SegmentKind,
  links: readonly LinkInfo[],
  specs: readonly SegmentNetwork[],
  stateDir: string,
): ReturnType<NonNullable<NetworksOf<SegmentNetwork>['misnamed']>> {
  return links.flatMap(({ index, name, kind: of, alias, link }) => {
    if (of === 'vlan' && alias === vlanAlias(kind, stateDir)) {
      if (specs.some(({ parent }) => parent === name)) return []
      const [own, ...others] = missingVlans(links, specs, link)
      const [spec] = specs.filter(({ parent }) => parent === own)
      return own !== undefined && spec && others.length === 0 ? [{ index, name, own, network: spec.name }] : []
    }
    const read = readLinkAlias(alias)
    const spec = read?.stateDir === stateDir ? specs.find((one) => one.name === read.name) : undefined
    const own =
      of === kind.driver ? spec?.shim?.name : of === 'dummy' && spec?.made === 'dummy' ? spec.parent : undefined
    return spec && own !== undefined && own !== name ? [{ index, name, own, network: spec.name }] : []
  })
}

/** Names of the VLANs of a link that networks have for their parents, and that are not there. */
function missingVlans(links: readonly LinkInfo[], specs: readonly SegmentNetwork[], below: number): string[] {
  const on = links.find(({ index }) => index === below)?.name
  const names = new Set(links.map(({ name }) => name))
  const missing = specs.flatMap(({ made, parent }) =>
    made === 'vlan' && readVlan(parent)?.link === on && !names.has(parent) ? [parent] : [],
  )
  return [...new Set(missing)]
}

/** Links to nowhere of the other driver are not ours to take away. */
const ownDummy = ({ dummyPrefix }: SegmentKind, of: string, name: string): boolean =>
  of !== 'dummy' || name.startsWith(`${dummyPrefix}-`)

/** The kernel forgets a link with its parent. */
const wasTakenAway = ({ operation, errnoName }: PlanRefused): boolean =>
  operation.op.startsWith('link.') &&
  (errnoName === 'ENODEV' || (errnoName === 'EEXIST' && operation.op === 'link.create'))

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
