import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import type {
  Element,
  ElementAdd,
  ElementDelete,
  Operation,
  PortHold,
  PortRelease,
  SetDefinition,
} from '../plan/operation.js'
import type { Protocol } from '../base/protocol.js'
import { isEvery } from '../base/addresses/every.js'
import type { PortMapping } from '../base/port-mapping.js'
import type { HostPort } from '../base/port-mapping.js'
import { admitted, besides, open, published, publishedAt, restricted, restrictedAt, whole } from './sets.js'
import { zoneOf } from './zone.js'

/** Elements of the ruleset's sets and maps: what changes when endpoints and ports come and go. */

// What stands behind a spread goes through V8's runtime, field by field.
export const add = (set: SetDefinition, ...elements: Element[]): ElementAdd => ({ op: 'element.add', elements, ...set })
export const remove = (set: SetDefinition, ...elements: Element[]): ElementDelete => ({
  op: 'element.delete',
  elements,
  ...set,
})

/**
 * The same for what is left over, or may be: an element that is another's by now (by its comment) stays, and none is
 * missed.
 */
export const removeOwn = (set: SetDefinition, ...elements: (Element & { comment: string })[]): ElementDelete => ({
  op: 'element.delete',
  elements,
  ifCommented: true,
  ...set,
})

/** What published ports lead to: an address of an endpoint. */
export interface Target {
  address: string
  /** The endpoint's, which no other has: the next owner of the address is another target. */
  id: string
}

/** The targets of a sandbox, at most one of each IP version. */
export type Targets = Readonly<Partial<Record<IpFamily, Target | undefined>>>

/** The map that a published port stands in. */
export function mapOf(mapping: PortMapping): SetDefinition {
  const family = familyOf(mapping.hostIp)
  if (mapping.protocol === 'all') return whole[family]
  return (isEvery(mapping.hostIp) ? published : publishedAt)[family]
}

/** Its key there. */
export function publishedKey(mapping: PortMapping): string {
  if (mapping.protocol === 'all') return mapping.hostIp
  const port = `${mapping.protocol} . ${mapping.hostPort}`
  return isEvery(mapping.hostIp) ? port : `${mapping.hostIp} . ${port}`
}

/** Tells an element of any set: `published4 tcp . 8080`. */
export const elementName = (set: SetDefinition, key: string): string => `${set.set} ${key}`

/** The {@link elementName} of a published port. */
export const publishedName = (mapping: PortMapping): string => elementName(mapOf(mapping), publishedKey(mapping))

export const publishedElement = (
  mapping: PortMapping,
  { address }: Target,
  owner: string,
): Element & { comment: string } => ({
  key: publishedKey(mapping),
  data: mapping.protocol === 'all' ? address : `${address} . ${mapping.containerPort}`,
  comment: owner,
})

/**
 * Its zone, in each map that says it, and in the set that says that there is one. A port of TCP has none: every packet
 * would be looked up, and what has begun there is ended by its own reset.
 */
export function zoneElements(
  mapping: PortMapping,
  { id }: Target,
  owner: string,
): [SetDefinition, Element & { comment: string }][] {
  if (mapping.protocol === 'tcp') return []
  const data = String(zoneOf(id, mapping.protocol === 'all' ? 0 : mapping.containerPort))
  return besides(mapOf(mapping), publishedKey(mapping)).map(([set, key]) => [
    set,
    { key, ...(set.dataType === undefined ? {} : { data }), comment: owner },
  ])
}

/**
 * Publishes ports of one sandbox: one operation for each set and map that is concerned. Who may use a port is there
 * with the port itself, in one transaction.
 */
export function publishElements(mappings: readonly PortMapping[], targets: Targets, owner: string): ElementAdd[] {
  const sets = new Map<SetDefinition, Element[]>()
  const put = (set: SetDefinition, element: Element) => {
    const there = sets.get(set)
    if (there) there.push(element)
    else sets.set(set, [element])
  }
  for (const mapping of mappings) {
    const target = targetOf(mapping, targets)
    put(mapOf(mapping), publishedElement(mapping, target, owner))
    for (const [map, zone] of zoneElements(mapping, target, owner)) put(map, zone)
    for (const [set, key] of admissionKeys(mapping)) put(set, { key, comment: owner })
  }
  const operations: ElementAdd[] = []
  for (const [set, elements] of sets) operations.push(add(set, ...elements))
  return operations
}

export const unpublishElements = (mappings: readonly PortMapping[], targets: Targets, owner: string): ElementDelete[] =>
  publishElements(mappings, targets, owner).map((operation) => ({ ...operation, op: 'element.delete' }))

/**
 * Publishes a port that should be, by its sandbox's record.
 *
 * @param there - The comment of the element that is in its place.
 */
export function publishAgain(mapping: PortMapping, targets: Targets, owner: string, there?: string): Operation[] {
  const target = targetOf(mapping, targets)
  const zones = zoneElements(mapping, target, owner)
  return [
    ...(there === undefined ? [] : [removeOwn(mapOf(mapping), { key: publishedKey(mapping), comment: there })]),
    ...zones.map(([map, zone]) => removeOwn(map, zone)),
    add(mapOf(mapping), publishedElement(mapping, target, owner)),
    ...zones.map(([map, zone]) => add(map, zone)),
  ]
}

/** @throws {RangeError} A caller has not looked whether it leads anywhere. */
function targetOf(mapping: PortMapping, targets: Targets): Target {
  const family = familyOf(mapping.hostIp)
  const target = targets[family]
  if (target === undefined) throw new RangeError(`a mapping of ${mapping.hostIp} for a sandbox without IPv${family}`)
  return target
}

/** Sets and keys of a mapping that not everybody may use: what it is, and each network that may. */
export function admissionKeys(mapping: PortMapping): [SetDefinition, string][] {
  const { protocol, hostIp, hostPort, allow } = mapping
  if (allow === undefined) return []
  const family = familyOf(hostIp)
  const port = `${protocol} . ${hostPort}`
  const what = `${isEvery(hostIp) ? `${hostIp}/0` : hostIp} . ${port}`
  const admissions = allow
    .filter((network) => familyOf(network) === family)
    .map((network) => [admitted[family], `${what} . ${asKey(network, family)}`] as [SetDefinition, string])
  return [isEvery(hostIp) ? [restricted[family], port] : [restrictedAt[family], what], ...admissions]
}

/** The kernel has one address where a network has no other: a key of ours is compared with what it lists. */
export const asKey = (network: string, family: IpFamily): string =>
  network.replace(family === 4 ? /\/32$/ : /\/128$/, '')

/**
 * Lets the container ports of mappings be spoken to directly: for networks in routed mode, and those with trusted
 * interfaces.
 *
 * @param others - Mappings of the same sandbox that stay: their ports are open already.
 */
export function openElements(
  mappings: readonly PortMapping[],
  others: readonly PortMapping[],
  targets: Targets,
  owner: string,
): ElementAdd[] {
  if (mappings.length === 0) return []
  const there = new Set(others.flatMap((mapping) => openKey(mapping, targets) ?? []))
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = mappings.filter(({ hostIp }) => familyOf(hostIp) === family)
    const keys = [...new Set(ofFamily.flatMap((mapping) => openKey(mapping, targets) ?? []))].filter(
      (key) => !there.has(key),
    )
    return keys.length > 0 ? [add(open[family], ...keys.map((key) => ({ key, comment: owner })))] : []
  })
}

/** Takes it back. @param others - Mappings of the same sandbox that stay: their ports stay open. */
export const closeElements = (
  mappings: readonly PortMapping[],
  others: readonly PortMapping[],
  targets: Targets,
  owner: string,
): ElementDelete[] =>
  openElements(mappings, others, targets, owner).map((operation) => ({ ...operation, op: 'element.delete' }))

// A whole host address has no port of the sandbox in it.
const openKey = (mapping: PortMapping, targets: Targets): string | undefined =>
  mapping.protocol === 'all'
    ? undefined
    : `${targetOf(mapping, targets).address} . ${mapping.protocol} . ${mapping.containerPort}`

/** No process of the host may listen where we publish. */
export const holdPorts = (ports: readonly HostPort[], from?: string): PortHold[] =>
  ports.filter(isPort).map((port) => ({ op: 'port.hold', ...placeOf(port), from }))

export const releasePorts = (ports: readonly HostPort[]): PortRelease[] =>
  ports.filter(isPort).map((port) => ({ op: 'port.release', ...placeOf(port) }))

// A whole host address has no port to hold: the host's own go their way.
export const isPort = <Port extends HostPort>(port: Port): port is Port & { protocol: Protocol } =>
  port.protocol !== 'all'

export const placeOf = ({
  protocol,
  hostIp,
  hostPort,
}: HostPort & { protocol: Protocol }): Pick<PortHold, 'protocol' | 'address' | 'port'> => ({
  protocol,
  address: hostIp,
  port: hostPort,
})
