import type { PortMapping } from '../base/port-mapping.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import type { NetworkRecord } from '../store/network-records.js'
import type { SandboxRecord } from '../store/records.js'
import type { Happening } from './event.js'

/** Something that can come, go and be another: a sandbox, and all that it has. */
export type Fact = Omit<Happening, 'action'>

/** What is true of a sandbox or a network, by what tells one from another. What it is itself comes first. */
export type Facts = ReadonlyMap<string, Fact>

export function factsOfSandbox(record: SandboxRecord): Facts {
  const { id, name, network, path, labels = {}, endpoints, ports } = record
  const facts = new Map<string, Fact>([
    [
      'sandbox',
      {
        type: 'sandbox',
        id,
        name,
        attributes: { ...labels, network, path },
        about: { sandbox: id, labels, ...networkIdOf(endpoints, network) },
      },
    ],
  ])
  for (const endpoint of endpoints) facts.set(`endpoint ${endpoint.id}`, factOfEndpoint(id, name, endpoint))
  for (const port of ports) {
    const fact = factOfPort(id, name, port)
    facts.set(`port ${Object.values(fact.attributes).join(' ')}`, fact)
  }
  return facts
}

function networkIdOf(endpoints: readonly StoredEndpoint[], name: string): { network?: string } {
  const network = endpoints.find(({ network }) => network === name)?.networkId
  return network === undefined ? {} : { network }
}

export const factsOfNetwork = ({ id, name, labels = {}, spec: { driver, subnets } }: NetworkRecord): Facts =>
  new Map([
    [
      'network',
      {
        type: 'network',
        id,
        name,
        attributes: { ...labels, driver, subnets: subnets.map(({ subnet }) => subnet).join(',') },
        about: { labels },
      },
    ],
  ])

function factOfEndpoint(sandboxId: string, sandbox: string, endpoint: StoredEndpoint): Fact {
  const { id, network, networkId, mac, addresses } = endpoint
  return {
    type: 'endpoint',
    id,
    name: sandbox,
    attributes: {
      sandbox,
      sandboxId,
      network,
      networkId,
      interface: endpoint.interface,
      mac,
      ...(addresses[4] ? { ipv4: addresses[4].address } : {}),
      ...(addresses[6] ? { ipv6: addresses[6].address } : {}),
    },
    about: { sandbox: sandboxId },
  }
}

const factOfPort = (id: string, sandbox: string, { hostIp, hostPort, containerPort, protocol }: PortMapping): Fact => ({
  type: 'port',
  id,
  name: sandbox,
  attributes: {
    sandbox,
    hostIp,
    hostPort: String(hostPort),
    containerPort: String(containerPort),
    protocol,
  },
  about: { sandbox: id },
})

/** What has happened between two moments. Who was there first goes last. */
export function difference(before: Facts, after: Facts): Happening[] {
  const found: Happening[] = []
  for (const [key, fact] of [...before].reverse()) if (!after.has(key)) found.push({ ...fact, action: 'removed' })
  for (const [key, fact] of after) {
    const had = before.get(key)
    if (!had) found.push({ ...fact, action: 'created' })
    else if (!isSame(had, fact)) found.push({ ...fact, action: 'changed' })
  }
  return found
}

const isSame = (one: Fact, other: Fact): boolean => JSON.stringify(one.attributes) === JSON.stringify(other.attributes)
