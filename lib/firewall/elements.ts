import type { ConntrackFlush, Element, ElementAdd, ElementDelete, PortReserve, SetDefinition } from '../plan/operation.js'
import type { PortMapping } from '../ports/mapping.js'
import { published4, publishedAt4 } from './sets.js'

/** Elements of the ruleset's sets and maps: what changes when endpoints and ports come and go. */

export const add = (set: SetDefinition, ...elements: Element[]): ElementAdd => ({ op: 'element.add', ...set, elements })
export const remove = (set: SetDefinition, ...elements: Element[]): ElementDelete => ({ op: 'element.delete', ...set, elements })

/** The map that a published port stands in. */
export const mapOf = (mapping: PortMapping): SetDefinition => (mapping.hostIp === '0.0.0.0' ? published4 : publishedAt4)

export function publishedElement(mapping: PortMapping, address: string, owner: string): Element {
  const port = `${mapping.protocol} . ${mapping.hostPort}`
  return {
    key: mapping.hostIp === '0.0.0.0' ? port : `${mapping.hostIp} . ${port}`,
    data: `${address} . ${mapping.containerPort}`,
    comment: owner,
  }
}

/** Publishes ports of one sandbox: one operation for each of the two maps that is concerned. */
export function publishElements(mappings: readonly PortMapping[], address: string, owner: string): ElementAdd[] {
  return [published4, publishedAt4].flatMap((map) => {
    const elements = mappings.filter((mapping) => mapOf(mapping) === map).map((mapping) => publishedElement(mapping, address, owner))
    return elements.length > 0 ? [add(map, ...elements)] : []
  })
}

export const unpublishElements = (mappings: readonly PortMapping[], address: string, owner: string): ElementDelete[] =>
  publishElements(mappings, address, owner).map((operation) => ({ ...operation, op: 'element.delete' }))

/** No process of the host may listen where we publish. */
export const reservePorts = (mappings: readonly PortMapping[]): PortReserve[] =>
  mappings.flatMap(({ protocol, hostIp, hostPort }) => (protocol === 'all' ? [] : [{ op: 'port.reserve', protocol, address: hostIp, port: hostPort }]))

/**
 * UDP clients that have talked to the host's port before must not stay where they were: a connection that conntrack
 * knows never asks the map again.
 */
export const forgetHostConnections = (mappings: readonly PortMapping[]): ConntrackFlush[] =>
  mappings.filter(isUdp).map((mapping) => flush(mapping))

export const forgetPublishedConnections = (mappings: readonly PortMapping[], address: string): ConntrackFlush[] =>
  mappings.filter(isUdp).map((mapping) => ({ ...flush(mapping), toAddress: address, toPort: mapping.containerPort }))

type UdpMapping = PortMapping & { protocol: 'udp' }

const isUdp = (mapping: PortMapping): mapping is UdpMapping => mapping.protocol === 'udp'

const flush = ({ protocol, hostIp, hostPort }: UdpMapping): ConntrackFlush => ({
  op: 'conntrack.flush',
  protocol,
  port: hostPort,
  ...(hostIp === '0.0.0.0' ? {} : { address: hostIp }),
})
