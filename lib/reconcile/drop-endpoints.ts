import { dirname } from 'node:path'
import type { BridgeEndpoint } from '../drivers/endpoint.js'
import { gatewayEndpoint, mappedPorts, targetsOf } from '../drivers/gateway.js'
import { mapOf, publishAgain, publishedKey, publishElements, removeOwn } from '../firewall/elements.js'
import * as sets from '../firewall/sets.js'
import type { Host } from '../host.js'
import type { LinkInfo } from '../native.js'
import { FAMILIES } from '../network/spec.js'
import { thisProcess } from '../state/maker.js'
import { ownerComment } from '../state/owner.js'
import { idle, isAtWork, store, type SandboxRecord, type StoredRecord } from '../state/records.js'
import { forgetAddresses } from './forget.js'
import { attempt, collect, collectLeads } from './collect.js'
import type { OwnedElements } from './owned.js'

/**
 * Ends what a process that died had begun: to connect a sandbox to a network, or to disconnect it. An endpoint of which claims,
 * link or addresses are missing, or whose network is gone, goes, and default route and published ports lead through those that stay.
 * Where no change was begun, what the sandbox has inside is its own.
 *
 * @param networks - Names of those that are there.
 * @returns The record as it is then.
 */
export async function dropEndpoints(host: Host, item: StoredRecord, owned: OwnedElements, links: ReadonlyMap<string, LinkInfo>, networks: ReadonlySet<string>): Promise<StoredRecord> {
  const { record, path, text } = item
  // Of most, nothing has to be asked.
  if (record.busy === undefined && record.endpoints.every((endpoint) => networks.has(endpoint.network) && links.get(endpoint.hostLink)?.carrier && hasClaims(record, endpoint, owned))) return item
  if (isAtWork(record)) return item
  const whole: BridgeEndpoint[] = []
  for (const endpoint of record.endpoints) if (networks.has(endpoint.network) && (await isWhole(host, item, endpoint, owned, links))) whole.push(endpoint)
  if (whole.length === record.endpoints.length && record.busy === undefined) return item
  // Another process has changed it, or ends the same: it lives, and knows what it does.
  const mark = store(dirname(path), { ...record, busy: thisProcess() })
  if (await attempt(host, [{ op: 'file.replace', path, content: mark.text, expected: text }])) return item
  for (const endpoint of record.endpoints) if (!whole.includes(endpoint)) await drop(host, endpoint, ownerComment(record.name, record.id))
  const next = store(dirname(path), { ...idle(record), endpoints: whole })
  if (await attempt(host, [{ op: 'file.replace', path, content: next.text, expected: mark.text }])) return item
  await leadThrough(host, next.record, owned)
  return next
}

const hasClaims = (record: SandboxRecord, { addresses }: BridgeEndpoint, owned: OwnedElements): boolean =>
  FAMILIES.every((family) => !addresses[family] || owned.has(record, sets.addresses[family], addresses[family].address))

/** Whether claims and link are there, and what is inside, which is made last and in one go: that the link has a carrier tells it without a visit. */
async function isWhole(host: Host, { record, marked }: StoredRecord, endpoint: BridgeEndpoint, owned: OwnedElements, links: ReadonlyMap<string, LinkInfo>): Promise<boolean> {
  const { addresses, hostLink } = endpoint
  const link = links.get(hostLink)
  if (!link || !hasClaims(record, endpoint, owned)) return false
  if (link.carrier || (marked && record.busy === undefined)) return true
  const inside = [...((await host.find('addresses', { netns: record.path })) ?? []), ...((await host.find('addresses', { netns: record.path, ipv6: true })) ?? [])]
  return FAMILIES.every((family) => !addresses[family] || inside.some(({ address }) => address === addresses[family]?.address))
}

async function drop(host: Host, endpoint: BridgeEndpoint, comment: string): Promise<void> {
  const { hostLink, mac, addresses, linkLocal, bridge, leafOf } = endpoint
  await collectLeads(host, endpoint, comment)
  await forgetAddresses(host, FAMILIES.flatMap((family) => addresses[family]?.address ?? []))
  for (const family of FAMILIES) {
    const address = addresses[family]?.address
    if (address === undefined) continue
    await collect(host, [removeOwn(sets.addresses[family], { key: address, comment })])
    await collect(host, [removeOwn(sets.senders[family], { key: `${hostLink} . ${mac} . ${address}`, comment })])
  }
  await collect(host, [removeOwn(sets.macs, { key: `${leafOf ?? bridge} . ${mac}`, comment })])
  if (linkLocal !== undefined) await collect(host, [removeOwn(sets.senders[6], { key: `${hostLink} . ${mac} . ${linkLocal}`, comment })])
  await collect(host, [{ op: 'link.delete', name: hostLink }])
}

async function leadThrough(host: Host, record: SandboxRecord, owned: OwnedElements): Promise<void> {
  const { endpoints, path, name, id } = record
  for (const family of FAMILIES) {
    const gateway = gatewayEndpoint(endpoints, family)?.addresses[family]?.gateway
    const routes = gateway === undefined ? [] : ((await host.find('routes', { netns: path, ipv6: family === 6 })) ?? [])
    if (gateway !== undefined && !routes.some((route) => route.destination === 'default' && route.gateway === gateway)) {
      await attempt(host, [{ op: 'route.add', netns: path, destination: 'default', gateway }])
    }
  }
  for (const mapping of mappedPorts(endpoints, record.ports)) {
    const there = owned.get(mapOf(mapping), publishedKey(mapping))
    const [target] = publishElements([mapping], targetsOf(endpoints), ownerComment(name, id))
    if (there && there.element.data === target?.elements[0]?.data) continue
    await attempt(host, publishAgain(mapping, targetsOf(endpoints), ownerComment(name, id), there?.element.comment))
  }
}
