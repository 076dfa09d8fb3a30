import { Counter, Gauge, type Registry } from 'prom-client'
import type { Slipway } from '../../api/slipway.js'

/** How many there are, by what they are counted by. */
class Counts extends Map<string, number> {
  add(key: string): void {
    this.set(key, (this.get(key) ?? 0) + 1)
  }
}

/** What there is on the host, whoever has made it. @returns What counts anew, before it is told. */
export function addHostGauges(registry: Registry, slipway: Slipway): () => Promise<void> {
  const registers = [registry]
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `slipway_${name}`, help, labelNames, registers })
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `slipway_${name}`, help, labelNames, registers })
  const sandboxes = gauge('sandboxes', 'Sandboxes.')
  const counted = {
    networks: gauge('networks', 'Networks.', 'driver'),
    endpoints: gauge('endpoints', 'Connections of sandboxes to networks.', 'driver'),
    addresses: gauge('addresses_claimed', 'Addresses that sandboxes have.', 'family'),
    ports: gauge('ports_published', 'Addresses and ports of the host that lead to sandboxes.', 'protocol'),
  }
  const pools = {
    size: gauge('pool_size', 'Sandboxes that are to be made ahead of need.', 'network'),
    ready: gauge('pool_ready', 'Sandboxes that are made ahead of need.', 'network'),
  }
  const taken = {
    claimed: counter('pool_claimed_total', 'Creates that found a sandbox of the pool.', 'network'),
    missed: counter('pool_missed_total', 'Creates that found none there.', 'network'),
  }
  const names = {
    networks: gauge('resolver_networks', 'Networks whose names this process answers.'),
    questions: counter('resolver_questions_total', 'Questions for names that came to this process.', 'outcome'),
  }
  const set = (to: Gauge, label: string, counts: Counts) => {
    to.reset()
    for (const [value, count] of counts) to.set({ [label]: value }, count)
  }
  return async () => {
    const [networks, endpoints, addresses, ports] = [new Counts(), new Counts(), new Counts(), new Counts()]
    const drivers = new Map<string, string>()
    for (const { name, driver } of await slipway.networks.list()) {
      drivers.set(name, driver)
      networks.add(driver)
    }
    const all = await slipway.sandboxes.list()
    for (const sandbox of all) {
      for (const endpoint of sandbox.endpoints) {
        endpoints.add(drivers.get(endpoint.network) ?? endpoint.network)
        for (const address of endpoint.addresses) addresses.add(address.includes(':') ? 'ipv6' : 'ipv4')
      }
      for (const { protocol } of sandbox.ports) ports.add(protocol)
    }
    // All at once, as it may be asked for by several.
    sandboxes.set(all.length)
    set(counted.networks, 'driver', networks)
    set(counted.endpoints, 'driver', endpoints)
    set(counted.addresses, 'family', addresses)
    set(counted.ports, 'protocol', ports)
    const { networks: answered, questions } = slipway.resolverCounts
    names.networks.set(answered)
    names.questions.reset()
    for (const [outcome, count] of Object.entries(questions)) names.questions.inc({ outcome }, count)
    for (const counts of Object.values(taken)) counts.reset()
    for (const { network, size, ready, claimed, missed } of slipway.pool.networks) {
      pools.size.set({ network }, size)
      pools.ready.set({ network }, ready)
      taken.claimed.inc({ network }, claimed)
      taken.missed.inc({ network }, missed)
    }
  }
}
