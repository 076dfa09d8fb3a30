import type { ContainerSighting, NetworkSighting, Observation, Sighting } from './observation.js'
import { answerTree } from './answers.js'
import type { Scenario } from './steps.js'

/** Values by field. A field's name is its path: `inspect.NetworkSettings.Networks.web.IPAddress`. */
export type Fields = Map<string, string>

/**
 * A sighting as fields that can be compared: what differs from run to run (ids, times, random MAC addresses, paths) is
 * replaced by what it is the id or path of.
 */
export function fieldsOf(at: string, sighting: Sighting, observation: Observation, scenario: Scenario): Fields {
  const fields: Fields = new Map()
  const asked = JSON.stringify(scenario)
  const put = (path: string, value: unknown): void => {
    if (isLeaf(value)) fields.set(plain(path, observation, asked), plain(leaf(path, value), observation, asked))
    else for (const [key, one] of Object.entries(value as object)) put(path === '' ? key : `${path}.${key}`, one)
  }
  put('', treeOf(at, sighting))
  return fields
}

function treeOf(at: string, sighting: Sighting): Record<string, unknown> {
  switch (sighting.kind) {
    case 'container':
      return containerTree(sighting)
    case 'network':
      return { network: networkTree(sighting) }
    case 'list':
      return { networks: sighting.networks }
    case 'reach':
      return sighting.answers
    case 'answer':
      return answerTree(sighting, at)
  }
}

function containerTree({ inspect, port, files, inside }: ContainerSighting): Record<string, unknown> {
  return {
    inspect,
    port,
    hostname: files.hostname,
    hosts: presence(files.hosts.split('\n')),
    'resolv.conf': resolvConf(files.resolvConf),
    namespace: inside.namespace,
    links: Object.fromEntries(inside.addresses.map(link)),
    routes: Object.fromEntries([...inside.routes, ...inside.routes6].map(route)),
    bridges: inside.bridges,
  }
}

const networkTree = ({ network }: NetworkSighting): unknown => ({ ...(network as object), Created: '<time>' })

/** So that two lists of lines differ in lines, not in numbers of lines. */
const presence = (lines: readonly string[]) =>
  Object.fromEntries(lines.filter((line) => line !== '').map((line) => [line.replaceAll('\t', ' '), 'there']))

function resolvConf(text: string): Record<string, string[]> {
  const found: Record<string, string[]> = { nameserver: [], search: [], options: [], comments: [] }
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [word = '', ...rest] = line.split(' ')
    if (line.startsWith('#')) found['comments']?.push(line)
    else (found[word] ??= []).push(...rest)
  }
  return found
}

interface Link {
  ifname: string
  mtu: number
  address: string
  flags: string[]
  linkinfo?: { info_kind?: string; info_data?: { mode?: string; flags?: string } }
  addr_info: { family: string; local: string; prefixlen: number; broadcast?: string; scope: string }[]
}

function link(raw: unknown): [string, unknown] {
  const { ifname, mtu, address, flags, linkinfo = {}, addr_info } = raw as Link
  const { info_kind: kind = 'none', info_data: { mode } = {} } = linkinfo
  const addresses = addr_info.map(({ family, local, prefixlen, broadcast, scope }) => [
    scope === 'link' && family === 'inet6' ? `fe80::…/${prefixlen}` : `${local}/${prefixlen}`,
    { scope, broadcast: broadcast ?? 'none' },
  ])
  return [
    ifname,
    {
      kind,
      ...(mode === undefined ? {} : { mode }),
      mtu,
      address,
      up: flags.includes('UP'),
      addresses: Object.fromEntries(addresses) as unknown,
    },
  ]
}

function route(raw: unknown): [string, unknown] {
  const { dst, dev, flags: _, ...rest } = raw as { dst: string; dev: string; flags?: unknown }
  return [`${dst} dev ${dev}`, rest]
}

const isLeaf = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Object.keys(value).length === 0 ||
  (Array.isArray(value) && value.every((one) => typeof one !== 'object' || 'HostPort' in (one as object)))

function leaf(path: string, value: unknown): string {
  if (/\.(SandboxID|EndpointID)$/.test(path) && /^[0-9a-f]{64}$/.test(String(value))) return '"<id>"'
  if (path.endsWith('.SandboxKey') && value !== '') return '"<path>"'
  return JSON.stringify(Array.isArray(value) ? value.map(binding) : value)
}

/** A binding of NetworkSettings.Ports, as `docker port` writes it. */
function binding(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { HostIp, HostPort } = value as { HostIp: string; HostPort: string }
  return `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`
}

const MAC = /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g
/** RFC 4193: the first 48 bits of a network of its own, drawn by chance. */
const ULA = /\bfd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}(?=:)/g

function plain(text: string, { ids }: Observation, asked: string): string {
  let result = text
  for (const [id, name] of Object.entries(ids))
    result = result.replaceAll(id, `<id of ${name}>`).replaceAll(id.slice(0, 12), `<short id of ${name}>`)
  const unlessAsked = (what: string) => (found: string) =>
    asked.includes(found) || found === '00:00:00:00:00:00' ? found : what
  return result.replace(MAC, unlessAsked('<mac>')).replace(ULA, unlessAsked('<ula>'))
}
